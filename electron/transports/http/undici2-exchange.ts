import type { IncomingHttpHeaders } from 'node:http'
import type { Client } from 'undici'
import { nowUs } from '../clock.ts'
import type { Phase } from '../../../shared/record/words.ts'
import type { Exchange, ExchangeListener } from './exchange.ts'
import type { HttpContext } from './http-context.ts'
import { ReadAnswer } from './judge.ts'
import { UndiciCall, type UndiciCaller } from './undici-call.ts'
import type { Undici2Sessions, Undici2User } from './undici2-sessions.ts'

/** undici over HTTP/2: one stream at a time on a client that is shared with other lanes. */
export class Undici2Exchange implements Exchange, UndiciCaller, Undici2User {
  /** The client that the send was given to: the one in use, or one that has been left since. */
  client: Client
  readonly #lane: ExchangeListener
  readonly #sessions: Undici2Sessions
  readonly #call: UndiciCall
  #isConnecting = false

  constructor(context: HttpContext, sessions: Undici2Sessions, lane: ExchangeListener) {
    this.#lane = lane
    this.#sessions = sessions
    this.#call = new UndiciCall(context, this)
    this.client = sessions.client
  }

  start(): void {
    const lane = this.#lane
    const sessions = this.#sessions
    sessions.begun(this)
    this.client = sessions.client
    this.#isConnecting = !sessions.isOpen
    if (sessions.isOpen) lane.carried(sessions.number, sessions.carried, true, sessions.tcp)
    void this.#call.start(this.client, lane.result.seq, false)
  }

  cut(): void {
    const { client } = this
    const { code } = this.#lane.result
    this.#call.forget()
    this.#account()
    if (code === 'TIMEOUT' || code === 'ABORTED') this.#sessions.forsake(client)
    // undici would put the next send, too, on the session that has come to grief.
    else if (code === 'PROTOCOL' && client === this.#sessions.client) this.#sessions.renew()
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
    this.#lane.carried(this.#sessions.number, 0, false, this.#sessions.tcp)
    this.given()
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
    const bytes = this.#sessions.ended(this)
    this.#lane.result.bytesOut = bytes.out
    this.#lane.result.bytesIn = bytes.in
  }
}
