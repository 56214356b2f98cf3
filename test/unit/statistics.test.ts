import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../shared/insight/random.ts'
import { enoughSamples, fitLine, medianSlope, sampleDeviation } from '../../shared/insight/statistics.ts'
import { studentT, studentTail } from '../../shared/insight/student.ts'
import { exponentialFit } from '../support/exponential-fit.ts'

test.each([
  { samples: 20, percent: 50, enough: true, why: '10 of 20 lie beyond the median' },
  { samples: 19, percent: 50, enough: false, why: '9.5 do not do' },
  { samples: 1000, percent: 99, enough: true, why: '10 of 1,000 lie beyond p99' },
  { samples: 999, percent: 99, enough: false, why: 'one fewer' },
  { samples: 10_000, percent: 99.9, enough: true, why: '10 of 10,000 lie beyond p99.9' },
  { samples: 9_990, percent: 99.9, enough: false, why: 'a few fewer' },
  { samples: 0, percent: 50, enough: false, why: 'nothing' }
])('$samples samples for p$percent: enough is $enough, since $why', ({ samples, percent, enough }) => {
  expect(enoughSamples(samples, percent)).toBe(enough)
})

test('a line through points on a line is found again', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -50, max: 50 }),
      fc.integer({ min: -500, max: 500 }),
      (slope, intercept) => {
        const line = fitLine([0, 20, 50, 100].map((x) => [x, slope * x + intercept]))!
        expect(line.slope).toBeCloseTo(slope, 9)
        expect(line.intercept).toBeCloseTo(intercept, 7)
        expect(line.r2).toBeCloseTo(1, 9)
      }
    )
  )
})

test('the median of the slopes is not moved by a point that is off, and asks for points that are apart', () => {
  const points = [0, 20, 40, 60, 80].map((x): [number, number] => [x, x === 40 ? 900 : 3 * x + 7])
  expect(medianSlope(points)).toBeCloseTo(3, 9)
  expect(medianSlope(points.toReversed())).toBeCloseTo(3, 9)
  const near: [number, number][] = [
    [0, 1],
    [0, 2],
    [0.5, 9]
  ]
  expect(medianSlope(near)).toBe(15)
  expect(medianSlope(near, 1)).toBeNull()
  expect(medianSlope([[3, 4]])).toBeNull()
})

test('a line through scattered points is the least squares one', () => {
  // Worked by hand: mean (2, 3), Sxx 8, Sxy 8, Syy 10.
  const line = fitLine([
    [0, 1],
    [2, 2],
    [4, 5],
    [2, 4]
  ])!
  // Unexplained 2 over 2 degrees of freedom and Sxx 8: a standard error of 0.354, 4.303 times.
  expect(line).toEqual({ slope: 1, slopeReach: expect.closeTo(1.521, 3) as number, intercept: 1, r2: 0.8 })
})

test.each([
  { points: [] },
  { points: [[5, 1]] as const },
  {
    points: [
      [5, 1],
      [5, 9]
    ] as const
  }
])('points that do not differ in x have no line: $points', ({ points }) => {
  expect(fitLine(points)).toBeNull()
})

test('exponential intervals fit, and even or wrongly paced ones do not', () => {
  const random = seededRandom(1)
  const intervals = Array.from({ length: 10_000 }, () => -Math.log(1 - random()) / 1000)
  expect(exponentialFit(intervals, 1000).fits).toBe(true)
  expect(exponentialFit(intervals, 1100).fits).toBe(false)
  expect(exponentialFit(Array<number>(10_000).fill(0.001), 1000).fits).toBe(false)
})

test('the greatest distance is measured on both sides of each step', () => {
  // One interval at the median: the empirical function jumps from 0 to 1 around 0.5.
  expect(exponentialFit([Math.LN2], 1).distance).toBeCloseTo(0.5, 12)
})

test("Student's t falls to the normal quantile as rounds become many", () => {
  // Printed tables: 95 % at 1, 2 and 5 degrees, 99 % at 10, and the normal quantile.
  expect(studentT(1)).toBeCloseTo(12.706, 3)
  expect(studentT(2)).toBeCloseTo(4.303, 3)
  expect(studentT(5)).toBeCloseTo(2.571, 3)
  expect(studentT(10, 0.01)).toBeCloseTo(3.169, 3)
  expect(studentT(Infinity)).toBeCloseTo(1.96, 3)
  expect(studentTail(2.571, 5)).toBeCloseTo(0.05, 4)
  expect(studentTail(-2.571, 5)).toBeCloseTo(0.05, 4)
  expect(studentTail(0, 5)).toBe(1)
  expect(studentT(40)).toBeCloseTo(2.021, 2)
  expect(studentT(100_000)).toBeCloseTo(1.96, 3)
  for (let degrees = 1; degrees < 200; degrees++)
    expect(studentT(degrees + 1)).toBeLessThan(studentT(degrees))
})

test('the standard deviation is that of what a sample is of', () => {
  expect(sampleDeviation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(Math.sqrt(32 / 7), 12)
})
