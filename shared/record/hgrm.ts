import type { Histogram } from './histogram.ts'

/** Reporting points per halving of the distance to 100 %: HdrHistogram's own default. */
const TICKS_PER_HALF_DISTANCE = 5

/** A histogram as HdrHistogram's percentile text (`.hgrm`), values in ms: what its plotter and other tools read. */
export function hgrmText(histogram: Histogram): string {
  return histogram.outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, 1000)
}
