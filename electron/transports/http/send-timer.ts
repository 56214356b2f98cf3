import { nowUs } from '../clock.ts'

/**
 * The time limit of a lane's sends. One timer serves them all: it looks at the clock when it rings and sleeps on
 * when the send that was meant is long over, so that starting costs nothing.
 */
export class SendTimer {
  readonly #limitUs: number
  readonly #onLimit: () => void
  #timer: NodeJS.Timeout | null = null
  #startedUs = 0
  #running = false

  constructor(limitMs: number, onLimit: () => void) {
    this.#limitUs = limitMs * 1000
    this.#onLimit = onLimit
  }

  start(startedUs: number): void {
    this.#startedUs = startedUs
    this.#running = true
    if (this.#timer === null) this.#sleep(this.#limitUs)
  }

  stop(): void {
    this.#running = false
  }

  /** Gives the timer back; a later start takes a new one. */
  clear(): void {
    this.#running = false
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #sleep(us: number): void {
    this.#timer = setTimeout(() => this.#ring(), Math.ceil(us / 1000)).unref()
  }

  #ring(): void {
    this.#timer = null
    if (!this.#running) return
    const leftUs = this.#startedUs + this.#limitUs - nowUs()
    if (leftUs > 0) this.#sleep(leftUs)
    else {
      this.#running = false
      this.#onLimit()
    }
  }
}
