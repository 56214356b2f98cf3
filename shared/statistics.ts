/** Samples that must lie beyond a percentile before it says anything about the peer rather than about chance. */
const ENOUGH_BEYOND = 10

/**
 * Whether enough samples lie beyond a percentile for it to be shown without a warning.
 * @param percent 0 to 100
 */
export function enoughSamples(samples: number, percent: number): boolean {
  return Math.round(samples * (100 - percent)) >= ENOUGH_BEYOND * 100
}

/** A straight line through points. */
export interface Line {
  slope: number
  intercept: number
  /** Share of the variance that the line explains, 0 to 1; 1 when there is none to explain. */
  r2: number
}

/** Least squares fit of y over x; null when the points do not differ in x. */
export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line | null {
  const meanX = mean(points.map(([x]) => x))
  const meanY = mean(points.map(([, y]) => y))
  let [sumXX, sumXY, sumYY] = [0, 0, 0]
  for (const [x, y] of points) {
    sumXX += (x - meanX) ** 2
    sumXY += (x - meanX) * (y - meanY)
    sumYY += (y - meanY) ** 2
  }
  if (!(sumXX > 0)) return null
  const slope = sumXY / sumXX
  return { slope, intercept: meanY - slope * meanX, r2: sumYY === 0 ? 1 : sumXY ** 2 / (sumXX * sumYY) }
}

/** Mean; NaN of nothing. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b)
  const half = ascending.length / 2
  return mean(ascending.slice(Math.ceil(half) - 1, Math.floor(half) + 1))
}

/** Standard deviation of a whole population (divisor n). */
export function standardDeviation(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)))
}

/**
 * Kolmogorov-Smirnov test of intervals against the exponential distribution of a known rate, which the
 * intervals of a Poisson process have.
 * @param perUnit arrivals per unit of the intervals
 * @returns the greatest distance between the two distribution functions, and whether chance explains it at the 5 % level
 */
export function exponentialFit(
  intervals: readonly number[],
  perUnit: number
): { distance: number; fits: boolean } {
  const sorted = [...intervals].sort((a, b) => a - b)
  let distance = 0
  sorted.forEach((interval, index) => {
    const expected = 1 - Math.exp(-interval * perUnit)
    distance = Math.max(distance, expected - index / sorted.length, (index + 1) / sorted.length - expected)
  })
  // Asymptotic critical value of the statistic for alpha = 0.05 (Smirnov 1948).
  return { distance, fits: distance * Math.sqrt(sorted.length) < 1.358 }
}

/** Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom. */
const STUDENT_T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042
]

/** How many standard errors a 95 % interval reaches to each side, when the error is estimated itself. */
export function studentT(degreesOfFreedom: number): number {
  return STUDENT_T[degreesOfFreedom - 1] ?? 1.96 + 2.46 / degreesOfFreedom
}
