import { performance } from 'node:perf_hooks'
import { median } from '../../shared/statistics.ts'

/** One measured row: a ratio for every repetition, Chattermark's figure over the peer's (or as `what` says). */
export interface Row {
  what: string
  against: string
  /** Least ratio that is good enough; null where the row is judged in another way (then `met` says it). */
  bound: number | null
  ratios: number[]
  /** Medians behind the ratio, in words with units. */
  figures: string
  /** For rows without a bound: whether the demand is met, and what it is. */
  met?: { ok: boolean; demand: string }
}

/** A group of rows that `npm run bench -- NAME` runs alone. */
export interface Suite {
  name: string
  /** Gives its rows as they are measured. */
  run(): AsyncGenerator<Row>
}

/** Repetitions of every comparison; an odd number has a median. */
export const REPETITIONS = Number(process.env.BENCH_REPETITIONS ?? 5)

/**
 * Runs two measurements in turn, A B A B, so that a machine whose speed drifts hits both alike.
 * @returns figures of each and the ratios pair by pair
 */
export async function inTurn(
  ours: () => Promise<number>,
  peer: () => Promise<number>,
  repetitions = REPETITIONS
): Promise<{ ours: number[]; peer: number[]; ratios: number[] }> {
  const result = { ours: [] as number[], peer: [] as number[], ratios: [] as number[] }
  for (let turn = 0; turn < repetitions; turn++) {
    const peerFigure = await peer()
    const ourFigure = await ours()
    result.peer.push(peerFigure)
    result.ours.push(ourFigure)
    result.ratios.push(ourFigure / peerFigure)
  }
  return result
}

/** Median and 99th percentile of some times, ms. */
export interface Percentiles {
  p50Ms: number
  p99Ms: number
}

/** The percentiles of measured times, by nearest rank. */
export function percentiles(timesMs: readonly number[]): Percentiles {
  const sorted = timesMs.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}

/** Times a piece of work, seconds. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

/** `12,345/s`. */
export function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en')}/s`
}

/** A row that compares two rates. */
export function rateRow(
  what: string,
  against: string,
  bound: number | null,
  measured: Awaited<ReturnType<typeof inTurn>>
): Row {
  return {
    what,
    against,
    bound,
    ratios: measured.ratios,
    figures: `${perSecond(median(measured.ours))} against ${perSecond(median(measured.peer))}`
  }
}
