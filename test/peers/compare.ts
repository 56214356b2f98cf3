import { createHash } from 'node:crypto'
import { composeContent, RUN_TAG_HEADER } from '../../electron/transports/content.ts'
import type { Message } from '../../shared/plan/plan.ts'
import type { Received } from './peer.ts'

/** What came of a run, as the peer has it. */
export interface Arrived {
  /** Different messages of each run tag: one tag for each transport. */
  byTag: Map<string, number>
  /** Copies that nobody asked for. */
  duplicates: number
  /** Messages whose body is not what was sent. */
  changed: number
}

/** Counts what a peer has received, and compares each body with the one that was composed. */
export async function arrived(messages: readonly Received[], message: Message): Promise<Arrived> {
  const copies = new Map<string, number>()
  const byTag = new Map<string, number>()
  const expected = new Map<string, string>()
  let changed = 0
  for (const { bytes, recipients } of messages) {
    const text = bytes.toString('latin1').replace(/\r\n/g, '\n')
    const end = text.indexOf('\n\n')
    const header = text.slice(0, end).replace(/\n[ \t]+/g, ' ')
    const id = /^message-id:\s*(<\S+>)/im.exec(header)?.[1] ?? 'none'
    const tag = new RegExp(`^${RUN_TAG_HEADER}:\\s*(\\S+)`, 'im').exec(header)?.[1] ?? 'none'
    const seen = copies.get(id) ?? 0
    if (seen === 0) byTag.set(tag, (byTag.get(tag) ?? 0) + 1)
    copies.set(id, seen + (recipients?.length ?? 1))
    if (!expected.has(tag)) expected.set(tag, await composedBody(message, tag))
    if (hashed(header, text.slice(end + 2)) !== expected.get(tag)) changed++
  }
  let duplicates = 0
  for (const count of copies.values()) duplicates += Math.max(0, count - message.to.length)
  return { byTag, duplicates, changed }
}

async function composedBody(message: Message, tag: string): Promise<string> {
  const { mime } = await composeContent(message, tag)
  const text = mime.bytes.toString('latin1').replace(/\r\n/g, '\n')
  const end = text.indexOf('\n\n')
  return hashed(text.slice(0, end).replace(/\n[ \t]+/g, ' '), text.slice(end + 2))
}

/** Of a body without the line ends behind it, which servers add and take, and without the name of its boundary. */
function hashed(header: string, body: string): string {
  const boundary = /boundary="?([^";\s]+)/i.exec(header)?.[1]
  const plain = boundary === undefined ? body : body.replaceAll(boundary, 'boundary')
  return createHash('sha256').update(plain.replace(/\n+$/, '')).digest('hex')
}
