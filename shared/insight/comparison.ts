import { decodeHistogram, mergeHistograms, percentileMs, type Histogram } from '../record/histogram.ts'
import type { Comparison, TransportRecord } from '../record/run-record.ts'
import { holm, ratioInterval, type RoundFigure } from './ratio-interval.ts'
import { percentileFigure, throughputFigure, type Times } from './round-figures.ts'
import { enoughSamples } from './statistics.ts'
import { isOverloaded } from './overload.ts'

type Metric = Comparison['metric']

/** Percentile behind each metric; null for a rate. */
const METRICS = {
  'response.p50': 50,
  'response.p95': 95,
  'response.p99': 99,
  throughput: null,
  'inbox.p50': 50,
  'inbox.p95': 95,
  'inbox.p99': 99
} as const satisfies Record<Metric, number | null>

/** A difference whose ratio reads as 1.00 is none. */
const LEAST_VISIBLE = Math.log(1.005)
/** A difference that chance explains more often than this is none. */
const LEAST_CHANCE = 0.05

/** Two transports to compare. */
interface Pair {
  a: TransportRecord
  b: TransportRecord
}

/** Compares every two transports of a run, in the order of the plan: `a` stands before `b` there. */
export function compareAll(transports: readonly TransportRecord[]): Comparison[] {
  const pairs = transports.flatMap((a, index) => transports.slice(index + 1).map((b) => ({ a, b })))
  return comparePairs(pairs, true)
}

/**
 * Compares pairs of transports in every metric that can be compared. There is no comparison of two that have fewer
 * than three rounds with accepted sends to compare: one or two tell nothing about how much rounds vary. Whether a pair
 * differs is judged among all pairs (Holm), so that of many equal transports hardly ever one stands out.
 * @param paired both of a pair are of the same run, so that their rounds ran side by side
 */
export function comparePairs(pairs: readonly Pair[], paired: boolean): Comparison[] {
  const figures = new FigureCache()
  const found = pairs.flatMap((pair) => comparePair(pair, paired, figures))
  const adjusted = new Map(
    (Object.keys(METRICS) as Metric[]).flatMap((metric) => {
      const tested = found.filter((comparison) => comparison.metric === metric && comparison.enough)
      const probabilities = holm(tested.map(({ p }) => p))
      return tested.map((comparison, index) => [comparison, probabilities[index] ?? 1] as const)
    })
  )
  return found.map((comparison) => {
    const p = adjusted.get(comparison) ?? null
    const isVisible = Math.abs(Math.log(comparison.ratio)) > LEAST_VISIBLE
    return { ...comparison, p, differs: p !== null && p < LEAST_CHANCE && isVisible }
  })
}

function comparePair({ a, b }: Pair, paired: boolean, figures: FigureCache): (Comparison & { p: number })[] {
  return (Object.keys(METRICS) as Metric[]).flatMap((metric) => {
    const common = paired ? commonRounds(a, b, metric) : null
    const samples = Math.min(samplesOf(a, metric), samplesOf(b, metric))
    if (samples === 0) return []
    const [figureA, figureB] = [figures.of(a, metric, common), figures.of(b, metric, common)]
    const interval = ratioInterval(figureA, figureB, paired)
    if (interval === null) return []
    const percent = METRICS[metric]
    const enough = percent === null || enoughSamples(samples, percent)
    const rounds = Math.min(figureA.rounds.length, figureB.rounds.length)
    const isOfTime = metric !== 'throughput'
    const overloaded = isOfTime && (isOverloaded(a) || isOverloaded(b)) ? { overloaded: true } : {}
    const names = { a: a.name, b: b.name, metric }
    return [{ ...names, ...interval, samples, rounds, ...overloaded, enough, differs: false }]
  })
}

/** Whether a metric is of arrivals rather than of acceptances. */
function isInbox(metric: Metric): boolean {
  return metric.startsWith('inbox.')
}

function samplesOf({ counts, delivery }: TransportRecord, metric: Metric): number {
  return isInbox(metric) ? (delivery?.arrived ?? 0) : counts.accepted
}

