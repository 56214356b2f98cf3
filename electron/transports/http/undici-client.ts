import type { IncomingHttpHeaders } from 'node:http'
import type { HttpTransport } from '../../../shared/plan.ts'
import { PHASE_INDEX, type Phase } from '../../../shared/words.ts'
import {
  type Client,
  type ClientOptions,
  type ConnectionStats,
  emptyConnectionStats,
  type Lane,
  type Observed,
  TransportError
} from '../client.ts'
import { nowUs } from '../clock.ts'
import { SendResult } from '../send-result.ts'
import { createContext, connectionCount, type HttpContext } from './http-context.ts'
import { http2ErrorCode } from './http2-errors.ts'
import { noteTurn } from './least-turn.ts'
import { preflight } from './preflight.ts'
import { bodyOf, hasOwnHeaders, type Header, headersOf } from './request.ts'
import { SendTimer } from './send-timer.ts'
import { answerText, requestText } from './trace-text.ts'
import { UndiciConnection, type UndiciUser } from './undici-connection.ts'
import { undiciOptions } from './undici-settings.ts'

/**
 * undici 8 as an application would use it: `client.request`, the body read as text. HTTP/1.1 has a client of one
 * connection per lane; over HTTP/2 lanes share clients. Sockets are opened and metered by us.
 * @throws {TransportError} when the provider cannot take what the plan asks for
 */
export function createUndiciClient(options: ClientOptions<HttpTransport>): Client {
  return new UndiciTransport(options)
}

class UndiciTransport implements Client {
  readonly stats: ConnectionStats = emptyConnectionStats()
  readonly #options: ClientOptions<HttpTransport>
  readonly #context: HttpContext
  readonly #lanes: UndiciLane[] = []
  readonly #connections: UndiciConnection[] = []
  readonly #connectionLimit: number

  constructor(options: ClientOptions<HttpTransport>) {
    this.#options = options
    this.#context = createContext(options, this.stats)
    this.#connectionLimit = options.transport.http.version === '2' ? connectionCount(options) : Infinity
  }

  get observed(): Observed | null {
    return this.#context.dialer.observed
  }

