import { deflateSync, inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  buckets,
  createHistogram,
  decodeHistogram,
  distribution,
  encodeHistogram,
  mergeHistograms,
  percentileMs,
  recordUs,
  type Histogram
} from '../../shared/record/histogram.ts'
import { isHistogramText, MOST_COUNTS } from '../../shared/record/histogram-text.ts'

const HOUR_US = 3_600_000_000
const timesUs = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 1, max: 2 * HOUR_US })),
  { minLength: 1, maxLength: 200 }
)

function recorded(values: readonly number[]): Histogram {
  const histogram = createHistogram()
  for (const value of values) recordUs(histogram, value)
  return histogram
}

test('percentiles are within 0.1 % of the sorted values, from 1 µs to over an hour', () => {
  fc.assert(
    fc.property(timesUs, fc.constantFrom(0, 1, 50, 90, 95, 99, 99.9, 100), (values, percent) => {
      const sorted = [...values].sort((a, b) => a - b)
      const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length - 1e-9))
      const exact = sorted[rank - 1]! / 1000
      expect(Math.abs(percentileMs(recorded(values), percent)! - exact)).toBeLessThanOrEqual(exact * 0.001)
    })
  )
})

test('a merge is the same as recording everything into one', () => {
  fc.assert(
    fc.property(fc.array(timesUs, { maxLength: 5 }), (parts) => {
      const merged = mergeHistograms(parts.map(recorded))
      const whole = recorded(parts.flat())
      expect(buckets(merged)).toEqual(buckets(whole))
      expect(distribution(merged)).toEqual(distribution(whole))
    })
  )
})

test('a histogram survives its text, and so does a merge of texts', () => {
  fc.assert(
    fc.property(timesUs, timesUs, (a, b) => {
      const again = decodeHistogram(encodeHistogram(recorded(a)))
      expect(distribution(again)).toEqual(distribution(recorded(a)))
      const merged = mergeHistograms([again, decodeHistogram(encodeHistogram(recorded(b)))])
      expect(buckets(merged)).toEqual(buckets(recorded([...a, ...b])))
    })
  )
})

test('an empty histogram has no figures and survives its text', () => {
  const empty = decodeHistogram(encodeHistogram(createHistogram()))
  expect(Object.values(distribution(empty))).toEqual(Array(8).fill(null))
  expect(buckets(empty)).toEqual([])
})

test('the mean is within 0.1 % and the buckets hold every value', () => {
  fc.assert(
    fc.property(timesUs, (values) => {
      const histogram = recorded(values)
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length / 1000
      expect(Math.abs(distribution(histogram).mean! - mean)).toBeLessThanOrEqual(mean * 0.001 + 1e-9)
      expect(buckets(histogram).reduce((sum, bucket) => sum + bucket.count, 0)).toBe(values.length)
    })
  )
})

test('times beyond the range are kept at its ends and never throw', () => {
  const histogram = recorded([0, 0.2, -5, 1e15])
  expect(histogram.totalCount).toBe(4)
  expect(percentileMs(histogram, 0)).toBe(0.001)
  expect(percentileMs(histogram, 100)).toBeGreaterThan(2e8)
})

test.each([[''], ['nonsense'], ['AAAA'], ['HISTFAAAABx4nJNpmSzMwMDAxQABzFCaEUzOE2f4/x8A']])(
  'text that is no histogram is refused in words: %j',
  (text) => {
    expect(() => decodeHistogram(text)).toThrow(/a histogram in the record/)
  }
)

/** The text of a histogram whose counts are these ZigZag numbers. */
function textWithCounts(counts: readonly bigint[]): string {
  const payload = Buffer.from(
    counts.flatMap((count) => {
      let coded = count < 0n ? -2n * count - 1n : 2n * count
      const bytes: number[] = []
      do {
        bytes.push(Number(coded & 0x7fn) | (coded > 0x7fn ? 0x80 : 0))
        coded >>= 7n
      } while (coded > 0n)
      return bytes
    })
  )
  const whole = inflateSync(Buffer.from(encodeHistogram(createHistogram()), 'base64').subarray(8))
  const header = Buffer.from(whole.subarray(0, 40))
  header.writeInt32BE(payload.length, 4)
  const packed = deflateSync(Buffer.concat([header, payload]))
  const envelope = Buffer.alloc(8)
  envelope.writeUInt32BE(0x1c849314, 0)
  envelope.writeInt32BE(packed.length, 4)
  return Buffer.concat([envelope, packed]).toString('base64')
}

test.each<[string, bigint[]]>([
  ['one run of 2^40 empty counts', [1n, -(2n ** 40n), 1n]],
  ['one run of 2^62', [-(2n ** 62n)]],
  ['many runs that add up to more than there is', Array<bigint>(200).fill(-1000n)],
  ['a count beyond what a count can hold', [2n ** 40n]],
  ['more counts than there are', Array<bigint>(70_000).fill(0n)]
])('a text of 64 characters cannot make a histogram expand for ever: %s', (_what, counts) => {
  const text = textWithCounts(counts)
  expect(isHistogramText(text)).toBe(false)
  expect(() => decodeHistogram(text)).toThrow(/a histogram in the record/)
})

test('a text with runs that do fit is read', () => {
  expect(decodeHistogram(textWithCounts([-999n, 7n])).totalCount).toBe(7)
})

test('the range has as many counts as the library makes of it', () => {
  expect(createHistogram().countsArrayLength).toBe(MOST_COUNTS)
})
