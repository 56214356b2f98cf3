import {
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders
} from 'node:http2'
import { PHASE_INDEX, type Phase } from '../../../shared/words.ts'
import type { Lane } from '../client.ts'
import { nowUs } from '../clock.ts'
import { SendResult } from '../send-result.ts'
import { MAX_BODY_BYTES, MAX_KEPT_BYTES } from './answer-parser.ts'
import type { HttpContext } from './http-context.ts'
import type { Http2Carrier, Http2Connection, Http2User } from './http2-connection.ts'
import { http2ErrorCode, messageOf, resetName } from './http2-errors.ts'
import { noteTurn } from './least-turn.ts'
import { bodyOf, hasOwnHeaders, type Header, headersOf } from './request.ts'
import { SeqBytes } from './seq-bytes.ts'
import { SendTimer } from './send-timer.ts'
import { answerText, requestText } from './trace-text.ts'

/** Streams that a plan can ask for on one connection. */
const MOST_STREAMS = 1000

/** A lane over HTTP/2: one stream at a time on a connection that it shares with others. */
export class Http2Lane implements Lane, Http2User {
  readonly result: SendResult
  readonly #context: HttpContext
  readonly #connection: Http2Connection
  readonly #onDone: (result: SendResult) => void
  readonly #headers: OutgoingHttpHeaders
  readonly #ownHeaders: boolean
  readonly #timer: SendTimer
  #body: SeqBytes

  #carrier: Http2Carrier | null = null
  #stream: ClientHttp2Stream | null = null
  #busy = false
  #phase: Phase = 'tcp'
  #phaseUs = 0
  #status = 0
  #answerHeaders: IncomingHttpHeaders = {}
  #chunks: Buffer[] = []
  #bodyBytes = 0

  constructor(
    index: number,
    context: HttpContext,
    connection: Http2Connection,
    onDone: (result: SendResult) => void
  ) {
    this.result = new SendResult(index)
    this.#context = context
    this.#connection = connection
    this.#onDone = onDone
    this.#headers = http2Headers(context, context.request.headers)
    this.#ownHeaders = hasOwnHeaders(context.request, context.runTag)
    this.#body = this.#newBody()
    this.#timer = new SendTimer(context.timeoutMs, () => this.#timedOut())
  }

  send(seq: number, dueUs: number): void {
    const startedUs = nowUs()
    this.result.begin(seq, dueUs, startedUs)
    this.#busy = true
    this.#timer.start(startedUs)
    this.#connection.use(this)
  }

  abort(): void {
    this.#timer.clear()
    if (this.#busy) {
      this.result.outcome = 'aborted'
      this.result.code = 'ABORTED'
      this.#cut()
    }
  }

  dialing(phase: Phase, sinceUs: number): void {
    this.#phase = phase
    this.#phaseUs = sinceUs
  }

