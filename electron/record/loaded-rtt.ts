import { seededRandom } from '../../shared/insight/random.ts'
import { median, sum } from '../../shared/insight/statistics.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { LoadedRtt } from '../../shared/record/run-record.ts'
import type { TransportStart } from './run-start.ts'

/** Round trips kept of one load, for their median: a report every second must not grow with the load's length. */
const MOST_SAMPLES = 500

/** Round trips while an open load ran, µs. */
export interface LoadedRtts {
  count: number
  sumUs: number
  greatestUs: number
  /** All of them, or a fair sample where there are many. */
  sampleUs: number[]
}

/** Adds up the round trips of one load, each as likely to be in the sample as any other (Vitter 1985, algorithm R). */
export class LoadedRttTally {
  #seen: LoadedRtts | null = null
  readonly #random = seededRandom(1)

  add(us: number): void {
    const seen = (this.#seen ??= { count: 0, sumUs: 0, greatestUs: 0, sampleUs: [] })
    seen.count++
    seen.sumUs += us
    seen.greatestUs = Math.max(seen.greatestUs, us)
    const at = seen.count <= MOST_SAMPLES ? seen.count - 1 : Math.floor(this.#random() * seen.count)
    if (at < MOST_SAMPLES) seen.sampleUs[at] = us
  }

  /** What was added so far; null for nothing. */
  get seen(): LoadedRtts | null {
    return this.#seen
  }
}

/** Round trips under load beside those before; with an emulated link, both with what lies behind it. */
export function loadedRttOf(
  parts: readonly LoadedRtts[],
  { emulatedRttMs, connectsUs }: TransportStart,
  { emulate }: Plan
): LoadedRtt | null {
  const idleMs = emulatedRttMs ?? (connectsUs.length === 0 ? null : median(connectsUs) / 1000)
  if (idleMs === null || parts.length === 0) return null
  const behindMs = emulatedRttMs === null ? 0 : emulatedRttMs - emulate.rttMs
  const samples = sum(parts.map(({ count }) => count))
  return {
    idleMs,
    medianMs: behindMs + middleUs(parts) / 1000,
    meanMs: behindMs + sum(parts.map(({ sumUs }) => sumUs)) / samples / 1000,
    greatestMs: behindMs + Math.max(...parts.map(({ greatestUs }) => greatestUs)) / 1000,
    samples
  }
}

/** The median of all: each of a sample stands for as many as it was drawn from. */
function middleUs(parts: readonly LoadedRtts[]): number {
  const ascending = parts
    .flatMap(({ count, sampleUs }) => sampleUs.map((us) => ({ us, weight: count / sampleUs.length })))
    .sort((a, b) => a.us - b.us)
  const half = sum(ascending.map(({ weight }) => weight)) / 2
  let upTo = 0
  const middle = ascending.filter(({ weight }) => {
    const before = upTo
    upTo += weight
    return before <= half && upTo >= half
  })
  return median(middle.map(({ us }) => us))
}
