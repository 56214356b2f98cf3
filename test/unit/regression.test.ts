import { describe, expect, it } from 'vitest'
import type { RegressionLimits } from '../../shared/insight/gated-metrics.ts'
import { checkRegression } from '../../shared/insight/regression.ts'
import { compareRuns } from '../../shared/insight/run-comparison.ts'
import type { Counts } from '../../shared/record/run-record.ts'
import { runRecord, transportRecord } from '../support/records.ts'
import { regressionLimit } from '../../electron/cli/regression-limit.ts'

/** Six rounds of 200 times around a median, each round a little off it. */
function rounds(medianUs: number): number[][] {
  return [0.99, 1.01, 1, 1.005, 0.995, 1.002].map((off) =>
    Array.from({ length: 200 }, (_, index) => medianUs * off * (0.9 + (0.2 * index) / 200))
  )
}

function run(medianUs: number, counts: Partial<Counts> = {}) {
  const transport = transportRecord('api', rounds(medianUs))
  return runRecord([{ ...transport, counts: { ...transport.counts, ...counts } }])
}

function verdicts(old: ReturnType<typeof run>, fresh: ReturnType<typeof run>, limits: RegressionLimits) {
  const checks = checkRegression(old, fresh, compareRuns(old, fresh), limits)
  return Object.fromEntries(checks.map(({ metric, verdict }) => [metric, verdict]))
}

describe('a gate between two runs', () => {
  it.each([
    { title: 'the same', fresh: run(10_000), expected: 'within' },
    { title: '5 % slower', fresh: run(10_500), expected: 'within' },
    { title: '1.5 times slower', fresh: run(15_000), expected: 'worse' },
    { title: 'twice as fast', fresh: run(5000), expected: 'within' }
  ])('judges a run that is $title at the median as $expected', ({ fresh, expected }) => {
    expect(verdicts(run(10_000), fresh, { 'response.p50': 0.1 })).toEqual({ 'response.p50': expected })
  })

  it.each([
    { title: 'none before, none now', old: 0, fresh: 0, expected: 'within' },
    { title: 'none before, one of 1,000 now', old: 0, fresh: 1, expected: 'cannot-tell' },
    { title: 'none before, 30 of 1,000 now', old: 0, fresh: 30, expected: 'worse' },
    { title: '30 before, 31 now', old: 30, fresh: 31, expected: 'within' }
  ])('judges failures, $title, as $expected', ({ old, fresh, expected }) => {
    const counts = (failed: number) => ({ sent: 1000, accepted: 1000 - failed, failed })
    expect(verdicts(run(10_000, counts(old)), run(10_000, counts(fresh)), { failed: 0.1 })).toEqual({
      failed: expected
    })
  })

  it('one limit stands for every metric, and one for a metric goes before it', () => {
    expect(regressionLimit('response.p99=20%', regressionLimit('10%'))).toMatchObject({
      'response.p50': 0.1,
      'response.p99': 0.2,
      failed: 0.1
    })
    expect(regressionLimit('10%', regressionLimit('response.p99=20%'))['response.p99']).toBe(0.2)
    expect(() => regressionLimit('p98=20%')).toThrow(/no metric/)
    expect(() => regressionLimit('ten')).toThrow(/a share is needed/)
  })
})
