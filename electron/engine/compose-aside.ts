import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { messageBytes } from '../../shared/plan/message-size.ts'
import type { Message } from '../../shared/plan/plan.ts'
import { moduleUrl } from '../module-url.ts'
import { composeContent, type Content } from '../transports/content.ts'

/** Composing less than this takes no longer than a thread takes to start, bytes. */
const SMALL_BYTES = 1_000_000

/** What the composing thread is started with: the arguments of {@link composeContent}. */
export type ComposeStart = Parameters<typeof composeContent>

/** Composes a message, a large one in a thread of its own: whoever asks stays at hand for others. */
export async function composeAside(...start: ComposeStart): Promise<Content> {
  if (messageBytes(start[0]) < SMALL_BYTES) return composeContent(...start)
  const worker = new Worker(moduleUrl('engine/compose-worker'), { workerData: start })
  const [composed] = (await once(worker, 'message')) as [Content]
  const { attachments, mime } = composed
  return {
    ...composed,
    mime: { ...mime, bytes: asBuffer(mime.bytes) },
    attachments: attachments.map((each) => ({ ...each, content: asBuffer(each.content) }))
  }
}

/** The message as it is to the tries before a run, which send none: attachments are named and empty. */
export function withoutBulk(message: Message): Message {
  return {
    ...message,
    sizeBytes: 0,
    attachments: message.attachments.map((each) => ({ ...each, sizeBytes: 0 }))
  }
}

/** A Buffer comes out of another thread as the plain bytes that it is made of. */
function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength)
}
