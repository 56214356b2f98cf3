import { LoadedRttTally, type LoadedRtts } from '../record/loaded-rtt.ts'
import type { RoundTripProbe } from './round-trip-probe.ts'

/** How often a round trip is measured while a load runs, ms. */
const EVERY_MS = 1000

/** Round trips under load: one a second, over a connection of its own that carries nothing. */
export class LoadRoundTrips {
  readonly #tally = new LoadedRttTally()
  readonly #probe: RoundTripProbe
  #timer: NodeJS.Timeout | undefined
  #isAsking = false

  constructor(probe: RoundTripProbe) {
    this.#probe = probe
  }

  begin(): void {
    this.#timer ??= setInterval(() => void this.#ask(), EVERY_MS)
  }

  end(): void {
    clearInterval(this.#timer)
    this.#probe.close()
  }

  /** What was measured so far; of one size however long it took. Null for nothing. */
  get seen(): LoadedRtts | null {
    return this.#tally.seen
  }

  async #ask(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    const us = await this.#probe.sample()
    this.#isAsking = false
    if (us !== null) this.#tally.add(us)
  }
}
