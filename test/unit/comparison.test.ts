import fc from 'fast-check'
import { expect, test } from 'vitest'
import { percentileFigure, roundTimes } from '../../shared/bootstrap.ts'
import { compareAll, compareTransports, findComparison } from '../../shared/comparison.ts'
import { createHistogram, mergeHistograms, percentileMs, recordUs } from '../../shared/histogram.ts'
import type { Comparison } from '../../shared/run-record.ts'
import { simulateRounds } from '../support/latencies.ts'
import { transportRecord } from '../support/records.ts'

const REPETITIONS = 100
const SIMULATION_TIMEOUT_MS = 60_000

/** How many of the repetitions say that the medians differ. */
function differencesSeen(ratio: number): number {
  let seen = 0
  for (let seed = 1; seed <= REPETITIONS; seed++) {
    const { a, b } = simulateRounds({ rounds: 6, samplesPerRound: 500, ratio }, seed)
    const compared = compareTransports(transportRecord('a', a), transportRecord('b', b), true)
    if (compared.find(({ metric }) => metric === 'response.p50')!.differs) seen++
  }
  return seen
}

test(
  'a transport compared with itself shows no difference in at least 93 of 100 runs',
  () => {
    expect(differencesSeen(1)).toBeLessThanOrEqual(7)
  },
  SIMULATION_TIMEOUT_MS
)

test(
  'a true 10 % difference in p50 is found in at least 90 of 100 runs',
  () => {
    expect(differencesSeen(1.1)).toBeGreaterThanOrEqual(90)
  },
  SIMULATION_TIMEOUT_MS
)

test(
  'the 95 % interval of the ratio holds the truth about that often',
  () => {
    let held = 0
    for (let seed = 1; seed <= REPETITIONS; seed++) {
      const { a, b } = simulateRounds({ rounds: 6, samplesPerRound: 500, ratio: 2 }, 500 + seed)
      const { low, high } = p50Of(compareTransports(transportRecord('a', a), transportRecord('b', b), true))
      if (low <= 2 && 2 <= high) held++
    }
    expect(held).toBeGreaterThanOrEqual(93)
  },
  SIMULATION_TIMEOUT_MS
)

function p50Of(comparisons: readonly Comparison[]): Comparison {
  return comparisons.find(({ metric }) => metric === 'response.p50')!
}

const steady = (us: number): number[][] => Array.from({ length: 6 }, () => Array<number>(200).fill(us))

test('ratio and difference are those of the figures that the record shows', () => {
  const { a, b } = simulateRounds({ rounds: 6, samplesPerRound: 300, ratio: 3 }, 1)
  const [first, second] = [transportRecord('a', a), transportRecord('b', b)]
  const compared = compareTransports(first, second, true)
  expect(compared.map(({ metric }) => metric)).toEqual([
    'response.p50',
    'response.p95',
    'response.p99',
    'throughput'
  ])
  expect(compared[0]!.ratio).toBeCloseTo(first.response.p50! / second.response.p50!, 12)
  expect(compared[2]!.difference).toBeCloseTo(first.response.p99! - second.response.p99!, 9)
  expect(compared[3]!.ratio).toBeCloseTo(first.throughput / second.throughput, 9)
  for (const each of compared) {
    expect(each.low).toBeLessThan(each.ratio)
    expect(each.high).toBeGreaterThan(each.ratio)
  }
})

test('times that never vary still differ', () => {
  const { differs, low, high } = p50Of(
    compareTransports(transportRecord('a', steady(2000)), transportRecord('b', steady(1000)), true)
  )
  expect(differs).toBe(true)
  expect([low, high]).toEqual([expect.closeTo(2, 9), expect.closeTo(2, 9)])
})

test('two medians that are one histogram bucket apart are no difference', () => {
  const compared = compareTransports(
    transportRecord('a', steady(4_001_000)),
    transportRecord('b', steady(3_998_000)),
    true
  )
  expect(p50Of(compared).differs).toBe(false)
})

test('a percentile with fewer than 10 samples beyond it never differs, and says so', () => {
  const few = (us: number): number[][] => Array.from({ length: 6 }, () => Array<number>(20).fill(us))
  const compared = compareTransports(transportRecord('a', few(9000)), transportRecord('b', few(1000)), true)
  expect(compared.map(({ metric, enough, differs }) => [metric, enough, differs])).toEqual([
    ['response.p50', true, true],
    ['response.p95', false, false],
    ['response.p99', false, false],
    ['throughput', true, true]
  ])
  expect(compared[0]!.samples).toBe(120)
})

test.each([
  { why: 'one round', a: [[1000, 2000]], b: [[1000, 2000]] },
  { why: 'nothing accepted', a: [[], []], b: [[1000], [1000]] },
  { why: 'only one round in common', a: [[1000], [], [1000]], b: [[], [1000], [1000]] }
])('there is no comparison with $why', ({ a, b }) => {
  expect(compareTransports(transportRecord('a', a), transportRecord('b', b), true)).toEqual([])
})

test('every two transports of a run are compared, the earlier one as a', () => {
  const all = compareAll(['x', 'y', 'z'].map((name) => transportRecord(name, steady(1000))))
  expect([...new Set(all.map(({ a, b }) => `${a} ${b}`))]).toEqual(['x y', 'x z', 'y z'])
})

test('a comparison is found from either side, turned round', () => {
  const all = compareAll([transportRecord('x', steady(3000)), transportRecord('y', steady(1000))])
  const forth = findComparison(all, 'x', 'y', 'response.p50')!
  const back = findComparison(all, 'y', 'x', 'response.p50')!
  expect(forth.ratio).toBeCloseTo(3, 1)
  expect(back).toMatchObject({ a: 'y', b: 'x', difference: -forth.difference, differs: true })
  expect(back.ratio).toBeCloseTo(1 / forth.ratio, 12)
  expect(back.low).toBeLessThanOrEqual(back.high)
  expect(findComparison(all, 'x', 'nobody', 'response.p50')).toBeNull()
})

test('the percentile of any mix of rounds is that of the merged histograms', () => {
  const rounds = fc.array(fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 30 }), {
    minLength: 1,
    maxLength: 4
  })
  fc.assert(
    fc.property(rounds, fc.constantFrom(50, 95, 99), fc.nat(), (values, percent, pick) => {
      const histograms = values.map((each) => {
        const histogram = createHistogram()
        for (const value of each) recordUs(histogram, value)
        return histogram
      })
      const drawn = histograms.map((_, index) => ((pick >> index) % 3) + (index === 0 ? 1 : 0))
      const mixed = mergeHistograms(histograms.flatMap((each, i) => Array<typeof each>(drawn[i]!).fill(each)))
      expect(percentileFigure(roundTimes(histograms), percent).of(drawn)).toBe(percentileMs(mixed, percent))
    })
  )
})
