import { Int32Histogram, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { HIGHEST_US, isHistogramText, SIGNIFICANT_DIGITS } from './histogram-text.ts'
import type { Distribution } from './run-record.ts'

/** Times in whole µs with 3 significant digits; counts are exact up to 4 billion for each value. */
export type Histogram = Int32Histogram

export function createHistogram(): Histogram {
  return new Int32Histogram(1, HIGHEST_US, SIGNIFICANT_DIGITS)
}

/** Records a time in µs. What is shorter than 1 µs counts as 1, what is beyond the range as its end. */
export function recordUs(histogram: Histogram, us: number): void {
  histogram.recordValue(us < 1 ? 1 : us > HIGHEST_US ? HIGHEST_US : Math.round(us))
}

/** A new histogram that holds what all of these hold. */
export function mergeHistograms(histograms: Iterable<Histogram>): Histogram {
  const merged = createHistogram()
  for (const histogram of histograms) merged.add(histogram)
  return merged
}

/** HdrHistogram's own V2 format, compressed, base64: what `.hlog` files and other tools read. */
export function encodeHistogram(histogram: Histogram): string {
  return encodeIntoCompressedBase64(histogram)
}

/**
 * Reads what {@link encodeHistogram} wrote.
 * @throws {Error} when the text is no such histogram; it may come from a file that somebody else made
 */
export function decodeHistogram(base64: string): Histogram {
  let decoded
  try {
    if (!isHistogramText(base64)) throw new Error('another range')
    decoded = decodeFromCompressedBase64(base64, 32, false, HIGHEST_US)
  } catch {
    throw new Error('a histogram in the record cannot be read: it is no HdrHistogram V2 text')
  }
  if (!(decoded instanceof Int32Histogram) || decoded.numberOfSignificantValueDigits !== SIGNIFICANT_DIGITS) {
    throw new Error(`a histogram in the record does not have ${SIGNIFICANT_DIGITS} significant digits`)
  }
  return decoded
}

/**
 * The time that `percent` of the values do not exceed, ms; null when nothing was recorded.
 * @param percent 0 to 100; 0 gives the least value
 */
export function percentileMs(histogram: Histogram, percent: number): number | null {
  return histogram.totalCount === 0 ? null : histogram.getValueAtPercentile(percent) / 1000
}

/** Mean in ms to within half a bucket (0.05 %); null when nothing was recorded. */
export function meanMs(histogram: Histogram): number | null {
  return histogram.totalCount === 0 ? null : histogram.mean / 1000
}

/**
 * The figures that a record shows. All of them come from the buckets, extremes and mean too, so that anyone
 * can work out the same figures from the histogram that the record holds.
 */
export function distribution(histogram: Histogram): Distribution {
  return {
    min: percentileMs(histogram, 0),
    mean: meanMs(histogram),
    p50: percentileMs(histogram, 50),
    p90: percentileMs(histogram, 90),
    p95: percentileMs(histogram, 95),
    p99: percentileMs(histogram, 99),
    p999: percentileMs(histogram, 99.9),
    max: percentileMs(histogram, 100)
  }
}

/** One bucket that holds something: its highest value and how many. */
export interface Bucket {
  us: number
  count: number
}

/** The buckets that hold something, in rising order. */
export function buckets(histogram: Histogram): Bucket[] {
  const found: Bucket[] = []
  let left = histogram.totalCount
  for (let index = 0; left > 0 && index < histogram.countsArrayLength; index++) {
    const count = histogram.getCountAtIndex(index)
    if (count === 0) continue
    found.push({ us: histogram.highestEquivalentValue(histogram.valueFromIndex(index)), count })
    left -= count
  }
  return found
}
