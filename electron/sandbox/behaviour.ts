import { seededRandom } from '../../shared/insight/random.ts'
import { nowUs } from '../transports/clock.ts'
import type { PreciseTimer } from './precise-timer.ts'

/** How the built-in servers behave; everything is off by default. */
export interface BehaviourOptions {
  /** Time before each SMTP reply, and before each HTTP answer. */
  thinkMs?: number
  /** Share of messages (0..1) that the servers fail to take: SMTP 451, HTTP 500. */
  failureRate?: number
  /** Seed of the choice of failing messages. */
  seed?: number
  /** Messages per second above which the servers answer "slow down": SMTP 450, HTTP 429. */
  throttleAbovePerSecond?: number
  /** Messages that are worked on at once; the others wait their turn. */
  maxConcurrent?: number
  /** One pause in which nothing is answered: when it begins, counted from the first message, and how long it lasts. */
  stallAtMs?: number
  stallForMs?: number
}

/** How far ahead of its rate a throttled client may get, s. Evens out jitter, yet hides no higher rate. */
const THROTTLE_BURST_SECONDS = 0.05

/** Decides for all servers of a sandbox what happens to a message and when a reply may leave. */
export class Behaviour {
  readonly #timer: PreciseTimer
  readonly #thinkUs: number
  readonly #failureRate: number
  readonly #random: () => number
  readonly #throttlePerUs: number
  readonly #burst: number
  readonly #stallAtUs: number
  readonly #stallForUs: number
  #tokens: number
  #refilledUs = nowUs()
  #freeSlots: number
  readonly #waiting: (() => void)[] = []
  #stallBeginsUs = Infinity

  constructor(options: BehaviourOptions, timer: PreciseTimer) {
    this.#timer = timer
    this.#thinkUs = (options.thinkMs ?? 0) * 1000
    this.#failureRate = options.failureRate ?? 0
    this.#random = seededRandom(options.seed ?? 1)
    const perSecond = options.throttleAbovePerSecond ?? Infinity
    this.#throttlePerUs = perSecond / 1e6
    this.#burst = Math.max(2, perSecond * THROTTLE_BURST_SECONDS)
    this.#tokens = this.#burst
    this.#freeSlots = options.maxConcurrent ?? Infinity
    this.#stallAtUs = (options.stallAtMs ?? 0) * 1000
    this.#stallForUs = (options.stallForMs ?? 0) * 1000
  }

  /** True when this message comes faster than the throttle allows. */
  throttles(): boolean {
    if (this.#throttlePerUs === Infinity) return false
    const now = nowUs()
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#refilledUs) * this.#throttlePerUs)
    this.#refilledUs = now
    if (this.#tokens < 1) return true
    this.#tokens--
    return false
  }

  /** Runs `reply` after the think time; at once when there is none. */
  beforeReply(reply: () => void): void {
    const dueUs =
      this.#thinkUs === 0 && this.#stallForUs === 0 ? 0 : this.#afterStallUs(nowUs() + this.#thinkUs)
    if (dueUs <= nowUs()) reply()
    else this.#timer.schedule(dueUs, reply)
  }

  /** Works on a message that is complete: waits for a free slot and the think time, then tells whether it was taken. */
  work(done: (taken: boolean) => void): void {
    if (this.#stallBeginsUs === Infinity) this.#stallBeginsUs = nowUs() + this.#stallAtUs
    if (this.#freeSlots === 0) {
      this.#waiting.push(() => this.#workNow(done))
      return
    }
    this.#freeSlots--
    this.#workNow(done)
  }

  #workNow(done: (taken: boolean) => void): void {
    this.beforeReply(() => {
      done(this.#failureRate === 0 || this.#random() >= this.#failureRate)
      const next = this.#waiting.shift()
      if (next === undefined) this.#freeSlots++
      else next()
    })
  }

  /** The time itself, or the end of the stall that it falls into. */
  #afterStallUs(timeUs: number): number {
    const endsUs = this.#stallBeginsUs + this.#stallForUs
    return timeUs >= this.#stallBeginsUs && timeUs < endsUs ? endsUs : timeUs
  }
}
