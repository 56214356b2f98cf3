import type { RoundFigure } from './ratio-interval.ts'

/** Times of a round or of several together, as far as figures need them. */
export interface Times {
  count: number
  mean: number
  deviation: number
  /** The time that so many percent do not exceed. @param percent 0 to 100 */
  percentile(percent: number): number
}

/** A percentile over rounds. @param percent 0 to 100 */
export function percentileFigure(rounds: readonly Times[], all: Times, percent: number): RoundFigure {
  // A percentile's rank among n samples has the standard deviation sqrt(p (1 - p) / n).
  const spread = Math.sqrt((percent * (100 - percent)) / all.count)
  const below = all.percentile(Math.max(0, percent - spread))
  const above = all.percentile(Math.min(100, percent + spread))
  return {
    value: all.percentile(percent),
    rounds: rounds.map((round) => round.percentile(percent)),
    samplingError: below > 0 ? Math.log(above / below) / 2 : 0
  }
}

/**
 * Sends per second of measured time. The scatter of the times tells how much the rate must scatter.
 * @param seconds measured time of each round
 */
export function throughputFigure(
  rounds: readonly Times[],
  all: Times,
  seconds: readonly number[]
): RoundFigure {
  return {
    value: all.count / seconds.reduce((sum, each) => sum + each, 0),
    rounds: rounds.map(({ count }, round) => count / (seconds[round] ?? Number.NaN)),
    samplingError: all.count === 0 ? 0 : all.deviation / Math.sqrt(all.count) / all.mean
  }
}
