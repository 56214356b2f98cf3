/** A beat that comes this much later than the one before was not late but missing: the process, or the machine, stood still. µs. */
const GAP_US = 2_000_000
/** How often the watch looks by itself, ms. */
const BEAT_MS = 250

/** A time in which this process did not run, µs of the thread's clock. */
export interface Gap {
  fromUs: number
  untilUs: number
}

/**
 * Notices when the process stood still: stopped, or its machine asleep. What was in flight then waited for this machine
 * and not for its peer.
 */
export class GapWatch {
  readonly gaps: Gap[] = []
  #lastUs: number
  /** Wall clock less the thread's clock, µs: the latter may stand still while the machine sleeps. */
  #aheadUs: number
  readonly #now: () => { us: number; wallUs: number }
  readonly #timer: NodeJS.Timeout

  /** @param now the thread's clock and the wall clock, µs */
  constructor(now: () => { us: number; wallUs: number }) {
    this.#now = now
    const { us, wallUs } = now()
    this.#lastUs = us
    this.#aheadUs = wallUs - us
    this.#timer = setInterval(() => this.look(), BEAT_MS)
    this.#timer.unref()
  }

  /** Looks at the clock: at every beat, and before a result is judged, which may come before the beat. */
  look(): void {
    const { us, wallUs } = this.#now()
    const aheadUs = wallUs - us
    if (us - this.#lastUs > GAP_US || aheadUs - this.#aheadUs > GAP_US) {
      this.gaps.push({ fromUs: this.#lastUs, untilUs: us })
    }
    this.#lastUs = us
    this.#aheadUs = aheadUs
  }

  /** Whether a time reaches into a gap. */
  isSpoiled(fromUs: number, untilUs: number): boolean {
    return this.gaps.length > 0 && this.gaps.some((gap) => fromUs <= gap.untilUs && untilUs >= gap.fromUs)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
