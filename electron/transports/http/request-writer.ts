import type { Socket } from 'node:net'
import { NumberedBytes, seqTemplate } from '../numbered-bytes.ts'
import { bodyOf, hasOwnHeaders, headBytes, headersOf, type HttpRequest } from './request.ts'
import { SliceWriter } from '../slice-writer.ts'

/** Writes a lane's HTTP/1.1 requests: bytes that were made once, with the digits of the message number put in. */
export class RequestWriter {
  readonly #request: HttpRequest
  readonly #runTag: string
  readonly #keepAlive: boolean
  readonly #slices: SliceWriter
  /** Null when every send has a head of its own. */
  readonly #bytes: NumberedBytes | null

  /** @param onMoved is called when a part of a large request has left */
  constructor(request: HttpRequest, runTag: string, keepAlive: boolean, onMoved: () => void) {
    this.#slices = new SliceWriter(onMoved)
    this.#request = request
    this.#runTag = runTag
    this.#keepAlive = keepAlive
    if (hasOwnHeaders(request, runTag)) this.#bytes = null
    else {
      const head = headBytes(request, request.headers, keepAlive)
      const whole = seqTemplate(Buffer.concat([head, request.body.bytes]), runTag)
      this.#bytes = new NumberedBytes(whole)
    }
  }

  /** The request goes to the socket in one piece, and nobody needs to be told when it has left. */
  get atOnce(): boolean {
    return this.#bytes?.pieces.length === 1
  }

  /** Nothing of the request lies in this process any more. */
  isFlushed(socket: Socket): boolean {
    return this.#slices.unwrittenBytes === 0 && socket.writableLength === 0
  }

  /** What has not been handed to the socket stays unsaid. */
  drop(): void {
    this.#slices.drop()
  }

  /**
   * Writes the request of one message in one go.
   * @param onWritten is called when all of it has left, unless the request goes {@link RequestWriter.atOnce}
   * @returns bytes written
   */
  write(socket: Socket, seq: number, onWritten: () => void): number {
    if (this.#bytes === null) {
      const body = bodyOf(this.#request, seq)
      const head = headBytes(
        this.#request,
        headersOf(this.#request, this.#runTag, seq, body),
        this.#keepAlive
      )
      this.#slices.write(socket, [head, body], onWritten)
      return head.length + body.length
    }
    this.#bytes.number(seq)
    const [first, second] = this.#bytes.pieces
    if (first !== undefined && second === undefined) socket.write(first)
    else this.#slices.write(socket, this.#bytes.pieces, onWritten)
    return this.#bytes.length
  }
}
