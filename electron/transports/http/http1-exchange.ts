import type { Socket } from 'node:net'
import { nowUs } from '../clock.ts'
import type { Connection, ConnectionListener } from '../connect/connection.ts'
import type { Failure } from '../connect/failure.ts'
import type { Phase } from '../../../shared/record/words.ts'
import { AnswerParser } from './answer-parser.ts'
import type { Exchange, ExchangeListener } from './exchange.ts'
import type { HttpContext } from './http-context.ts'
import { type Answer, headerIn } from './judge.ts'
import { RequestWriter } from './request-writer.ts'

/** HTTP/1.1 from bytes: one connection at a time, one request on it at a time. */
export class Http1Exchange implements Exchange, ConnectionListener {
  readonly #context: HttpContext
  readonly #lane: ExchangeListener
  readonly #writer: RequestWriter
  readonly #parser = new AnswerParser()
  readonly #onWritten = (): void => {
    if (this.#lane.isBusy) this.#lane.written(nowUs())
  }
  readonly #answer: Answer
  #connection: Connection | null = null
  /** Null until the connection is open. */
  #socket: Socket | null = null
  #sends = 0

  constructor(context: HttpContext, lane: ExchangeListener) {
    this.#context = context
    this.#lane = lane
    const keepAlive = context.messagesPerConnection > 1
    this.#writer = new RequestWriter(context.request, context.runTag, keepAlive, () => {
      if (lane.isBusy) lane.progressed(nowUs())
    })
    const parser = this.#parser
    this.#answer = {
      status: 0,
      header: (name) => headerIn(parser.head, name),
      get head() {
        return parser.head ?? ''
      },
      get body() {
        return parser.body
      }
    }
  }

  start(): void {
    if (this.#socket === null) this.#connect()
    else this.#request(this.#socket, true)
  }

  cut(): void {
    const connection = this.#connection
    this.#forget()
    connection?.destroy()
  }

  /** A connection whose peer has answered without reading everything is cut. */
  retire(): void {
    const [connection, socket] = [this.#connection, this.#socket]
    if (connection === null || socket === null) return
    const isFlushed = this.#writer.isFlushed(socket)
    this.#forget()
    if (!isFlushed) connection.destroy()
    else {
      connection.release()
      socket.destroySoon()
    }
  }

  entered(phase: Phase, sinceUs: number): void {
    this.#lane.entered(phase, sinceUs)
  }

  passed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    this.#lane.passed(phase, fromUs, untilUs, turns)
  }

  opened(socket: Socket): void {
    this.#socket = socket
    this.#sends = 0
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#lost(socket, error.code ?? 'ERROR', error.message)
    )
    socket.on('end', () => this.#ended(socket))
    socket.on('close', () => this.#lost(socket, 'CONNECTION_CLOSED', CLOSED))
    this.#request(socket, false)
  }

  failed({ code, sample }: Failure): void {
    this.#forget()
    this.#lane.fail(code, sample)
  }

  #connect(): void {
    const { connector } = this.#context
    const connection = connector.open(this, {
      buffer: connector.readBuffer,
      callback: (length) => {
        if (connection === this.#connection) this.#read(length)
        return true
      }
    })
    this.#connection = connection
  }

  #request(socket: Socket, reused: boolean): void {
    const lane = this.#lane
    lane.carried(this.#connection?.number ?? 0, this.#sends, reused, this.#connection?.tcp ?? null)
    this.#sends++
    this.#parser.reset()
    const writeUs = nowUs()
    lane.writing(writeUs)
    lane.result.bytesOut = this.#writer.write(socket, lane.result.seq, this.#onWritten)
    if (this.#writer.atOnce) lane.written(writeUs, 0)
  }

  #read(length: number): void {
    const readUs = nowUs()
    const lane = this.#lane
    if (!lane.isBusy) {
      if (isLineEnds(this.#context.connector.readBuffer, 0, length)) return
      // Nobody asked: a peer that says goodbye (408) or nonsense; the connection is of no use any more.
      this.#context.stats.closedByPeer++
      this.retire()
      return
    }
    const parser = this.#parser
    lane.result.bytesIn += length
    lane.answering(readUs)
    const used = parser.feed(this.#context.connector.readBuffer, length)
    if (parser.fault !== null) {
      this.#keep(this.#context.connector.readBuffer.subarray(0, length))
      lane.fail('PROTOCOL', `the answer makes no sense: ${parser.fault}`)
    } else if (parser.done)
      this.#complete(readUs, isLineEnds(this.#context.connector.readBuffer, used, length))
    else if (parser.awaitsHead) lane.interim()
  }

  #complete(doneUs: number, alone: boolean): void {
    const parser = this.#parser
    const { stats, messagesPerConnection } = this.#context
    if (this.#sends >= messagesPerConnection) this.retire()
    else if (!parser.reusable) {
      stats.closedByPeer++
      this.retire()
    } else if (!alone || (this.#socket !== null && !this.#writer.isFlushed(this.#socket))) this.retire()
    this.#answer.status = parser.status
    this.#lane.complete(doneUs, this.#answer)
  }

  #ended(socket: Socket): void {
    if (socket !== this.#socket) return
    this.#parser.end()
    if (this.#lane.isBusy && this.#parser.done) this.#complete(nowUs(), true)
    else this.#lost(socket, 'CONNECTION_CLOSED', CLOSED)
  }

  #lost(socket: Socket, code: string, message: string): void {
    if (socket !== this.#socket) return
    if (this.#lane.isBusy) {
      const { head, body } = this.#parser
      if (head !== null) this.#keep(Buffer.concat([Buffer.from(head, 'latin1'), body]))
      return this.#lane.lost(code, message)
    }
    this.#context.stats.closedByPeer++
    this.retire()
  }

  /** Keeps what there is of an answer that nobody can use. */
  #keep(heard: Buffer): void {
    this.#lane.result.conversation?.heard('response', nowUs(), heard, 0, heard.length)
  }

  #forget(): void {
    this.#writer.drop()
    this.#connection = null
    this.#socket = null
  }
}

const CLOSED = 'the server closed the connection'

/** Nothing, or a line end that some put behind a body. */
function isLineEnds(bytes: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; at++) if (bytes[at] !== 13 && bytes[at] !== 10) return false
  return true
}
