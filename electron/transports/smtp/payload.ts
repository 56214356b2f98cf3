import { writeSeq, type Template } from '../content.ts'

/** Up to here a lane has the whole payload for itself and writes it in one piece. */
const MAX_OWN_BYTES = 64 * 1024
const SEQ_DIGITS_ROOM = 64

/**
 * The bytes of a content with what goes before and behind it in the same group. Each lane has its own start, in which
 * the message number changes; the rest of a large content is shared by all.
 */
export interface SharedPayload {
  readonly bytes: Buffer
  readonly seqOffsets: readonly number[]
  readonly contentStart: number
  readonly contentEnd: number
}

export function sharedPayload(before: Buffer, content: Template, behind: Buffer): SharedPayload {
  return {
    bytes: Buffer.concat([before, content.bytes, behind]),
    seqOffsets: content.seqOffsets.map((offset) => offset + before.length),
    contentStart: before.length,
    contentEnd: before.length + content.bytes.length
  }
}

/** One lane's copy of a payload. Must not be changed before the peer has answered for the message in it. */
export class Payload {
  readonly contentStart: number
  readonly contentEnd: number
  readonly length: number
  /** What goes behind the content. */
  readonly behind: Buffer
  /** The lane's own bytes: all of them, or the start of a large payload. */
  readonly head: Buffer
  /** The same without what goes behind the content; equal to `head` when `tail` is not null. */
  readonly headToContentEnd: Buffer
  /** The shared rest; null when there is none. */
  readonly tail: Buffer | null
  readonly #seqOffsets: readonly number[]

  constructor({ bytes, seqOffsets, contentStart, contentEnd }: SharedPayload) {
    const isWhole = bytes.length <= MAX_OWN_BYTES
    const lastOffset = seqOffsets.reduce((last, offset) => Math.max(last, offset), 0)
    const ownBytes = isWhole ? bytes.length : Math.max(MAX_OWN_BYTES / 4, lastOffset + SEQ_DIGITS_ROOM)
    this.contentStart = contentStart
    this.contentEnd = contentEnd
    this.behind = bytes.subarray(contentEnd)
    this.length = bytes.length
    this.head = Buffer.from(bytes.subarray(0, ownBytes))
    this.headToContentEnd = this.head.subarray(0, contentEnd)
    this.tail = isWhole ? null : bytes.subarray(ownBytes)
    this.#seqOffsets = seqOffsets
  }

  number(seq: number): void {
    for (const offset of this.#seqOffsets) writeSeq(this.head, offset, seq)
  }
}
