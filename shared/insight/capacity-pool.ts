/** What one step saw of a share that depends on the rate. */
export interface PoolStep {
  rate: number
  count: number
  beyond: number
  allowed: number
  /** Standard error of the share. */
  error: number
}

/**
 * How steeply the share beyond an objective rises with the rate near the limit, as a power of the rate. The truth
 * differs from peer to peer (M/M/1 at p99: about 15); a wrong one costs a step or two and no accuracy, since the steps
 * gather where the answer is.
 */
const STEEPNESS = 12

/** A share counts as so many times the one allowed at most: a step far above the limit says that it is, and no more. */
const MOST_SHARES = 4

/** The rate at which pooled steps expect the share to be what is allowed, and its relative standard error. */
export interface PooledRate {
  rate: number
  error: number
}

/**
 * Near a limit by a percentile every single step is at the mercy of chance; together they are not. The rate at which
 * all excess adds up to none: the root of `sum(beyond - allowed x count x (rate of the step / rate) ^ steepness)`
 * (stochastic root finding, as in Robbins and Monro, "A stochastic approximation method", 1951).
 * @returns null without steps
 */
export function pooledRate(steps: readonly PoolStep[]): PooledRate | null {
  if (steps.length === 0) return null
  const scale = Math.max(...steps.map(({ rate }) => rate))
  let [expected, beyond, variance] = [0, 0, 0]
  for (const step of steps) {
    expected += step.allowed * step.count * (step.rate / scale) ** STEEPNESS
    beyond += Math.min(step.beyond, MOST_SHARES * step.allowed * step.count)
    variance += (step.error * step.count) ** 2
  }
  const ratio = expected / Math.max(beyond, 0.5)
  return {
    rate: scale * ratio ** (1 / STEEPNESS),
    error: Math.sqrt(variance) / Math.max(beyond, expected, 0.5) / STEEPNESS
  }
}
