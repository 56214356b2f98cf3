import { mean, sampleDeviation } from './statistics.ts'
import { studentT, studentTail } from './student.ts'

/** A figure of a transport, over all of its rounds and in each. */
export interface RoundFigure {
  /** Over all rounds. */
  value: number
  /** In each round, in their order. */
  rounds: readonly number[]
}

/** A ratio and a difference of two figures with their 95 % intervals. */
export interface Interval {
  ratio: number
  low: number
  high: number
  difference: number
  differenceLow: number
  differenceHigh: number
  /** Probability of a ratio so far from 1 by chance alone. */
  p: number
}

/** Fewer rounds than this may agree by luck: nothing is said of what they show. */
export const LEAST_ROUNDS = 3

/** Part of a figure that it is known to: a histogram tells times apart to so much, so that rounds seem to agree. */
const RESOLUTION = 0.001

/** A difference as the rounds show it, its standard error and the degrees of freedom that this was estimated with. */
interface Estimate {
  middle: number
  error: number
  degrees: number
}

/**
 * The 95 % interval of a ratio of two figures: Student's t on the log ratios of the rounds, wide enough to hold the
 * ratio over all rounds, since a tail over all rounds is that of the slowest of them and not their mean. Simulated over
 * twelve models of latency it covers 93 to 97 % in each, with 3, 6 and 12 rounds (`npm run bench -- audit`); one cut
 * from bootstrapped rounds covers 66 to 88 % with the few rounds of a run.
 *
 * @param paired round i of both ran side by side, so that drift cancels out of their ratio
 * @returns null when either has fewer than {@link LEAST_ROUNDS} rounds, or a figure is not above zero or beyond all measure
 */
export function ratioInterval(a: RoundFigure, b: RoundFigure, paired: boolean): Interval | null {
  const rounds = Math.min(a.rounds.length, b.rounds.length)
  const values = [a.value, b.value, ...a.rounds, ...b.rounds]
  if (rounds < LEAST_ROUNDS || !values.every((value) => value > 0)) return null
  const [logRatio, difference] = [Math.log(a.value / b.value), a.value - b.value]
  const relative = estimate(a.rounds.map(Math.log), b.rounds.map(Math.log), paired, RESOLUTION)
  const absolute = estimate(a.rounds, b.rounds, paired, RESOLUTION * Math.max(a.value, b.value))
  if (![relative, absolute].every(({ error }) => error < Infinity)) return null
  const [low, high] = around(relative, logRatio)
  const [differenceLow, differenceHigh] = around(absolute, difference)
  return {
    ratio: Math.exp(logRatio),
    low: Math.exp(low),
    high: Math.exp(high),
    ...{ difference, differenceLow, differenceHigh },
    p: chance(relative, logRatio)
  }
}

/** @param resolution what each round is known to: no less than that it differs by, however well rounds agree */
function estimate(a: readonly number[], b: readonly number[], paired: boolean, resolution: number): Estimate {
  const middle = mean(a) - mean(b)
  const errorOf = (values: readonly number[]): number =>
    Math.max(resolution, sampleDeviation(values)) / Math.sqrt(values.length)
  if (paired) {
    const differences = a.map((value, round) => value - (b[round] ?? Number.NaN))
    return { middle, error: errorOf(differences), degrees: differences.length - 1 }
  }
  const [errorA, errorB] = [errorOf(a), errorOf(b)]
  const error = Math.hypot(errorA, errorB)
  // Welch-Satterthwaite: rounds of two runs need not scatter alike.
  const degrees = 1 / ((errorA / error) ** 4 / (a.length - 1) + (errorB / error) ** 4 / (b.length - 1))
  return { middle, error, degrees }
}

function around({ middle, error, degrees }: Estimate, whole: number): [low: number, high: number] {
  const reach = studentT(degrees) * error
  return [Math.min(middle - reach, whole), Math.max(middle + reach, whole)]
}

/** The same as a test: rounds that point the other way than the whole show nothing. */
function chance({ middle, error, degrees }: Estimate, whole: number): number {
  if (middle * whole <= 0) return 1
  return studentTail(Math.abs(middle) / error, degrees)
}

/**
 * Holm's correction of several tests: each probability becomes the one that some of them is so small by chance, so
 * that among any number of equal transports a difference is claimed in 5 % of runs at most (Holm 1979).
 */
export function holm(probabilities: readonly number[]): number[] {
  const order = probabilities
    .map((_, index) => index)
    .sort((i, j) => at(probabilities, i) - at(probabilities, j))
  const adjusted = [...probabilities]
  let least = 0
  order.forEach((index, rank) => {
    least = Math.max(least, Math.min(1, (order.length - rank) * at(probabilities, index)))
    adjusted[index] = least
  })
  return adjusted
}

function at(values: readonly number[], index: number): number {
  return values[index] ?? Number.NaN
}
