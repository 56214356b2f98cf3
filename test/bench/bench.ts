import { performance } from 'node:perf_hooks'
import { median } from '../../shared/insight/statistics.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'

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

/** A group of rows that `npm run bench -- NAME` runs alone. Its table stands on the page between two marks `<!-- NAME -->`. */
export interface Suite {
  name: string
  /** Gives its rows as they are measured. */
  run(): AsyncGenerator<Row> | Generator<Row>
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

/** Median of some times, `123 ms`. */
export function milliseconds(seconds: readonly number[]): string {
  return `${Math.round(median(seconds) * 1000)} ms`
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

/** Messages of a run that is long enough to have seconds after its first. */
const FIRST_SECOND_MESSAGES = 400_000

/** What the first second of a run without warm-up sends, over what the seconds after it do. */
export async function firstSecondRow(
  name: string,
  run: (load: { concurrency: number; messages: number; warmupSeconds: number }) => Promise<TransportRecord>
): Promise<Row> {
  const firsts: number[] = []
  const laters: number[] = []
  for (let turn = 0; turn < REPETITIONS; turn++) {
    const { timeline } = await run({ concurrency: 10, messages: FIRST_SECOND_MESSAGES, warmupSeconds: 0 })
    // Seconds are the run's: of its first one only a part was sent in, and its last one is not whole either.
    const [first, second, ...later] = timeline.slice(0, -1)
    if (first === undefined || second === undefined)
      throw new Error('the run is too short to have a first second')
    firsts.push(first.accepted + (1 - first.measuredSeconds) * second.accepted)
    laters.push(median(later.map(({ accepted }) => accepted)))
  }
  return rateRow(`${name}, the first second of a run without warm-up`, 'the seconds after it', 0.7, {
    ours: firsts,
    peer: laters,
    ratios: firsts.map((first, turn) => first / (laters[turn] ?? NaN))
  })
}
