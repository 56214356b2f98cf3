import type { Told } from '../conversation.ts'
import { NumberedBytes, type Template } from '../numbered-bytes.ts'
import { contentLines, textLines } from '../told-lines.ts'

/** The bytes of a content with what goes before and behind it in the same group. */
export interface SharedPayload extends Template {
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
export class Payload extends NumberedBytes implements Told {
  readonly contentStart: number
  readonly contentEnd: number
  /** What goes behind the content. */
  readonly behind: Buffer
  /** The pieces without what goes behind the content. */
  readonly piecesToContentEnd: readonly Buffer[]

  constructor(shared: SharedPayload) {
    super(shared)
    const { bytes, contentStart, contentEnd } = shared
    this.contentStart = contentStart
    this.contentEnd = contentEnd
    this.behind = bytes.subarray(contentEnd)
    const last = this.pieces.length - 1
    this.piecesToContentEnd = this.pieces.map((piece, index) =>
      index === last ? piece.subarray(0, piece.length - this.behind.length) : piece
    )
  }

  /** What goes before and behind the content whole, of the content the first lines. */
  told(withBehind: boolean): string[] {
    const whole = Buffer.concat(this.pieces)
    const before = whole.subarray(0, this.contentStart)
    const content = whole.subarray(this.contentStart, this.contentEnd)
    return [
      ...(before.length === 0 ? [] : textLines(before)),
      ...contentLines(content, content.length),
      ...(withBehind ? textLines(this.behind) : [])
    ]
  }
}