  /** Waiting that began before this send is not its own. */
  dialed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    this.result.waited(phase, untilUs - Math.max(fromUs, this.result.startedUs), turns)
  }

  dialFailed(code: string, message: string): void {
    this.#fail(code, message)
  }

  ready(carrier: Http2Carrier): void {
    const { result } = this
    this.#carrier = carrier
    result.connection = carrier.number
    // Whoever waited for the connection to open had to connect, first on it or not.
    result.reused = result.turns === 0
    if (result.reused) this.#context.stats.reused++
    this.#connection.begun(carrier)
    this.#status = 0
    this.#phase = 'request'
    this.#phaseUs = nowUs()
    let stream: ClientHttp2Stream
    try {
      stream = carrier.session.request(this.#ownHeaders ? this.#headersOfSend() : this.#headers, {
        endStream: false
      })
    } catch (error) {
      // A session that is going down refuses streams by throwing; a send never ends inside its own call.
      process.nextTick(() => this.#fail(http2ErrorCode(error), messageOf(error)))
      return
    }
    this.#stream = stream
    stream.on('response', this.#onResponse)
    stream.on('end', this.#onEnd)
    stream.on('error', this.#onError)
    stream.on('close', this.#onClose)
    this.#writeBody(stream)
  }

  readonly #onResponse = (headers: IncomingHttpHeaders): void => {
    const headUs = nowUs()
    const stream = this.#stream
    if (!this.#busy || stream === null) return
    this.#written(headUs)
    this.result.waited('wait', Math.max(0, headUs - this.#phaseUs), 1)
    this.#phase = 'response'
    this.#phaseUs = headUs
    this.#status = Number(headers[':status'])
    this.#answerHeaders = headers
    this.#bodyBytes = 0
    if (this.#chunks.length > 0) this.#chunks = []
    if (this.#context.keepsAnswers || this.#status >= 300) {
      stream.on('data', this.#onData)
    } else stream.resume()
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#bodyBytes += chunk.length
    if (this.#bodyBytes <= MAX_KEPT_BYTES) this.#chunks.push(chunk)
    if (this.#bodyBytes > MAX_BODY_BYTES)
      this.#fail('PROTOCOL', `the body is longer than ${MAX_BODY_BYTES} bytes`)
  }

  readonly #onEnd = (): void => {
    if (!this.#busy || this.#status === 0) return
    // Of an answer that was cut off Node tells the end as well; its close tells the truth.
    if (this.#stream?.destroyed === true) return
    const doneUs = nowUs()
    const { result } = this
    const { stats, judge, dialer } = this.#context
    result.waited('response', doneUs - this.#phaseUs, 0)
    const headers = this.#answerHeaders
    if (dialer.observed !== null) dialer.observed.banner ??= judge.banner(asText(headers.server))
    const body = this.#chunks.length === 0 ? '' : Buffer.concat(this.#chunks).toString()
    judge.settle(result, { status: this.#status, header: (name) => asText(headers[name]), body })
    noteTurn(stats, result)
    if (this.#context.trace !== undefined) this.#traceAnswer(doneUs, body)
    const stream = this.#stream
    this.#stream = null
    if (stream !== null && !stream.writableFinished) {
      // The peer answered before it had read everything: the rest is not sent (RFC 9113, section 8.1), and its bytes
      // must not change under way.
      stream.close(constants.NGHTTP2_CANCEL)
      this.#body = this.#newBody()
    }
    this.#finish(doneUs)
  }

  readonly #onError = (error: Error): void => {
    if (this.#stream?.destroyed !== true) return
    const code = http2ErrorCode(error)
    this.#fail(code, code === 'REFUSED_STREAM' ? this.#refusal() : error.message)
  }

  readonly #onClose = (): void => {
    if (this.#stream?.destroyed !== true) return
    const reset = this.#stream.rstCode
    // Node cancels what is left of a stream whose connection has gone.
    if (reset === undefined || reset === constants.NGHTTP2_NO_ERROR || this.#carrier?.isOver === true) {
      this.#fail('CONNECTION_CLOSED', 'the server closed the connection without a complete answer')
    } else this.#fail(resetName(reset), `the server reset the stream: ${resetName(reset)}`)
  }

  /** The first streams of a connection are on their way before the server has told how many it takes. */
  #refusal(): string {
    const said = 'the server refused the stream before it did anything about it'
    const most = this.#carrier?.session.remoteSettings.maxConcurrentStreams ?? Infinity
    return most > MOST_STREAMS
      ? said
      : `${said}: it takes ${most} at a time; use "http": { "streams": ${most} }`
  }

  #writeBody(stream: ClientHttp2Stream): void {
    const { seq } = this.result
    this.#body.number(seq)
    const { pieces } = this.#body
    const trace = this.#context.trace
    if (trace !== undefined) this.#traceRequest()
    if (pieces.length === 1 && pieces[0] !== undefined) {
      stream.end(pieces[0])
      this.#written(nowUs(), 0)
      return
    }
    for (const piece of pieces) stream.write(piece)
    stream.end()
    stream.once('finish', () => {
      if (stream === this.#stream) this.#written(nowUs())
    })
  }

  /** The request has left: from here on the peer is waited for. */
  #written(sentUs: number, requestUs = sentUs - this.#phaseUs): void {
    if (this.#phase !== 'request') return
    this.result.waited('request', requestUs, 0)
    this.#phase = 'wait'
    this.#phaseUs = sentUs
  }

  #timedOut(): void {
    if (this.#busy) this.#fail('TIMEOUT', `no complete answer within ${this.#context.timeoutMs / 1000} s`)
  }

  #fail(code: string, message: string): void {
    if (!this.#busy) return
    const { result } = this
    result.outcome = 'failed'
    result.code = code
    result.sample = this.#context.judge.scrub(message)
    this.#cut()
  }

  /** Ends a send that got no usable answer: its open wait is booked, its stream is cancelled. */
  #cut(): void {
    const { result } = this
    const endUs = nowUs()
    const waitedUs = endUs - Math.max(this.#phaseUs, result.startedUs)
    result.waited(this.#phase, waitedUs, this.#phase === 'request' || this.#phase === 'response' ? 0 : 1)
    result.phase = this.#phase
    this.#connection.leave(this)
    const stream = this.#stream
    this.#stream = null
    if (stream !== null && !stream.destroyed) stream.close(constants.NGHTTP2_CANCEL)
    this.#body = this.#newBody()
    this.#finish(endUs)
  }

  #finish(doneUs: number): void {
    const { result } = this
    const carrier = this.#carrier
    if (carrier !== null) {
      this.#carrier = null
      const bytes = carrier.takeBytes()
      result.bytesOut = bytes.out
      result.bytesIn = bytes.in
      carrier.ended()
    }
    result.doneUs = doneUs
    this.#busy = false
    this.#timer.stop()
    this.#onDone(result)
  }

  #newBody(): SeqBytes {
    const { bytes, seqOffsets } = this.#context.request.body
    return new SeqBytes(bytes, seqOffsets)
  }

  #headersOfSend(): OutgoingHttpHeaders {
    const { request, runTag } = this.#context
    const { seq } = this.result
    return http2Headers(this.#context, headersOf(request, runTag, seq, bodyOf(request, seq)))
  }

  #traceRequest(): void {
    const { request, runTag, trace } = this.#context
    const body = bodyOf(request, this.result.seq)
    const text = requestText(request, headersOf(request, runTag, this.result.seq, body), body)
    trace?.({ kind: 'sent', atUs: nowUs(), phase: 'request', text })
  }

  #traceAnswer(doneUs: number, body: string): void {
    const { request, trace } = this.#context
    const waitedUs = this.result.phaseUs[PHASE_INDEX.wait]!
    const lines = Object.entries(this.#answerHeaders).map(
      ([name, value]) => `${name}: ${asText(value) ?? ''}`
    )
    trace?.({ kind: 'waited', atUs: this.#phaseUs, phase: 'wait', waitedUs, turns: 1 })
    trace?.({
      kind: 'heard',
      atUs: doneUs,
      phase: 'response',
      text: answerText(request, lines.join('\r\n'), body)
    })
  }
}

function http2Headers(context: HttpContext, headers: readonly Header[]): OutgoingHttpHeaders {
  const { request } = context
  return {
    ':method': request.method,
    ':scheme': request.scheme,
    ':authority': request.authority,
    ':path': request.path,
    ...Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value])),
    'content-length': request.body.bytes.length
  }
}

function asText(value: string | string[] | undefined): string | null {
  return Array.isArray(value) ? value.join(', ') : (value ?? null)
}
