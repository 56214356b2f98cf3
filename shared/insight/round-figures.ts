import type { RoundFigure } from './ratio-interval.ts'
import { sum } from './statistics.ts'

/** Times of a round or of several together, as far as figures need them. */
export interface Times {
  count: number
  /** The time that so many percent do not exceed. @param percent 0 to 100 */
  percentile(percent: number): number
}

/** A percentile over rounds. @param percent 0 to 100 */
export function percentileFigure(rounds: readonly Times[], all: Times, percent: number): RoundFigure {
  return {
    value: all.percentile(percent),
    rounds: rounds.map((round) => round.percentile(percent))
  }
}

/**
 * Sends per second of measured time.
 * @param seconds measured time of each round
 */
export function throughputFigure(
  rounds: readonly Times[],
  all: Times,
  seconds: readonly number[]
): RoundFigure {
  return {
    value: all.count / sum(seconds),
    rounds: rounds.map(({ count }, round) => count / (seconds[round] ?? Number.NaN))
  }
}
