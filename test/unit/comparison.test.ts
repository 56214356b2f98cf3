import { expect, test } from 'vitest'
import { holm, ratioInterval, type Interval } from '../../shared/insight/ratio-interval.ts'
import { seededRandom } from '../../shared/insight/random.ts'
import { compareAll, comparePairs, findComparison } from '../../shared/insight/comparison.ts'
import { findingOf } from '../../shared/insight/finding.ts'
import type { Comparison, TransportRecord } from '../../shared/record/run-record.ts'
import { figuresOf, LATENCY_MODELS, simulateRun } from '../support/latency-models.ts'
import { transportRecord } from '../support/records.ts'
import { mergeTransports } from '../../electron/record/merge-transports.ts'

const compareTransports = (a: TransportRecord, b: TransportRecord, paired: boolean): Comparison[] =>
  comparePairs([{ a, b }], paired)

const REPETITIONS = 100
/** As skewed as real latencies are, with a drift from round to round that both feel and one that each has for itself. */
const MODEL = LATENCY_MODELS.find(({ name }) => name === 'log-normal, rounds differ by 2 %')!

/** Intervals of the ratio of two medians, in so many simulated runs. */
function intervals(ratio: number, rounds: number, paired = true): Interval[] {
  const random = seededRandom(rounds)
  return Array.from({ length: REPETITIONS }, () => {
    const [a, b] = simulateRun(MODEL, { rounds, perRound: 500, scales: [ratio, 1] }, random).map(figuresOf)
    return ratioInterval(a!.p50, b!.p50, paired)!
  })
}
const differing = (found: readonly Interval[]): number => found.filter(({ p }) => p < 0.05).length

test('a transport compared with itself shows no difference in at least 93 of 100 runs', () => {
  expect(differing(intervals(1, 6))).toBeLessThanOrEqual(7)
})

test('a true 10 % difference in p50 is found in at least 90 of 100 runs', () => {
  expect(differing(intervals(1.1, 6))).toBeGreaterThanOrEqual(90)
})

test.each([3, 6, 12])(
  'the 95 % interval of the ratio holds the truth about that often, %i rounds',
  (rounds) => {
    const held = intervals(2, rounds).filter(({ low, high }) => low <= 2 && 2 <= high)
    expect(held.length).toBeGreaterThanOrEqual(92)
  }
)

test('few rounds are no reason to see nothing: 20 % is mostly found by three, and of two no interval is claimed', () => {
  expect(differing(intervals(1.2, 3))).toBeGreaterThanOrEqual(80)
  expect(intervals(1.2, 2).every((interval) => interval === null)).toBe(true)
})

test('the interval excludes 1 just where chance does not explain the difference', () => {
  for (const { low, high, p } of intervals(1.03, 3)) expect(p < 0.05).toBe(low > 1 || high < 1)
  for (const { low, high, p } of intervals(1.1, 4, false)) expect(p < 0.05).toBe(low > 1 || high < 1)
})

test('Holm: the least of several chances counts as often as there were tests', () => {
  expect(holm([0.04, 0.01, 0.03])).toEqual([0.06, 0.03, 0.06])
  expect(holm([0.5, 0.9])).toEqual([1, 1])
  expect(holm([])).toEqual([])
})

test('of nine equal transports one pair is called different in few runs', () => {
  const random = seededRandom(9)
  const scales = Array<number>(9).fill(1)
  const runs = Array.from({ length: REPETITIONS / 2 }, () => {
    const figures = simulateRun(MODEL, { rounds: 6, perRound: 200, scales }, random).map(figuresOf)
    const pairs = figures.flatMap((a, i) =>
      figures.slice(i + 1).map((b) => ratioInterval(a.p50, b.p50, true)!.p)
    )
    return { plain: Math.min(...pairs), corrected: Math.min(...holm(pairs)) }
  })
  const share = (key: 'plain' | 'corrected'): number =>
    runs.filter((run) => run[key] < 0.05).length / runs.length
  expect(share('plain')).toBeGreaterThan(0.2)
  expect(share('corrected')).toBeLessThanOrEqual(0.1)
})

test('rounds that agree to a bucket of the histogram are not taken for certain', () => {
  const random = seededRandom(22)
  const names = Array.from({ length: 9 }, (_, index) => `equal-${index}`)
  const runs = Array.from({ length: 60 }, () =>
    compareAll(
      names.map((name) =>
        transportRecord(
          name,
          [0, 1].map(() => Array<number>(40).fill(Math.round(20_000 * (1 + 0.015 * (random() - 0.5)))))
        )
      )
    ).some(({ metric, differs }) => metric === 'response.p50' && differs)
  )
  expect(runs.filter(Boolean)).toEqual([])
})

