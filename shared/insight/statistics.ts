import { studentT } from './student.ts'

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
  /** How far the slope's 95 % interval reaches to each side (Student's t); null with fewer than three points. */
  slopeReach: number | null
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
  const degrees = points.length - 2
  const unexplained = Math.max(0, sumYY - slope * sumXY)
  return {
    slope,
    slopeReach: degrees < 1 ? null : studentT(degrees) * Math.sqrt(unexplained / degrees / sumXX),
    intercept: meanY - slope * meanX,
    r2: sumYY === 0 ? 1 : sumXY ** 2 / (sumXX * sumYY)
  }
}

/**
 * The median of all slopes between two points (Theil 1950, Sen 1968), which a few outliers do not move; null when no two
 * points are at least so far apart in x.
 */
export function medianSlope(
  points: readonly (readonly [x: number, y: number])[],
  leastApart = 0
): number | null {
  const ascending = points.toSorted(([a], [b]) => a - b)
  const slopes = ascending.flatMap(([x, y], index) =>
    ascending
      .slice(index + 1)
      .flatMap(([toX, toY]) => (toX > x && toX - x >= leastApart ? (toY - y) / (toX - x) : []))
  )
  return slopes.length === 0 ? null : median(slopes)
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

/** Standard deviation of what these are a sample of (divisor n - 1); NaN of fewer than two. */
export function sampleDeviation(values: readonly number[]): number {
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}

/** Sum of all values; 0 for none. */
export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
