import { studentTail } from './student.ts'
import { sum } from './statistics.ts'

/** What one second shows of a share: how many there were, and how many of them lay beyond what is demanded. */
export interface ShareSecond {
  count: number
  beyond: number
}

/** What seconds say of a share against the one that is allowed. */
export interface ShareSight {
  count: number
  beyond: number
  /** Standard error of the observed share; counts that one second's excess belongs to the next one's. */
  error: number
  /** Standard errors by which the share lies above (positive) or below what is allowed. */
  z: number
  /** Seconds in which any lay beyond. */
  inSeconds: number
  /** More than chance explains, at the 95 % level, be it independent or in clusters. */
  isAbove: boolean
}

/** One-sided 95 % of the normal distribution. */
export const Z_95 = 1.645
/** Chance that is allowed to call a share too great that is not. */
const SIGNIFICANCE = 0.05
/** Seconds over which an excess drags on: autocovariances up to this lag count, with falling weight. */
const LAGS = 4

/**
 * Holds an observed share against the one allowed. A hundred messages cannot judge a p99, and slow answers come in
 * clusters: the share must beat a binomial, and the scatter of the seconds as well (a long-run variance with Bartlett
 * weights; Newey and West, "A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent
 * covariance matrix", 1987).
 * @param allowed 0 to 1
 */
export function shareSight(seconds: readonly ShareSecond[], allowed: number): ShareSight {
  const count = sum(seconds.map((second) => second.count))
  const beyond = sum(seconds.map((second) => second.beyond))
  const inSeconds = seconds.filter((second) => second.beyond > 0).length
  if (count === 0) return { count, beyond, error: Infinity, z: 0, inSeconds, isAbove: false }
  const share = beyond / count
  const chance = Math.sqrt((Math.max(allowed, 1 / count) * (1 - allowed)) / count)
  const error = Math.max(chance, clusteredError(seconds, share, count))
  const z = (share - allowed) / error
  const isBeyondChance = poissonTail(beyond, count * allowed) <= SIGNIFICANCE
  const isBeyondScatter =
    z > 0 && seconds.length > 1 && studentTail(z, seconds.length - 1) <= 2 * SIGNIFICANCE
  return { count, beyond, error, z, inSeconds, isAbove: isBeyondChance && isBeyondScatter }
}

function clusteredError(seconds: readonly ShareSecond[], share: number, count: number): number {
  const excess = seconds.map((second) => second.beyond - share * second.count)
  let variance = sum(excess.map((each) => each * each))
  for (let lag = 1; lag <= Math.min(LAGS, excess.length - 1); lag++) {
    const weight = 1 - lag / (LAGS + 1)
    variance += 2 * weight * sum(excess.map((each, at) => each * (excess[at + lag] ?? 0)))
  }
  return Math.sqrt(Math.max(0, variance)) / count
}

/** Probability that a Poisson count of this mean is `count` or more. */
export function poissonTail(count: number, mean: number): number {
  if (count <= 0) return 1
  // Far out the sum below would underflow; there the normal approximation is as good as none is needed.
  if (mean > 500) return count > mean + Z_95 * Math.sqrt(mean) ? 0 : 1
  let term = Math.exp(-mean)
  let below = term
  for (let at = 1; at < count; at++) {
    term *= mean / at
    below += term
  }
  return Math.max(0, 1 - below)
}
