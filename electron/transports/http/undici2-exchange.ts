import type { IncomingHttpHeaders } from 'node:http'
import { nowUs } from '../clock.ts'
import type { Phase } from '../../../shared/record/words.ts'
import type { Exchange, ExchangeListener } from './exchange.ts'
import type { HttpContext } from './http-context.ts'
import { ReadAnswer } from './judge.ts'
import { UndiciCall, type UndiciCaller } from './undici-call.ts'
import type { Undici2Session, Undici2User } from './undici2-session.ts'
import type { Undici2Sessions } from './undici2-sessions.ts'

/** undici over HTTP/2: one stream at a time on a session that is shared with other lanes. */
export class Undici2Exchange implements Exchange, UndiciCaller, Undici2User {
  readonly #lane: ExchangeListener
  readonly #sessions: Undici2Sessions
  readonly #call: UndiciCall
  /** The session that the send was given to: the one in use, or one that has been left since. */
  #session: Undici2Session
  #isConnecting = false
  /** Takes back a send that waits for its session's first connection; null where it waits for none. */
  #waiting: AbortController | null = null

  constructor(context: HttpContext, sessions: Undici2Sessions, lane: ExchangeListener) {
    this.#lane = lane
    this.#sessions = sessions
    this.#call = new UndiciCall(context, this)
    this.#session = sessions.current
  }

  start(): void {
    const lane = this.#lane
    const session = (this.#session = this.#sessions.begun(this))
    this.#isConnecting = !session.isOpen
    this.#waiting = session.isOpen ? null : new AbortController()
    if (session.isOpen) lane.carried(session.number, session.carried, true, session.tcp)
    void this.#call.start(session.client, lane.result.seq, false, this.#waiting?.signal)
  }

  cut(): void {
    const session = this.#session
    const { code } = this.#lane.result
    this.#call.forget()
    this.#waiting?.abort()
    this.#account()
    if (this.#waiting !== null) return
    if (code === 'TIMEOUT' || code === 'ABORTED') this.#sessions.forsake(session)
    // undici would put the next send, too, on the session that has come to grief.
    else if (code === 'PROTOCOL' && session === this.#sessions.current) this.#sessions.renew()
  }

  /** The session is not the lane's alone. */
  retire(): void {
    return
  }

  entered(phase: Phase, sinceUs: number): void {
    this.#isConnecting = true
    this.#lane.entered(phase, sinceUs)
  }

  passed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    this.#lane.passed(phase, fromUs, untilUs, turns)
  }

  opened(): void {
    this.#isConnecting = false
    this.#waiting = null
    this.#lane.carried(this.#session.number, 0, false, this.#session.tcp)
    this.given()
  }

  moved(atUs: number): void {
    this.#lane.progressed(atUs)
  }

  /** undici has written by now: what it took to do so was no waiting. */
  given(): void {
    if (this.#isConnecting) return
    const atUs = nowUs()
    this.#lane.writing(atUs)
    this.#lane.written(atUs, 0)
  }

  interim(): void {
    return
  }

  headed(): void {
    this.#lane.answering(nowUs())
  }

  received(): void {
    this.#lane.progressed(nowUs())
  }

  answered(status: number, headers: IncomingHttpHeaders, body: Buffer): void {
    const doneUs = nowUs()
    this.#account()
    this.#sessions.renewIfSpent()
    this.#lane.complete(doneUs, new ReadAnswer(status, headers, body))
  }

  failed(code: string, message: string): void {
    if (code === 'CONNECTION_CLOSED') this.#lane.lost(code, 'the server closed the connection')
    else this.#lane.fail(code, message)
  }

  /** Takes the send off its session, with the bytes that it has used. */
  #account(): void {
    const bytes = this.#sessions.ended(this.#session, this)
    this.#lane.result.bytesOut = bytes.out
    this.#lane.result.bytesIn = bytes.in
  }
}
