import { FIRST_FLIGHT_BYTES } from '../../../shared/insight/tcp-window.ts'
import { PHASE_INDEX, type Phase } from '../../../shared/record/words.ts'
import type { Lane } from '../client.ts'
import { nowUs } from '../clock.ts'
import { sendTimeoutFailure, shortageAdvice, timeoutFailure } from '../connect/failure.ts'
import type { TcpWatch } from '../connect/tcp-sight.ts'
import type { Timed } from '../connect/sweeper.ts'
import { Conversation, type Told } from '../conversation.ts'
import { SendResult } from '../send-result.ts'
import { bodyText } from './body-text.ts'
import type { Exchange, ExchangeListener } from './exchange.ts'
import type { HttpContext } from './http-context.ts'
import type { Answer } from './judge.ts'
import { bodyOf, headersOf } from './request.ts'
import { answerText, requestText } from './trace-text.ts'

const { request: REQUEST, wait: WAIT } = PHASE_INDEX

/** Turns of a phase that was cut while it was waited for. */
const TURN_OF: Partial<Record<Phase, number>> = { tcp: 1, tls: 1, wait: 1 }

/** Sends one request after another over an exchange: what every HTTP client measures, limits, judges and tells alike. */
export class HttpLane implements Lane, Timed, ExchangeListener {
  readonly result: SendResult
  isBusy = false
  readonly #context: HttpContext
  readonly #exchange: Exchange
  readonly #onDone: (result: SendResult) => void
  #phase: Phase = 'tcp'
  #phaseUs = 0
  /** When the first byte of the answer was heard; 0 before. */
  #firstByteUs = 0
  /** When the send was begun, or begun anew: waiting from before is not its own, or booked already. */
  #begunUs = 0
  /** When the first byte of the request was written. */
  #writingUs = 0
  #tcp: TcpWatch | null = null
  /** When something moved last. */
  #progressUs = 0
  #isTimed = false
  /** An answer was looked at for the peer's name: it stands in each of them, or in none. */
  #isIntroduced = false
  /** The answer that is being judged; null before. */
  #answer: Answer | null = null
  readonly #asking: Told = { told: () => this.#requestText().split('\r\n') }
  readonly #answering: Told = { told: () => this.#answerText().split('\r\n') }

  /** @param open makes the exchange of this lane */
  constructor(
    index: number,
    context: HttpContext,
    open: (lane: ExchangeListener) => Exchange,
    onDone: (result: SendResult) => void
  ) {
    this.result = new SendResult(index, new Conversation(context.judge.clean))
    this.#context = context
    this.#onDone = onDone
    this.#exchange = open(this)
  }

  send(seq: number, dueUs: number): void {
    const startedUs = nowUs()
    this.result.begin(seq, dueUs, startedUs)
    this.isBusy = true
    this.#tcp = null
    this.#firstByteUs = 0
    this.#phase = 'tcp'
    this.#phaseUs = this.#progressUs = this.#begunUs = startedUs
    if (!this.#isTimed) {
      this.#isTimed = true
      this.#context.connector.sweeper.add(this)
    }
    this.#exchange.start()
  }

  abort(): void {
    this.#isTimed = false
    this.#context.connector.sweeper.delete(this)
    if (!this.isBusy) return this.#exchange.retire()
    const { result } = this
    result.outcome = 'aborted'
    result.code = 'ABORTED'
    result.sample = 'cut before its outcome was known'
    this.#cut()
  }

