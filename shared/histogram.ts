import { Int32Histogram, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import { unzlibSync } from 'fflate'
import type { Distribution } from './run-record.ts'

/**
 * Longest time that is told apart, µs: about three days, more than any run can make a send wait. The range is
 * fixed, so that recording never allocates and any two histograms merge count by count; 120 KB each.
 */
const HIGHEST_US = 2 ** 38 - 1
const SIGNIFICANT_DIGITS = 3

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
    if (!isOurFormat(base64)) throw new Error('another range')
    decoded = decodeFromCompressedBase64(base64, 32, false, HIGHEST_US)
  } catch {
    throw new Error('a histogram in the record cannot be read: it is no HdrHistogram V2 text')
  }
  if (!(decoded instanceof Int32Histogram) || decoded.numberOfSignificantValueDigits !== SIGNIFICANT_DIGITS) {
    throw new Error(`a histogram in the record does not have ${SIGNIFICANT_DIGITS} significant digits`)
  }
  return decoded
}

/** Bytes of the V2 format before its counts; bytes and characters beyond any real histogram of ours. */
const HEADER_BYTES = 40
const MOST_BYTES = 512 * 1024
const MOST_CHARACTERS = 256 * 1024
/** Bytes of the envelope around the compressed format: its mark and the length. */
const ENVELOPE_BYTES = 8

/**
 * Whether a text holds a histogram of the one shape that records have. The library believes what the text says
 * of its own lengths and limits: lies there make it loop for ever, or fill the memory.
 */
function isOurFormat(base64: string): boolean {
  if (base64.length > MOST_CHARACTERS) return false
  const envelope = Uint8Array.from(atob(base64.trim()), (char) => char.charCodeAt(0))
  const bytes = unzlibSync(envelope.subarray(ENVELOPE_BYTES), { out: new Uint8Array(MOST_BYTES) })
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES)
  return (
    header.getInt32(4) === bytes.length - HEADER_BYTES &&
    header.getInt32(12) === SIGNIFICANT_DIGITS &&
    header.getBigInt64(16) === 1n &&
    header.getBigInt64(24) === BigInt(HIGHEST_US)
  )
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
