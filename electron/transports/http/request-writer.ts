import type { Socket } from 'node:net'
import { seqTemplate } from '../content.ts'
import { bodyOf, hasOwnHeaders, headBytes, headersOf, type HttpRequest } from './request.ts'
import { SeqBytes } from './seq-bytes.ts'

/** Writes a lane's HTTP/1.1 requests: bytes that were made once, with the digits of the message number put in. */
export class RequestWriter {
  readonly #request: HttpRequest
  readonly #runTag: string
  readonly #keepAlive: boolean
  /** Null when every send has a head of its own. */
  readonly #bytes: SeqBytes | null

  constructor(request: HttpRequest, runTag: string, keepAlive: boolean) {
    this.#request = request
    this.#runTag = runTag
    this.#keepAlive = keepAlive
    if (hasOwnHeaders(request, runTag)) this.#bytes = null
    else {
      const head = headBytes(request, request.headers, keepAlive)
      const whole = seqTemplate(Buffer.concat([head, request.body.bytes]), runTag)
      this.#bytes = new SeqBytes(whole.bytes, whole.seqOffsets)
    }
  }

  /** The request goes to the socket in one piece, and nobody needs to be told when it has left. */
  get atOnce(): boolean {
    return this.#bytes?.pieces.length === 1
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
      writeAll(socket, [head, body], onWritten)
      return head.length + body.length
    }
    this.#bytes.number(seq)
    const [first, second] = this.#bytes.pieces
    if (first !== undefined && second === undefined) socket.write(first)
    else writeAll(socket, this.#bytes.pieces, onWritten)
    return this.#bytes.length
  }
}

function writeAll(socket: Socket, pieces: readonly Buffer[], onWritten: () => void): void {
  socket.cork()
  pieces.forEach((piece, index) => {
    if (index === pieces.length - 1) socket.write(piece, onWritten)
    else socket.write(piece)
  })
  socket.uncork()
}
