import type { Message } from './plan.ts'

/** Bytes of a line of base64 with its line end, and of what it carries (RFC 2045 section 6.8). */
const [LINE_BYTES, CARRIED_BYTES] = [78, 57]

/** About how many bytes a plan's message has on the wire: its texts, and its attachments in base64. */
export function messageBytes({ sizeBytes, html, attachments }: Message): number {
  const attached = attachments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return sizeBytes * (html ? 2 : 1) + Math.ceil((attached * LINE_BYTES) / CARRIED_BYTES)
}
