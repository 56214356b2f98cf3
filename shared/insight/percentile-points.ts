import { buckets, type Histogram } from '../record/histogram.ts'

/** One point of a percentile plot: `fraction` of the values, 0 to 1, take `ms` at most. */
export interface PercentilePoint {
  fraction: number
  ms: number
}

/** Points that are nearer than this on the axis cannot be told apart. */
const LEAST_STEP = 0.01

/**
 * The points of a percentile plot with an axis by nines: each bucket's highest value over the share of values
 * below the bucket, thinned to what a drawing can show.
 * @param nines where the axis ends: 4 is 99.99 %
 */
export function percentilePoints(histogram: Histogram, nines: number): PercentilePoint[] {
  const total = histogram.totalCount
  const points: PercentilePoint[] = []
  let sum = 0
  let lastX = -Infinity
  for (const { us, count } of buckets(histogram)) {
    const x = ninesPosition(sum / total)
    if (x > nines) break
    if (x - lastX >= LEAST_STEP) {
      points.push({ fraction: sum / total, ms: us / 1000 })
      lastX = x
    }
    sum += count
  }
  return points
}

/** Place of a fraction on an axis by nines: 0.9 is 1, 0.99 is 2, and so on. */
export function ninesPosition(fraction: number): number {
  return -Math.log10(1 - fraction)
}
