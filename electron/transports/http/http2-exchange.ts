import { PHASE_INDEX, type Phase } from '../../../shared/record/words.ts'
import { nowUs } from '../clock.ts'
import type { Failure } from '../connect/failure.ts'
import type { Exchange, ExchangeListener } from './exchange.ts'
import type { HttpContext } from './http-context.ts'
import type { Http2Sessions, Http2User } from './http2-sessions.ts'
import { fieldIn } from './http2/answer-head.ts'
import { encodeFields } from './http2/hpack.ts'
import type { Http2Session } from './http2/session.ts'
import { Http2Stream, type StreamUser } from './http2/stream.ts'
import type { Answer } from './judge.ts'
import { bodyOf, hasOwnHeaders, type Header, headersOf } from './request.ts'
import { isSecret } from './trace-text.ts'

/** Streams that a plan can ask for on one connection. */
const MOST_STREAMS = 1000
/** How often a request is sent again that the server has done nothing about. */
const MOST_RESENDS = 20

/** HTTP/2: one stream at a time on a connection that is shared with other lanes. */
export class Http2Exchange implements Exchange, Http2User, StreamUser {
  readonly #context: HttpContext
  readonly #sessions: Http2Sessions
  readonly #lane: ExchangeListener
  /** The encoded headers; null where every send has its own. */
  readonly #block: Buffer | null
  readonly #stream: Http2Stream
  readonly #answer: Answer
  #session: Http2Session | null = null
  #resends = 0

  constructor(context: HttpContext, sessions: Http2Sessions, lane: ExchangeListener) {
    const { request, runTag } = context
    this.#context = context
    this.#sessions = sessions
    this.#lane = lane
    this.#block = hasOwnHeaders(request, runTag) ? null : blockOf(context, request.headers)
    const stream = new Http2Stream(this)
    this.#stream = stream
    this.#answer = {
      status: 0,
      header: (name) => fieldIn(stream.head?.fields ?? [], name),
      get head() {
        const lines = (stream.head?.fields ?? []).map(([name, value]) => `${name}: ${value}`)
        return [`HTTP ${stream.head?.status}`, ...lines.slice(1)].join('\r\n')
      },
      get body() {
        return stream.answerBody
      }
    }
  }

  start(): void {
    this.#resends = 0
    this.#sessions.use(this)
  }

  cut(): void {
    this.#sessions.leave(this)
    this.#session?.cancel(this.#stream)
    this.#account()
  }

  /** The session is not the lane's alone. */
  retire(): void {
    return
  }

  entered(phase: Phase, sinceUs: number): void {
    this.#lane.entered(phase, sinceUs)
  }

  passed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    this.#lane.passed(phase, fromUs, untilUs, turns)
  }

  ready(session: Http2Session): void {
    const lane = this.#lane
    const { seq } = lane.result
    const { request, runTag } = this.#context
    this.#session = session
    // Whoever waited for the connection to open had to connect, first on it or not.
    lane.carried(
      session.number,
      this.#sessions.carried,
      lane.result.phaseTurns[PHASE_INDEX.tcp] === 0,
      session.isIdle ? session.tcp : null
    )
    if (this.#block === null) {
      const bytes = bodyOf(request, seq)
      const block = blockOf(this.#context, headersOf(request, runTag, seq, bytes))
      this.#stream.prepare(block, { bytes, seqOffsets: [] }, seq)
    } else this.#stream.prepare(this.#block, request.body, seq)
    lane.writing(nowUs())
    session.open(this.#stream)
    this.#sessions.begun()
  }

  sent(atUs: number): void {
    if (this.#stream.wasHeld) this.#lane.written(atUs)
    else this.#lane.written(atUs, 0)
  }

  moved(atUs: number): void {
    this.#lane.progressed(atUs)
  }

  headed(atUs: number): void {
    this.#lane.answering(atUs)
  }

  answered(atUs: number): void {
    this.#account()
    this.#answer.status = this.#stream.head?.status ?? 0
    this.#lane.complete(atUs, this.#answer)
  }

  returned(reason: string | null): void {
    if (reason !== null) {
      if (++this.#resends > MOST_RESENDS) {
        this.#lane.fail(reason, this.#refusal())
        return
      }
      this.#lane.returned(nowUs())
    }
    this.#account()
    this.#sessions.use(this)
  }

  /** The connection could not be opened. */
  failed({ code, sample }: Failure): void {
    this.#lane.fail(code, sample)
  }

  broken(code: string, message: string): void {
    this.#lane.fail(code, message)
  }

  lost(code: string, message: string): void {
    this.#lane.lost(code, message)
  }

  /** Takes the send off its session, with the bytes that it has used. */
  #account(): void {
    const session = this.#session
    if (session === null) return
    this.#session = null
    const { result } = this.#lane
    const loose = session.takeLooseBytes()
    result.bytesOut += loose.out + this.#stream.bytesOut
    result.bytesIn += loose.in + this.#stream.bytesIn
  }

  /** The first streams of a connection are on their way before the server has told how many it takes. */
  #refusal(): string {
    const said = `the server refused the request ${MOST_RESENDS + 1} times before it did anything about it`
    const most = this.#session?.maxConcurrentStreams ?? Infinity
    return most > MOST_STREAMS
      ? said
      : `${said}: it takes ${most} at a time; use "http": { "streams": ${most} }`
  }
}

function blockOf({ request }: HttpContext, headers: readonly Header[]): Buffer {
  return encodeFields(
    [
      [':method', request.method],
      [':scheme', request.scheme],
      [':authority', request.authority],
      [':path', request.path],
      ...headers.map(([name, value]): Header => [name.toLowerCase(), value]),
      ['content-length', String(request.body.bytes.length)]
    ],
    isSecret
  )
}
