import fc from 'fast-check'
import { expect, test } from 'vitest'
import { capacityRecordSchema, type CapacityStep } from '../../shared/capacity-record.ts'
import {
  conclude,
  DEFAULT_SEARCH,
  judgeStep,
  knee,
  nextMove,
  type SearchOptions,
  type StepResult
} from '../../shared/capacity-search.ts'
import { parseObjective, type Objective } from '../../shared/objective.ts'

const OPTIONS: SearchOptions = { ...DEFAULT_SEARCH, coolDownSeconds: 3 }

function objective(text: string): Objective {
  const parsed = parseObjective(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.value
}

/** What a peer that answers up to `limit` sends a second shows at a rate. */
function result(rate: number, changes: Partial<StepResult> = {}): StepResult {
  const figures = { min: 1, mean: 5, p50: 5, p90: 8, p95: 9, p99: 10, p999: 12, max: 20 }
  return {
    rate,
    seconds: 10,
    counts: { sent: rate * 10, accepted: rate * 10, rejected: 0, failed: 0, aborted: 0 },
    throughput: rate,
    response: figures,
    service: figures,
    throttled: 0,
    generatorLimited: false,
    ...changes
  }
}

/** Searches a peer that keeps its objectives up to a limit. */
function search(limit: number, options: SearchOptions): CapacityStep[] {
  const steps: CapacityStep[] = []
  for (;;) {
    const move = nextMove(steps, options)
    if (move.kind === 'done') return steps
    expect(steps.length).toBeLessThan(100)
    steps.push(judgeStep(result(move.rate, move.rate > limit ? { throughput: limit * 0.5 } : {}), []))
  }
}

test('the search finds any limit below the ceiling to its precision, and never beyond', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.5, max: 90_000, noNaN: true }), (limit) => {
      const found = conclude('t', search(limit, OPTIONS))
      expect(found.rate).toBeLessThanOrEqual(limit)
      expect(found.rate).toBeGreaterThanOrEqual(limit * (1 - OPTIONS.precision) - 1e-9)
      expect(found.limitedBy).toBe('objective')
      expect(found.steps.length).toBeLessThan(30)
    })
  )
})

test('a peer without a limit is climbed to the ceiling', () => {
  const found = conclude('t', search(Infinity, { ...OPTIONS, ceilingRate: 300 }))
  expect(found).toMatchObject({ rate: 300, limitedBy: 'ceiling', failedObjective: null })
  expect(found.steps.map(({ rate }) => rate)).toEqual([10, 20, 40, 80, 160, 300])
})

test('a peer that keeps nothing has the rate 0 and no time for a million', () => {
  expect(conclude('t', search(0, OPTIONS))).toMatchObject({ rate: 0, secondsForAMillion: null })
})

test('a failed step is followed by a pause, a passed one is not', () => {
  expect(nextMove([{ rate: 10, pass: true }], OPTIONS)).toEqual({ kind: 'try', rate: 20, coolDownSeconds: 0 })
  expect(nextMove([{ rate: 10, pass: false }], OPTIONS)).toEqual({ kind: 'try', rate: 5, coolDownSeconds: 3 })
})

test('a rate that passed above one that failed does not count', () => {
  const lucky = [
    { rate: 10, pass: true },
    { rate: 20, pass: false },
    { rate: 40, pass: true }
  ]
  expect(nextMove(lucky, OPTIONS)).toMatchObject({ kind: 'try', rate: 15 })
})

test.each([
  { why: 'everything was kept', changes: {}, pass: true, failed: null, limitedBy: 'ceiling' },
  {
    why: 'an objective was missed',
    changes: { response: { ...result(1).response, p99: 501 } },
    pass: false,
    failed: 'response.p99 < 500',
    limitedBy: 'objective'
  },
  {
    why: 'the rate was not reached',
    changes: { throughput: 90 },
    pass: false,
    failed: 'throughput >= 0.97 of the rate',
    limitedBy: 'objective'
  },
  {
    why: 'the peer asked to slow down',
    changes: { throttled: 50, throughput: 95 },
    pass: false,
    failed: 'throughput >= 0.97 of the rate',
    limitedBy: 'throttling'
  },
  {
    why: 'one answer in a thousand asked to',
    changes: { throttled: 1 },
    pass: true,
    failed: null,
    limitedBy: 'ceiling'
  },
  {
    why: 'this machine was the limit',
    changes: { generatorLimited: true },
    pass: false,
    failed: null,
    limitedBy: 'generator'
  }
] as const)('a step is judged rightly when $why', ({ changes, pass, failed, limitedBy }) => {
  const step = judgeStep(result(100, changes), [objective('failed == 0'), objective('response.p99 < 500')])
  expect(step).toMatchObject({ pass, failedObjective: failed })
  const found = conclude('t', [step])
  expect(found.limitedBy).toBe(limitedBy)
  expect(capacityRecordSchema.safeParse({ schema: 1, objectives: [], transports: [found] }).success).toBe(
    true
  )
})

test('a million messages at 50 a second take 20,000 s', () => {
  expect(conclude('t', [judgeStep(result(50), [])]).secondsForAMillion).toBe(20_000)
})

test.each([
  {
    why: 'a curve that is flat and then steep has its knee at the end of the flat part',
    curve: [5, 5, 6, 7, 60, 200],
    knee: 40
  },
  { why: 'a straight line has none', curve: [10, 20, 30, 40, 50, 60], knee: null },
  { why: 'three steps are too few', curve: [5, 5, 200], knee: null },
  { why: 'a falling curve has none', curve: [9, 8, 7, 6], knee: null }
])('$why', ({ curve, knee: expected }) => {
  expect(knee(curve.map((p99, index) => ({ rate: (index + 1) * 10, p99 })))).toBe(expected)
})
