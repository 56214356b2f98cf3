import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../answer-parser.ts'
import { type AnswerHead, checkTrailers, HeadReader } from './answer-head.ts'
import { ConnectionFault, StreamFault } from './faults.ts'
import { contentOf, protocolError } from './frame-rules.ts'
import { DEFAULT_WINDOW_BYTES, FLAG, FRAME, uint32 } from './frames.ts'
import type { Http2Sender } from './sender.ts'
import type { Http2Stream } from './stream.ts'

/** Bytes of answers that the peer may send ahead, on a stream and on the connection. What has come is taken in at once. */
export const STREAM_WINDOW_BYTES = 1024 * 1024
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024

/** Headers whose end is still to come. */
interface Continued {
  id: number
  endsStream: boolean
  pieces: Buffer[]
  bytes: number
}

/** Puts answers together from frames, and opens the windows again through which they come. */
export class AnswerAssembler {
  /** When what is being taken in was read, µs. */
  readUs = 0
  readonly #sender: Http2Sender
  readonly #heads = new HeadReader()
  #continued: Continued | null = null
  #unacknowledgedBytes = 0

  /** Says at once how much may be sent ahead on the connection. */
  constructor(sender: Http2Sender) {
    this.#sender = sender
    this.#openWindow(0, CONNECTION_WINDOW_BYTES - DEFAULT_WINDOW_BYTES)
  }

  /** The stream that the next frame must continue the headers of; 0 when any may come. */
  get continuedId(): number {
    return this.#continued?.id ?? 0
  }

  /**
   * Takes in DATA; without a stream only its bytes count.
   * @returns whether it brought an answer forward
   * @throws {ConnectionFault}
   * @throws {StreamFault}
   */
  data(stream: Http2Stream | null, flags: number, bytes: Buffer, from: number, to: number): boolean {
    this.#count(to - from)
    const [start, end] = contentOf(FRAME.data, flags, bytes, from, to)
    if (stream === null) return false
    const { head } = stream
    if (head === null) throw new StreamFault('PROTOCOL_ERROR', 'the answer has a body before its head')
    stream.unacknowledgedBytes += to - from
    stream.bodyBytes += end - start
    if (stream.bodyBytes > MAX_BODY_BYTES) {
      throw new StreamFault('CANCEL', `its body is longer than ${MAX_BODY_BYTES} bytes`)
    }
    stream.keep(bytes, start, end)
    if ((flags & FLAG.endStream) !== 0) {
      this.#end(stream, head)
      return true
    }
    stream.user.moved(this.readUs)
    if (stream.unacknowledgedBytes > STREAM_WINDOW_BYTES / 2) {
      this.#openWindow(stream.id, stream.unacknowledgedBytes)
      stream.unacknowledgedBytes = 0
    }
    return end > start
  }

  /**
   * Takes in HEADERS; without a stream they are passed over.
   * @returns whether they brought an answer forward
   * @throws {ConnectionFault}
   * @throws {StreamFault}
   */
  headers(
    id: number,
    stream: Http2Stream | null,
    flags: number,
    bytes: Buffer,
    from: number,
    to: number
  ): boolean {
    const [start, end] = contentOf(FRAME.headers, flags, bytes, from, to)
    const endsStream = (flags & FLAG.endStream) !== 0
    if ((flags & FLAG.endHeaders) !== 0) return this.#block(stream, endsStream, bytes, start, end)
    this.#continued = { id, endsStream, pieces: [], bytes: 0 }
    this.#gather(this.#continued, bytes, start, end)
    return false
  }

  /**
   * Takes in CONTINUATION.
   * @returns whether it brought an answer forward
   * @throws {ConnectionFault}
   * @throws {StreamFault}
   */
  continuation(stream: Http2Stream | null, flags: number, bytes: Buffer, from: number, to: number): boolean {
    const continued = this.#continued
    if (continued === null) throw protocolError('CONTINUATION continues nothing')
    this.#gather(continued, bytes, from, to)
    if ((flags & FLAG.endHeaders) === 0) return false
    this.#continued = null
    const block = Buffer.concat(continued.pieces)
    return this.#block(stream, continued.endsStream, block, 0, block.length)
  }

  /** What is continued is not known before its end: too much of it ends the connection. */
  #gather(continued: Continued, bytes: Buffer, from: number, to: number): void {
    continued.bytes += to - from
    if (continued.bytes > MAX_HEAD_BYTES) {
      throw new ConnectionFault('ENHANCE_YOUR_CALM', `its headers are longer than ${MAX_HEAD_BYTES} bytes`)
    }
    continued.pieces.push(Buffer.from(bytes.subarray(from, to)))
  }

  #block(stream: Http2Stream | null, endsStream: boolean, bytes: Buffer, from: number, to: number): boolean {
    if (stream === null) return false
    stream.headBytes += to - from
    if (stream.headBytes > MAX_HEAD_BYTES) {
      throw new StreamFault('ENHANCE_YOUR_CALM', `its headers are longer than ${MAX_HEAD_BYTES} bytes`)
    }
    if (stream.head !== null) {
      if (!endsStream) throw new StreamFault('PROTOCOL_ERROR', 'the answer goes on behind its trailers')
      checkTrailers(bytes, from, to)
      this.#end(stream, stream.head)
      return true
    }
    const head = this.#heads.read(bytes, from, to)
    if (head.status < 200) {
      if (endsStream) throw new StreamFault('PROTOCOL_ERROR', `the answer ends with ${head.status}`)
      return false
    }
    stream.head = head
    stream.user.headed(this.readUs)
    if (endsStream) this.#end(stream, head)
    return true
  }

  /** The answer is whole; what is left of the request is not sent (RFC 9113, section 8.1). */
  #end(stream: Http2Stream, { status, contentLength }: AnswerHead): void {
    // A 204 or 304 may give the length of a body that it does not have (RFC 9110, section 8.6).
    const hasBody = status !== 204 && status !== 304
    if (hasBody && contentLength !== -1 && contentLength !== stream.bodyBytes) {
      throw new StreamFault(
        'PROTOCOL_ERROR',
        `its body has ${stream.bodyBytes} bytes, and its content-length is ${contentLength}`
      )
    }
    if (stream.isSaid) this.#sender.forget(stream)
    else this.#sender.reset(stream, 'CANCEL')
    stream.user.answered(this.readUs)
  }

  #count(bytes: number): void {
    this.#unacknowledgedBytes += bytes
    if (this.#unacknowledgedBytes <= CONNECTION_WINDOW_BYTES / 2) return
    this.#openWindow(0, this.#unacknowledgedBytes)
    this.#unacknowledgedBytes = 0
  }

  #openWindow(id: number, increment: number): void {
    this.#sender.say(FRAME.windowUpdate, 0, id, uint32(increment))
  }
}