/** Numbers of the rounds in which both have what the metric is of; null when those are all that either has. */
function commonRounds(a: TransportRecord, b: TransportRecord, metric: Metric): ReadonlySet<number> | null {
  const [numbersA, numbersB] = [numbers(a, metric), numbers(b, metric)]
  const common = new Set([...numbersA].filter((number) => numbersB.has(number)))
  return common.size === numbersA.size && common.size === numbersB.size ? null : common
}

function numbers(transport: TransportRecord, metric: Metric): Set<number> {
  return new Set(usable(transport, metric).map(({ round }) => round))
}

interface UsableRound {
  round: number
  durationSeconds: number
  histogram: string
}

/**
 * Rounds that hold something, with the times that the metric is of. Places measure a round for as long as each of them
 * takes; what makes its throughput, the sum of theirs, is the time in which all of them would have had as much accepted.
 */
function usable(transport: TransportRecord, metric: Metric): UsableRound[] {
  const accepted = transport.rounds.flatMap(({ round, counts, throughput, histogram }) =>
    counts.accepted > 0 ? [{ round, durationSeconds: counts.accepted / throughput, histogram }] : []
  )
  if (!isInbox(metric)) return accepted
  return accepted.flatMap(({ round, durationSeconds }) => {
    const arrived = transport.delivery?.rounds.find((each) => each.round === round)
    return arrived === undefined ? [] : [{ round, durationSeconds, histogram: arrived.inboxHistogram }]
  })
}

/** What figures are made from. */
interface RoundsTimes {
  rounds: readonly UsableRound[]
  each: Times[]
  all: Times
}

/** Figures of transports, read from their histograms once: a transport of many stands in many pairs. */
class FigureCache {
  readonly #accepted = new Map<TransportRecord, RoundsTimes>()
  readonly #arrived = new Map<TransportRecord, RoundsTimes>()

  /** @param only numbers of the rounds to use; null for all that hold something */
  of(transport: TransportRecord, metric: Metric, only: ReadonlySet<number> | null): RoundFigure {
    const { rounds, each, all } = this.#timesOf(transport, metric, only)
    const percent = METRICS[metric]
    if (percent !== null) return percentileFigure(each, all, percent)
    const seconds = rounds.map(({ durationSeconds }) => durationSeconds)
    return throughputFigure(each, all, seconds)
  }

  #timesOf(transport: TransportRecord, metric: Metric, only: ReadonlySet<number> | null): RoundsTimes {
    const found = usable(transport, metric)
    if (only !== null) return readTimes(found.filter(({ round }) => only.has(round)))
    const known = isInbox(metric) ? this.#arrived : this.#accepted
    let times = known.get(transport)
    if (times === undefined) known.set(transport, (times = readTimes(found)))
    return times
  }
}

function readTimes(rounds: readonly UsableRound[]): RoundsTimes {
  const histograms = rounds.map(({ histogram }) => decodeHistogram(histogram))
  return { rounds, each: histograms.map(timesOf), all: timesOf(mergeHistograms(histograms)) }
}

/** Times in ms. A percentile is worked out of all buckets: each is worked out once. */
function timesOf(histogram: Histogram): Times {
  const known = new Map<number, number>()
  return {
    count: histogram.totalCount,
    percentile(percent) {
      let ms = known.get(percent)
      if (ms === undefined) known.set(percent, (ms = percentileMs(histogram, percent) ?? Number.NaN))
      return ms
    }
  }
}

/** Looks up a comparison of two transports whichever way round it was made: the answer is always a against b. */
export function findComparison(
  comparisons: readonly Comparison[],
  a: string,
  b: string,
  metric: Metric
): Comparison | null {
  const found = comparisons.find(
    (each) => each.metric === metric && ((each.a === a && each.b === b) || (each.a === b && each.b === a))
  )
  if (found === undefined) return null
  return found.a === a ? found : { ...secondByFirst(found), a, b }
}

/** The same comparison turned around, its names left as they are: the second's figure by the first's, or less the first's. */
export function secondByFirst(comparison: Comparison): Comparison {
  const { ratio, low, high, difference, differenceLow, differenceHigh } = comparison
  return {
    ...comparison,
    ...{ ratio: 1 / ratio, low: 1 / high, high: 1 / low },
    ...{ difference: -difference, differenceLow: -differenceHigh, differenceHigh: -differenceLow }
  }
}
