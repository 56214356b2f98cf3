import { SEQ_DIGITS, type Template, writeSeq } from '../../numbered-bytes.ts'
import { MAX_KEPT_BYTES, roomFor } from '../answer-parser.ts'
import type { AnswerHead } from './answer-head.ts'

/** Who waits for the answer on a stream. Times are µs of the thread's clock. */
export interface StreamUser {
  /** The whole request has been given to the socket. */
  sent(atUs: number): void
  /** The head of the final answer has come. */
  headed(atUs: number): void
  /** The answer is whole. */
  answered(atUs: number): void
  /**
   * The server has done nothing about the request and it may be sent again (RFC 9113, section 8.7).
   * @param reason null when the request had not left yet
   */
  returned(reason: string | null): void
  /** Some of the request or of the answer has moved. */
  moved(atUs: number): void
  /** There will be no whole answer, of the server's doing. */
  broken(code: string, message: string): void
  /** The same, as the connection has gone. */
  lost(code: string, message: string): void
}

/** One request and its answer; a lane uses the same object for one after another. */
export class Http2Stream {
  readonly user: StreamUser
  /** 0 as long as it is not open. */
  id = 0
  /** Everything has been put into the outbox that has to be said. */
  isSaid = false
  /** Something kept the request from leaving at once: a limit or a window of the peer, or much to write. */
  wasHeld = false
  /** Bytes of the body that have been put into the outbox. */
  bodySent = 0
  /** Bytes that the peer still takes on this stream; may fall below 0 (RFC 9113, section 6.9.2). */
  sendWindow = 0
  /** Bytes of its body that the window was not opened again for. */
  unacknowledgedBytes = 0
  /** The head of the final answer; null before it has come. */
  head: AnswerHead | null = null
  headBytes = 0
  bodyBytes = 0
  bytesOut = 0
  bytesIn = 0
  block: Buffer = Buffer.alloc(0)
  body: Template = { bytes: Buffer.alloc(0), seqOffsets: [] }
  #seq = 0
  /** The start of the answer's body, in a buffer that the next answer overwrites. */
  #kept: Buffer = Buffer.alloc(0)
  #keptBytes = 0

  constructor(user: StreamUser) {
    this.user = user
  }

  /** Makes it ready to be opened. */
  prepare(block: Buffer, body: Template, seq: number): void {
    this.block = block
    this.body = body
    this.#seq = seq
    this.id = 0
    this.isSaid = false
    this.wasHeld = false
    this.bodySent = 0
    this.unacknowledgedBytes = 0
    this.head = null
    this.headBytes = 0
    this.bodyBytes = 0
    this.bytesOut = 0
    this.bytesIn = 0
    this.#keptBytes = 0
  }

  get bodyLeft(): number {
    return this.body.bytes.length - this.bodySent
  }

  /** Copies the next part of the body, with the message number in it. */
  copyBody(target: Buffer, at: number, length: number): void {
    const { bytes, seqOffsets } = this.body
    const from = this.bodySent
    const to = from + length
    target.set(length === bytes.length ? bytes : bytes.subarray(from, to), at)
    for (const offset of seqOffsets) {
      if (offset >= from && offset + SEQ_DIGITS <= to) writeSeq(target, at + offset - from, this.#seq)
      else if (offset < to && offset + SEQ_DIGITS > from) this.#copyDigits(target, at, offset, from, to)
    }
    this.bodySent = to
  }

  /** Keeps a piece of the answer's body, as far as there is room for it. */
  keep(bytes: Buffer, from: number, to: number): void {
    const start = this.#keptBytes
    const end = Math.min(MAX_KEPT_BYTES, start + to - from)
    this.#kept = roomFor(this.#kept, start, end)
    bytes.copy(this.#kept, start, from, from + end - start)
    this.#keptBytes = end
  }

  /** The start of the answer's body as it came, valid until the stream is prepared again. */
  get answerBody(): Buffer {
    return this.#kept.subarray(0, this.#keptBytes)
  }

  /** The digits of a number that two frames share. */
  #copyDigits(target: Buffer, at: number, offset: number, from: number, to: number): void {
    const digits = Buffer.alloc(SEQ_DIGITS)
    writeSeq(digits, 0, this.#seq)
    for (let place = Math.max(from, offset); place < Math.min(to, offset + SEQ_DIGITS); place++) {
      target[at + place - from] = digits[place - offset]!
    }
  }
}
