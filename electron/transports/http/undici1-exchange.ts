import type { IncomingHttpHeaders } from 'node:http'
import type { Socket } from 'node:net'
import type { Client } from 'undici'
import { nowUs } from '../clock.ts'
import type { Connection } from '../connect/connection.ts'
import { libraryFailure } from '../connect/failure.ts'
import { type Chunk, type SocketTap, tapSocket } from '../connect/socket-tap.ts'
import { whenClosed } from '../connect/when-closed.ts'
import type { Phase } from '../../../shared/record/words.ts'
import type { Exchange, ExchangeListener } from './exchange.ts'
import type { HttpContext } from './http-context.ts'
import { ReadAnswer } from './judge.ts'
import { openUndici, UndiciCall, type UndiciCaller } from './undici-call.ts'
import type { undiciOptions } from './undici-settings.ts'

/** What is no longer goes to the socket in one piece: the wait for its answer begins with the write. */
const AT_ONCE_BYTES = 65_536

/** undici over HTTP/1.1: a client of one connection for each lane, whose waits are seen at its socket. */
export class Undici1Exchange implements Exchange, UndiciCaller, SocketTap {
  readonly #context: HttpContext
  readonly #options: ReturnType<typeof undiciOptions>
  readonly #lane: ExchangeListener
  readonly #call: UndiciCall
  #client: Client
  #connection: Connection | null = null
  /** Null until the connection is open. */
  #socket: Socket | null = null
  #sends = 0
  #isLast = false
  /** When bytes were last heard. */
  #heardUs = 0
  /** Something was given to the socket that has not left. */
  #isWriting = false

  constructor(context: HttpContext, options: ReturnType<typeof undiciOptions>, lane: ExchangeListener) {
    this.#context = context
    this.#options = options
    this.#lane = lane
    this.#call = new UndiciCall(context, this)
    this.#client = this.#newClient()
  }

  start(): void {
    const lane = this.#lane
    this.#isWriting = false
    if (this.#socket === null) this.#sends = 0
    else lane.carried(this.#connection?.number ?? 0, this.#sends, true, this.#connection?.tcp ?? null)
    this.#isLast = ++this.#sends >= this.#context.messagesPerConnection
    void this.#call.start(this.#client, lane.result.seq, this.#isLast)
  }

  cut(): void {
    this.#call.forget()
    this.retire()
  }

  retire(): void {
    const [client, connection] = [this.#client, this.#connection]
    this.#leave()
    connection?.destroy()
    void client.destroy()
    this.#client = this.#newClient()
  }

  entered(phase: Phase, sinceUs: number): void {
    this.#lane.entered(phase, sinceUs)
  }

  passed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    this.#lane.passed(phase, fromUs, untilUs, turns)
  }

  opened(socket: Socket, connection: Connection): void {
    this.#socket = socket
    whenClosed(socket, (byPeer) => {
      if (socket !== this.#socket) return
      this.#leave()
      if (byPeer && !this.#lane.isBusy) this.#context.stats.closedByPeer++
    })
    tapSocket(socket, this)
    this.#lane.carried(connection.number, 0, false, connection.tcp)
  }

  given(): void {
    return
  }

  wrote(chunks: readonly Chunk[]): void {
    this.#isWriting = true
    const lane = this.#lane
    if (!lane.isBusy) return
    const writeUs = nowUs()
    const bytes = chunks.reduce((sum, chunk) => sum + Buffer.byteLength(chunk), 0)
    const isFirst = lane.result.bytesOut === 0
    lane.result.bytesOut += bytes
    if (!isFirst) return
    lane.writing(writeUs)
    if (bytes <= AT_ONCE_BYTES) lane.written(writeUs, 0)
  }

  moved(): void {
    if (this.#lane.isBusy) this.#lane.progressed(nowUs())
  }

  left(): void {
    this.#isWriting = false
    if (this.#lane.isBusy) this.#lane.written(nowUs())
  }

  heard(chunk: Chunk): void {
    const lane = this.#lane
    if (!lane.isBusy) return
    this.#heardUs = nowUs()
    lane.result.bytesIn += chunk.length
    lane.answering(this.#heardUs)
  }

  interim(): void {
    this.#lane.interim()
  }

  headed(): void {
    this.#lane.answering(this.#heardUs)
  }

  answered(status: number, headers: IncomingHttpHeaders, body: Buffer): void {
    if (this.#isLast) {
      this.#connection?.release()
      this.#leave()
    }
    this.#lane.complete(nowUs(), new ReadAnswer(status, headers, body), this.#heardUs)
  }

  failed(code: string, message: string): void {
    if (code === 'CONNECTION_CLOSED') this.#lane.lost(code, 'the server closed the connection')
    else this.#lane.fail(code, libraryFailure('undici', code, message, this.#isWriting))
  }

  #leave(): void {
    this.#connection = null
    this.#socket = null
  }

  #newClient(): Client {
    return openUndici(this.#context, this.#options, this, (connection) => (this.#connection = connection))
  }
}