  sweep(now: number): void {
    if (!this.isBusy) return
    const { timeoutMs, sendTimeoutMs } = this.#context
    if (sendTimeoutMs !== null && now - this.result.startedUs > sendTimeoutMs * 1000) {
      this.fail('TIMEOUT', sendTimeoutFailure(this.#waitingIn, sendTimeoutMs).sample)
    } else if (now - this.#progressUs > timeoutMs * 1000) {
      this.fail('TIMEOUT', timeoutFailure(this.#waitingIn, timeoutMs).sample)
    }
  }

  entered(phase: Phase, sinceUs: number): void {
    this.#phase = phase
    this.#phaseUs = sinceUs
    this.#progressUs = Math.max(sinceUs, this.#begunUs)
  }

  passed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    const waitedUs = untilUs - Math.max(fromUs, this.#begunUs)
    this.result.waited(phase, waitedUs, turns)
    this.result.conversation?.waited(phase, untilUs, waitedUs, turns)
  }

  carried(connection: number, before: number, reused: boolean, tcp: TcpWatch | null): void {
    this.#tcp = tcp
    this.result.carriedBefore = before
    this.result.connection = connection
    this.result.reused = reused
  }

  writing(atUs: number): void {
    this.#phase = 'request'
    this.#phaseUs = this.#progressUs = this.#writingUs = atUs
    this.result.conversation?.said('request', atUs, this.#asking)
    if (this.#context.trace !== undefined) this.#traceRequest(atUs)
  }

  written(sentUs: number, requestUs = sentUs - this.#phaseUs): void {
    if (this.#phase !== 'request') return
    this.result.waited('request', requestUs, 0)
    this.#phase = 'wait'
    this.#phaseUs = this.#progressUs = sentUs
  }

  returned(atUs: number): void {
    this.written(atUs)
    this.result.waited('wait', Math.max(0, atUs - this.#phaseUs), 1)
    this.#context.stats.resent++
    this.#phaseUs = this.#progressUs = this.#begunUs = atUs
  }

  progressed(atUs: number): void {
    this.#progressUs = atUs
  }

  answering(atUs: number): void {
    this.#progressUs = atUs
    if (this.#firstByteUs !== 0) return
    this.#firstByteUs = atUs
    const { result } = this
    const { length } = this.#context.request.body.bytes
    const before = result.transferUs
    // Now, because whoever is done with a connection may say so on it at once.
    this.#tcp?.waited(result, this.#writingUs, atUs, Math.max(length, result.bytesOut))
    this.#tcp = null
    // What a full socket or HTTP/2's own window held back here was on its way, and not at the server, whoever tells of TCP.
    if (length > FIRST_FLIGHT_BYTES) {
      result.transferUs = Math.max(result.transferUs, before + result.phaseUs[REQUEST]!)
    }
  }

  interim(): void {
    this.#firstByteUs = 0
  }

  complete(doneUs: number, answer: Answer, lastByteUs = doneUs): void {
    const { result } = this
    const { judge, connector } = this.#context
    this.#bookAnswer(lastByteUs)
    judge.settle(result, answer)
    this.#answer = answer
    result.conversation?.answered('response', doneUs, this.#answering)
    this.#noteTurn()
    if (!this.#isIntroduced) {
      this.#isIntroduced = true
      if (connector.observed?.banner === null)
        connector.observe({ banner: judge.banner(answer.header('server')) })
    }
    if (this.#context.trace !== undefined) this.#traceAnswer(doneUs)
    this.#finish(doneUs)
  }

  fail(code: string, message: string): void {
    const { result } = this
    result.outcome = 'failed'
    result.mayBeDelivered = this.#phase === 'wait' || this.#phase === 'response'
    result.code = code
    const advice = shortageAdvice(code)
    const isAdvised = advice === undefined || message.includes(advice)
    result.sample = this.#context.judge.scrub(isAdvised ? message : `${message}; ${advice}`)
    this.#cut()
  }

  lost(code: string, message: string): void {
    this.fail(
      code,
      `${message} ${this.#firstByteUs === 0 ? 'before it answered' : 'in the middle of its answer'}`
    )
  }

  /** The phase that is waited in: an answer that has begun is booked only when it ends. */
  get #waitingIn(): Phase {
    return this.#firstByteUs === 0 ? this.#phase : 'response'
  }

  /** Books the waiting for the answer: up to its first byte a turn, then none. */
  #bookAnswer(lastByteUs: number): void {
    this.written(this.#firstByteUs)
    const waitedUs = Math.max(0, this.#firstByteUs - this.#phaseUs)
    this.result.waited('wait', waitedUs, 1)
    this.result.conversation?.waited('wait', this.#firstByteUs, waitedUs, 1)
    this.result.waited('response', lastByteUs - this.#firstByteUs, 0)
    this.#phase = 'response'
    this.#phaseUs = lastByteUs
  }

  /**
   * Takes an accepted send's exchange for a bound of the round trip. It runs from the first byte written: an answer
   * may come before the last one has left, but none is worth a 2xx before the first was heard.
   */
  #noteTurn(): void {
    const { outcome, phaseUs } = this.result
    const { stats } = this.#context
    if (outcome === 'accepted')
      stats.leastTurnUs = Math.min(stats.leastTurnUs, phaseUs[REQUEST]! + phaseUs[WAIT]!)
  }

  /** Ends a send that got no usable answer: its open wait is booked, its request given up. */
  #cut(): void {
    const { result } = this
    const endUs = nowUs()
    if (this.#firstByteUs !== 0) this.#bookAnswer(endUs)
    else {
      const waitedUs = Math.max(0, endUs - Math.max(this.#phaseUs, this.#begunUs))
      const turns = TURN_OF[this.#phase] ?? 0
      result.waited(this.#phase, waitedUs, turns)
      result.conversation?.waited(this.#phase, endUs, waitedUs, turns)
    }
    result.phase = this.#phase
    this.#exchange.cut()
    this.#finish(endUs)
  }

  #finish(doneUs: number): void {
    this.isBusy = false
    this.result.doneUs = doneUs
    // Of a request that was carried anew, only the last connection counts.
    if (this.result.reused) this.#context.stats.reused++
    this.#onDone(this.result)
  }

  #traceRequest(atUs: number): void {
    this.#context.trace?.({ kind: 'sent', atUs, phase: 'request', text: this.#requestText() })
  }

  #traceAnswer(doneUs: number): void {
    const { trace } = this.#context
    const waitedUs = this.result.phaseUs[WAIT]!
    trace?.({ kind: 'waited', atUs: this.#firstByteUs, phase: 'wait', waitedUs, turns: 1 })
    trace?.({ kind: 'heard', atUs: doneUs, phase: 'response', text: this.#answerText() })
  }

  #requestText(): string {
    const { request, runTag } = this.#context
    const { seq } = this.result
    const body = bodyOf(request, seq)
    return requestText(request, headersOf(request, runTag, seq, body), body)
  }

  #answerText(): string {
    const answer = this.#answer
    if (answer === null) return ''
    const body = bodyText(answer.body, () => answer.header('content-encoding'))
    return answerText(this.#context.request, answer.head, body)
  }
}