test('figures beyond all measure have no interval, or one that ends', () => {
  const figure = (scale: number) => ({ value: 2 * scale, rounds: [scale, 2 * scale, 3 * scale] })
  for (const scale of [1e-90, 1, 1e80]) {
    const { ratio, low, high } = ratioInterval(figure(scale), figure(scale), false)!
    expect([ratio, low < 1, high > 1]).toEqual([1, true, true])
  }
  expect(ratioInterval(figure(1e300), figure(1e300), false)).toBeNull()
  expect(ratioInterval(figure(1), { value: 1, rounds: [1, Infinity] }, false)).toBeNull()
})

test('“no difference seen” is not said of an interval that leaves 1 out, nor of one that was stretched', () => {
  const found = (...rounds: [a: number, b: number][]) => {
    const figure = (side: 0 | 1, value: number) => ({ value, rounds: rounds.map((round) => round[side]) })
    const of = (a: number, b: number) => {
      const interval = ratioInterval(figure(0, a), figure(1, b), true)!
      const about = { a: 'a', b: 'b', metric: 'response.p95', samples: 1000, rounds: rounds.length } as const
      return findingOf({ ...about, ...interval, enough: true, differs: false })
    }
    return of
  }
  expect(found([101, 100], [99, 100], [100, 100], [101, 101])(100, 100)).toBe('level')
  // All rounds but the slowest, which makes the whole, were a tenth slower.
  expect(found([110, 100], [110, 100], [110, 101], [110, 100], [200, 200])(100.2, 100)).toBe('unclear')
  expect(found([90, 100], [90, 100], [91, 100], [90, 100], [220, 200])(110, 100)).toBe('unclear')
})

test('a run judges a pair among all its pairs', () => {
  // Three rounds that nearly agree: sure enough of one pair, not of one among fifteen.
  const apart = transportRecord(
    'apart',
    [1040, 1085, 1062].map((us) => Array<number>(50).fill(us))
  )
  const level = (name: string): TransportRecord =>
    transportRecord(
      name,
      [1000, 1001, 1002].map((us) => Array<number>(50).fill(us))
    )
  const alone = p50Of(compareAll([apart, level('a')]))
  const among = p50Of(compareAll([apart, ...['a', 'b', 'c', 'd', 'e'].map(level)]))
  expect(alone).toMatchObject({ differs: true, rounds: 3 })
  expect([among.low, among.high]).toEqual([alone.low, alone.high])
  expect(among.differs).toBe(false)
  expect(among.p).toBeGreaterThan(alone.p!)
})

function p50Of(comparisons: readonly Comparison[]): Comparison {
  return comparisons.find(({ metric }) => metric === 'response.p50')!
}

const steady = (us: number): number[][] => Array.from({ length: 6 }, () => Array<number>(200).fill(us))

test('ratio and difference are those of the figures that the record shows', () => {
  const simulated = simulateRun(MODEL, { rounds: 6, perRound: 300, scales: [3, 1] }, seededRandom(1))
  const [a, b] = simulated.map((rounds) => rounds.map((times) => times.map((ms) => 1000 * ms)))
  const [first, second] = [transportRecord('a', a!), transportRecord('b', b!)]
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
  // A histogram tells times apart to a thousandth, and no better does the interval.
  expect([low, high]).toEqual([expect.closeTo(2, 2), expect.closeTo(2, 2)])
  expect(high / low).toBeGreaterThan(1.001)
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

test('of transports at several places the throughputs are compared that stand in their records', () => {
  /** Ten lanes near the peer and ten far from it, which take as long for each of their messages. */
  const places = (name: string, farUs: number): TransportRecord => {
    const round = (us: number, more: number) => Array.from({ length: 50 }, (_, index) => us + index + more)
    const at = (us: number) => transportRecord(name, [round(us, 0), round(us, 7), round(us, 3)])
    return mergeTransports([
      { place: 'near', record: at(100_000) },
      { place: 'far', record: at(farUs) }
    ])
  }
  const [a, b] = [places('a', 1_000_000), places('b', 200_000)]
  expect(a.throughput).toBeCloseTo(110, 0)
  expect(b.throughput).toBeCloseTo(150, 0)
  const found = findComparison(compareAll([a, b]), 'a', 'b', 'throughput')
  expect(found?.ratio).toBeCloseTo(a.throughput / b.throughput, 4)
  expect(found?.difference).toBeCloseTo(a.throughput - b.throughput, 2)
})
