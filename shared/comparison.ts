import { bootstrapInterval, percentileFigure, roundTimes, throughputFigure } from './bootstrap.ts'
import { decodeHistogram } from './histogram.ts'
import type { Comparison, RoundRecord, TransportRecord } from './run-record.ts'
import { enoughSamples } from './statistics.ts'

/** Percentile behind each metric; null for a rate. */
const METRICS = {
  'response.p50': 50,
  'response.p95': 95,
  'response.p99': 99,
  throughput: null
} as const satisfies Record<Comparison['metric'], number | null>

/**
 * Least relative difference that is called one. A histogram tells times apart to 0.1 %, so that two equal
 * medians may be a bucket apart.
 */
const RESOLUTION = 0.002

/** Seed of the resampling: the same record gives the same intervals everywhere. */
const SEED = 1

/** Compares every two transports of a run, in the order of the plan: `a` stands before `b` there. */
export function compareAll(transports: readonly TransportRecord[]): Comparison[] {
  return transports.flatMap((a, index) =>
    transports.slice(index + 1).flatMap((b) => compareTransports(a, b, true))
  )
}

/**
 * Compares two transports in every metric that can be compared. Empty when there are fewer than two rounds
 * with accepted sends to compare: one round tells nothing about how much rounds vary.
 * @param paired both are of the same run, so that their rounds ran side by side
 */
export function compareTransports(a: TransportRecord, b: TransportRecord, paired: boolean): Comparison[] {
  const [roundsA, roundsB] = paired ? commonRounds(a, b) : [usable(a), usable(b)]
  const [timesA, timesB] = [times(roundsA), times(roundsB)]
  const samples = Math.min(a.counts.accepted, b.counts.accepted)
  return (Object.keys(METRICS) as Comparison['metric'][]).flatMap((metric) => {
    const percent = METRICS[metric]
    const interval =
      percent === null
        ? bootstrapInterval(
            throughputFigure(roundsA, timesA),
            throughputFigure(roundsB, timesB),
            paired,
            SEED
          )
        : bootstrapInterval(
            percentileFigure(timesA, percent),
            percentileFigure(timesB, percent),
            paired,
            SEED
          )
    if (interval === null) return []
    const enough = percent === null || enoughSamples(samples, percent)
    const differs =
      enough && (interval.low > 1 || interval.high < 1) && Math.abs(interval.ratio - 1) > RESOLUTION
    return [{ a: a.name, b: b.name, metric, ...interval, samples, enough, differs }]
  })
}

function usable(transport: TransportRecord): RoundRecord[] {
  return transport.rounds.filter((round) => round.counts.accepted > 0)
}

function commonRounds(a: TransportRecord, b: TransportRecord): [RoundRecord[], RoundRecord[]] {
  const [numbersA, numbersB] = [a, b].map((transport) => new Set(usable(transport).map(({ round }) => round)))
  return [
    usable(a).filter(({ round }) => numbersB?.has(round)),
    usable(b).filter(({ round }) => numbersA?.has(round))
  ]
}

function times(rounds: readonly RoundRecord[]): ReturnType<typeof roundTimes> {
  return roundTimes(rounds.map(({ histogram }) => decodeHistogram(histogram)))
}

/** Looks up a comparison of two transports whichever way round it was made: the answer is always a against b. */
export function findComparison(
  comparisons: readonly Comparison[],
  a: string,
  b: string,
  metric: Comparison['metric']
): Comparison | null {
  const found = comparisons.find(
    (each) => each.metric === metric && ((each.a === a && each.b === b) || (each.a === b && each.b === a))
  )
  if (found === undefined) return null
  return found.a === a ? found : inverted(found)
}

function inverted(comparison: Comparison): Comparison {
  return {
    ...comparison,
    a: comparison.b,
    b: comparison.a,
    ratio: 1 / comparison.ratio,
    low: 1 / comparison.high,
    high: 1 / comparison.low,
    difference: -comparison.difference,
    differenceLow: -comparison.differenceHigh,
    differenceHigh: -comparison.differenceLow
  }
}
