import { buckets, type Histogram } from './histogram.ts'
import { seededRandom } from './random.ts'
import { standardDeviation, studentT } from './statistics.ts'

/** Resamples per interval. The standard error that comes of them is itself right to about 2 %. */
const RESAMPLES = 1000

/** A figure of a transport that can be worked out for any mix of its rounds. */
export interface RoundFigure {
  rounds: number
  /** The figure when round i was drawn `drawn[i]` times; NaN where there is none. */
  of(drawn: ArrayLike<number>): number
  /** Relative standard error that the number of samples alone would give; 0 where that is unknown. */
  samplingError: number
}

/** A ratio and a difference of two figures with their 95 % intervals. */
export interface Interval {
  ratio: number
  low: number
  high: number
  difference: number
  differenceLow: number
  differenceHigh: number
}

/**
 * Bootstraps over rounds: rounds are drawn with replacement, and the spread of the two figures' ratio over
 * those draws is its standard error. The interval reaches Student's t times that error to each side (on a
 * log scale for the ratio), because an interval cut from the draws themselves covers too little with the few
 * rounds that a run has. The error is never taken to be below what the samples within the rounds imply: a
 * handful of rounds can agree by luck.
 *
 * @param paired round i of both ran side by side, so both are drawn together and drift cancels out
 * @returns null when there are fewer than two rounds, or a figure is not above zero
 */
export function bootstrapInterval(
  a: RoundFigure,
  b: RoundFigure,
  paired: boolean,
  seed: number
): Interval | null {
  const rounds = Math.min(a.rounds, b.rounds)
  const [valueA, valueB] = [a.of(once(a.rounds)), b.of(once(b.rounds))]
  if (rounds < 2 || !(valueA > 0) || !(valueB > 0)) return null
  const random = seededRandom(seed)
  const [drawnA, drawnB] = [new Uint32Array(a.rounds), new Uint32Array(b.rounds)]
  const logRatios: number[] = []
  const differences: number[] = []
  for (let resample = 0; resample < RESAMPLES; resample++) {
    draw(drawnA, random)
    if (!paired) draw(drawnB, random)
    const [resampledA, resampledB] = [a.of(drawnA), b.of(paired ? drawnA : drawnB)]
    if (!(resampledA > 0) || !(resampledB > 0)) continue
    logRatios.push(Math.log(resampledA / resampledB))
    differences.push(resampledA - resampledB)
  }
  // The divisor n of a standard deviation makes a bootstrapped error too small by this factor.
  const unbias = Math.sqrt(rounds / (rounds - 1))
  const reach = studentT(rounds - 1)
  const ratioReach =
    reach * Math.max(unbias * standardDeviation(logRatios), Math.hypot(a.samplingError, b.samplingError))
  const differenceReach =
    reach *
    Math.max(
      unbias * standardDeviation(differences),
      Math.hypot(a.samplingError * valueA, b.samplingError * valueB)
    )
  const [ratio, difference] = [valueA / valueB, valueA - valueB]
  return {
    ratio,
    low: ratio * Math.exp(-ratioReach),
    high: ratio * Math.exp(ratioReach),
    difference,
    differenceLow: difference - differenceReach,
    differenceHigh: difference + differenceReach
  }
}

function once(rounds: number): number[] {
  return Array<number>(rounds).fill(1)
}

/** Draws as many rounds as there are, with replacement; counts how often each came. */
function draw(drawn: Uint32Array, random: () => number): void {
  drawn.fill(0)
  for (let count = 0; count < drawn.length; count++) {
    drawn[Math.floor(random() * drawn.length)]! += 1
  }
}

/** The response times of a transport's rounds, laid out so that the percentile of any mix of rounds is a binary search. */
export interface RoundTimes {
  /** Distinct times of all rounds, µs, rising. */
  us: Float64Array
  /** For each round, how many of its values are at most `us[i]`. */
  upTo: Float64Array[]
}

export function roundTimes(rounds: readonly Histogram[]): RoundTimes {
  const perRound = rounds.map(buckets)
  const us = Float64Array.from(new Set(perRound.flat().map((bucket) => bucket.us))).sort()
  const upTo = perRound.map((found) => {
    const cumulative = new Float64Array(us.length)
    let [next, sum] = [0, 0]
    us.forEach((value, index) => {
      const bucket = found[next]
      if (bucket?.us === value) {
        sum += bucket.count
        next++
      }
      cumulative[index] = sum
    })
    return cumulative
  })
  return { us, upTo }
}

/** A percentile of the response time, ms. @param percent 0 to 100 */
export function percentileFigure(times: RoundTimes, percent: number): RoundFigure {
  const of = (drawn: ArrayLike<number>, at = percent): number => percentileOfMix(times, drawn, at) / 1000
  const all = once(times.upTo.length)
  const samples = times.upTo.reduce((sum, upTo) => sum + (upTo.at(-1) ?? 0), 0)
  // A percentile's rank among n samples has the standard deviation sqrt(p (1 - p) / n).
  const spread = Math.sqrt((percent * (100 - percent)) / samples)
  const [below, above] = [of(all, Math.max(0, percent - spread)), of(all, Math.min(100, percent + spread))]
  return { rounds: times.upTo.length, of, samplingError: below > 0 ? Math.log(above / below) / 2 : 0 }
}

function percentileOfMix({ us, upTo }: RoundTimes, drawn: ArrayLike<number>, percent: number): number {
  const rank = (index: number): number => {
    let sum = 0
    for (let round = 0; round < upTo.length; round++) sum += (drawn[round] ?? 0) * (upTo[round]?.[index] ?? 0)
    return sum
  }
  const wanted = Math.max(1, Math.ceil((percent / 100) * rank(us.length - 1) - 1e-9))
  let [low, high] = [0, us.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rank(middle) >= wanted) high = middle
    else low = middle + 1
  }
  return us[low] ?? Number.NaN
}

/**
 * Accepted sends per second over the measured time of the rounds.
 * @param times of the same rounds: how much they scatter tells how much the rate must
 */
export function throughputFigure(
  rounds: readonly { counts: { accepted: number }; durationSeconds: number }[],
  times: RoundTimes
): RoundFigure {
  return {
    rounds: rounds.length,
    samplingError: errorOfMean(times),
    of(drawn) {
      let [accepted, seconds] = [0, 0]
      rounds.forEach((round, index) => {
        accepted += (drawn[index] ?? 0) * round.counts.accepted
        seconds += (drawn[index] ?? 0) * round.durationSeconds
      })
      return accepted / seconds
    }
  }
}

/** Relative standard error of the mean time. */
function errorOfMean({ us, upTo }: RoundTimes): number {
  let [samples, sum, squares, before] = [0, 0, 0, 0]
  us.forEach((value, index) => {
    samples = upTo.reduce((total, cumulative) => total + (cumulative[index] ?? 0), 0)
    sum += (samples - before) * value
    squares += (samples - before) * value ** 2
    before = samples
  })
  return samples === 0
    ? 0
    : Math.sqrt(Math.max(0, squares / samples - (sum / samples) ** 2) / samples) / (sum / samples)
}
