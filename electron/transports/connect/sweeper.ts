import { nowUs } from '../clock.ts'

const SWEEPS_PER_LIMIT = 10
const MIN_SWEEP_MS = 5
const MAX_SWEEP_MS = 250

/** Something that may have waited too long. */
export interface Timed {
  /** Ends itself when its time was over by then. */
  sweep(nowUs: number): void
}

/** The one timer of a client: it looks at all that may wait, so that a wait costs no timer of its own. */
export class Sweeper {
  readonly #everyMs: number
  readonly #timed = new Set<Timed>()
  #interval: NodeJS.Timeout | undefined

  /** @param limitMs the shortest limit that is kept: a wait is cut at most a tenth of it, or 250 ms, too late */
  constructor(limitMs: number) {
    this.#everyMs = Math.min(MAX_SWEEP_MS, Math.max(MIN_SWEEP_MS, Math.floor(limitMs / SWEEPS_PER_LIMIT)))
  }

  add(timed: Timed): void {
    this.#timed.add(timed)
    this.#interval ??= setInterval(() => {
      // Timers are served before sockets: what has arrived by now is read before anybody is cut for its silence.
      setImmediate((now) => this.#sweep(now), nowUs())
    }, this.#everyMs).unref()
  }

  delete(timed: Timed): void {
    this.#timed.delete(timed)
    if (this.#timed.size > 0) return
    clearInterval(this.#interval)
    this.#interval = undefined
  }

  #sweep(now: number): void {
    for (const timed of this.#timed) timed.sweep(now)
  }
}