  preflight(): Promise<Observed> {
    return preflight(this.#options, this.stats)
  }

  openLane(index: number, onDone: (result: SendResult) => void): Lane {
    const lane = new UndiciLane(index, this.#context, this.#connectionFor(index), onDone)
    this.#lanes.push(lane)
    return lane
  }

  async close(timeoutMs: number): Promise<void> {
    for (const lane of this.#lanes) lane.abort()
    for (const connection of this.#connections) connection.destroy()
    await this.#context.dialer.drained(timeoutMs)
  }

  #connectionFor(index: number): UndiciConnection {
    const known = this.#connections[index % this.#connectionLimit]
    if (known !== undefined) return known
    const { transport, timeoutMs } = this.#options
    const connection = new UndiciConnection(this.#context, undiciOptions(transport, timeoutMs))
    this.#connections.push(connection)
    return connection
  }
}

class UndiciLane implements Lane, UndiciUser {
  readonly result: SendResult
  client: UndiciConnection['client']
  readonly #context: HttpContext
  readonly #connection: UndiciConnection
  readonly #onDone: (result: SendResult) => void
  readonly #headers: Record<string, string>
  readonly #ownHeaders: boolean
  readonly #timer: SendTimer
  /** Number of the send within the lane: what comes late from an earlier one is told by it. */
  #turn = 0
  #busy = false
  #phase: Phase = 'tcp'
  #phaseUs = 0

  constructor(
    index: number,
    context: HttpContext,
    connection: UndiciConnection,
    onDone: (result: SendResult) => void
  ) {
    this.result = new SendResult(index)
    this.#context = context
    this.#connection = connection
    this.client = connection.client
    this.#onDone = onDone
    this.#headers = asRecord(context.request.headers)
    this.#ownHeaders = hasOwnHeaders(context.request, context.runTag)
    this.#timer = new SendTimer(context.timeoutMs, () => this.#timedOut())
  }

  send(seq: number, dueUs: number): void {
    const startedUs = nowUs()
    const connection = this.#connection
    const { request, runTag, messagesPerConnection, stats, trace } = this.#context
    const isHttp2 = connection.meter === null
    if (isHttp2) this.#renewIfSpent()
    this.result.begin(seq, dueUs, startedUs)
    this.#busy = true
    this.#turn++
    this.#timer.start(startedUs)
    this.client = connection.client
    connection.users.add(this)
    if (connection.meter !== null) connection.meter.result = this.result
    this.result.reused = connection.isOpen
    if (this.result.reused) stats.reused++
    this.result.connection = connection.number
    this.#phase = connection.isOpen ? 'wait' : 'tcp'
    this.#phaseUs = startedUs
    const body = bodyOf(request, seq)
    const headers = this.#ownHeaders ? headersOf(request, runTag, seq, body) : null
    if (trace !== undefined) {
      const text = requestText(request, headers ?? request.headers, body)
      trace({ kind: 'sent', atUs: startedUs, phase: 'request', text })
    }
    void this.#exchange(
      headers === null ? this.#headers : asRecord(headers),
      body,
      !isHttp2 && connection.sends + 1 >= messagesPerConnection
    )
  }

  abort(): void {
    this.#timer.clear()
    if (!this.#busy) return
    this.result.outcome = 'aborted'
    this.result.code = 'ABORTED'
    this.#cut()
  }

  dialing(phase: Phase): void {
    this.#phase = phase
    this.#phaseUs = nowUs()
  }

  dialed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    this.result.waited(phase, untilUs - Math.max(fromUs, this.result.startedUs), turns)
  }

  opened(): void {
    this.result.connection = this.#connection.number
    this.#phase = 'wait'
    this.#phaseUs = nowUs()
  }

  async #exchange(headers: Record<string, string>, body: Buffer, last: boolean): Promise<void> {
    const turn = this.#turn
    const { request } = this.#context
    const connection = this.#connection
    const http2 = connection.meter === null
    try {
      const answering = connection.client.request({
        method: 'POST',
        path: request.path,
        headers,
        body,
        reset: last
      })
      // undici has written by now: what it took to do so was no waiting.
      if (http2 && this.#phase === 'wait') this.#phaseUs = nowUs()
      const answer = await answering
      if (turn !== this.#turn) return
      if (http2) this.#heardHead()
      const text = await answer.body.text()
      if (turn === this.#turn && this.#busy) this.#complete(answer.statusCode, answer.headers, text, last)
    } catch (error) {
      if (turn === this.#turn && this.#busy) this.#fail(...failureOf(error, this.#phase))
    }
  }

  #heardHead(): void {
    const headUs = nowUs()
    this.result.waited('wait', headUs - this.#phaseUs, 1)
    this.#phase = 'response'
    this.#phaseUs = headUs
  }

  #complete(status: number, headers: IncomingHttpHeaders, text: string, last: boolean): void {
    const doneUs = nowUs()
    const { result } = this
    const { judge, dialer, stats, trace, request } = this.#context
    const { meter } = this.#connection
    if (meter === null) {
      result.waited('response', doneUs - this.#phaseUs, 0)
    } else meter.settle()
    if (dialer.observed !== null) dialer.observed.banner ??= judge.banner(asText(headers.server))
    judge.settle(result, { status, header: (name) => asText(headers[name]), body: text })
    if (meter === null) noteTurn(stats, result)
    if (trace !== undefined) {
      const lines = [
        `HTTP ${status}`,
        ...Object.entries(headers).map(([name, value]) => `${name}: ${asText(value) ?? ''}`)
      ]
      const waitedUs = result.phaseUs[PHASE_INDEX.wait]!
      trace({ kind: 'waited', atUs: doneUs, phase: 'wait', waitedUs, turns: 1 })
      trace({
        kind: 'heard',
        atUs: doneUs,
        phase: 'response',
        text: answerText(request, lines.join('\r\n'), text)
      })
    }
    this.#finish(doneUs, last)
  }

  #timedOut(): void {
    if (this.#busy) {
      this.#fail('TIMEOUT', `no complete answer within ${this.#context.timeoutMs / 1000} s`, this.#phase)
    }
  }

  #fail(code: string, message: string, phase: Phase): void {
    const { result } = this
    result.outcome = 'failed'
    result.code = code
    result.sample = this.#context.judge.scrub(message)
    this.#phase = phase
    this.#cut()
  }

  #cut(): void {
    const { result } = this
    const endUs = nowUs()
    const { meter } = this.#connection
    if (meter !== null) meter.cut()
    else {
      const waitedUs = endUs - Math.max(this.#phaseUs, result.startedUs)
      result.waited(this.#phase, waitedUs, this.#phase === 'response' ? 0 : 1)
    }
    result.phase = this.#phase
    this.#turn++
    const { client } = this
    this.#account()
    if (meter !== null) this.#connection.cut()
    else if (result.code === 'TIMEOUT' || result.code === 'ABORTED') this.#connection.forsake(client)
    // undici would put the next send, too, on the session that has come to grief.
    else if (result.code === 'PROTOCOL' && client === this.#connection.client) this.#connection.renew()
    this.#end(endUs)
  }

  #finish(doneUs: number, last: boolean): void {
    this.#account()
    if (last) this.#connection.left()
    else if (this.#connection.meter === null) this.#renewIfSpent()
    this.#end(doneUs)
  }

  /** Leaves an HTTP/2 connection that has been given all it may carry. */
  #renewIfSpent(): void {
    const connection = this.#connection
    const given = connection.sends + connection.current.length
    if (connection.isOpen && given >= this.#context.messagesPerConnection) connection.renew()
  }

  /** Takes the send off its connection, with what it has used of it. */
  #account(): void {
    const { result } = this
    const connection = this.#connection
    connection.ended(this)
    if (this.client === connection.client) connection.sends++
    if (connection.meter === null) {
      const bytes = connection.takeBytes()
      result.bytesOut = bytes.out
      result.bytesIn = bytes.in
    } else connection.meter.result = null
  }

  #end(doneUs: number): void {
    this.result.doneUs = doneUs
    this.#busy = false
    this.#timer.stop()
    this.#onDone(this.result)
  }
}

function asRecord(headers: readonly Header[]): Record<string, string> {
  return Object.fromEntries(headers)
}

function asText(value: string | string[] | undefined): string | null {
  return Array.isArray(value) ? value.join(', ') : (value ?? null)
}

/** Names undici's errors like everybody else's. */
function failureOf(error: unknown, phase: Phase): [code: string, message: string, phase: Phase] {
  if (error instanceof TransportError) return [error.code, error.message, error.phase]
  const message = error instanceof Error ? error.message : String(error)
  const code = (error as NodeJS.ErrnoException).code ?? 'ERROR'
  if (code === 'UND_ERR_SOCKET') {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined
    return [cause?.code ?? 'CONNECTION_CLOSED', message, phase]
  }
  if (code.startsWith('ERR_HTTP2_')) return [http2ErrorCode(error), message, phase]
  const isProtocol =
    (error instanceof Error && error.name === 'HTTPParserError') ||
    /^HPE_|^UND_ERR_(HEADERS_OVERFLOW|RES_|REQ_CONTENT|INFO)/.test(code)
  return [isProtocol ? 'PROTOCOL' : code, message, phase]
}
