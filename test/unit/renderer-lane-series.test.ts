import { describe, expect, it, test } from 'vitest'
import { LANE_STEPS, LaneSeries } from '../../renderer/lanes/lane-series.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { TimelineRow } from '../../shared/record/run-record.ts'
import { validPlan } from '../support/records.ts'

const closed = validPlan({ rounds: 2 })
const open = validPlan({
  rounds: 2,
  load: { model: 'open', rate: 100, durationSeconds: 8, arrivals: 'constant', maxConcurrency: 50 }
})

function row(second: number, accepted: number, changes: Partial<TimelineRow> = {}): TimelineRow {
  const rest = { measuredSeconds: 1, rejected: 0, failed: 0, aborted: 0, p50: 4, p99: 9 }
  return { second, accepted, ...rest, ...changes }
}

test('part of a second is no slow second: a steady rate stays steady at both ends of a round', () => {
  const series = new LaneSeries(closed)
  series.add(row(0, 118, { measuredSeconds: 0.25 }))
  series.add(row(1, 473))
  series.add(row(2, 300, { measuredSeconds: 300 / 473 }))
  for (const { rate } of series.steps()) expect(rate).toBeCloseTo(473, -1)
})

test('the measured clock stands still while others have their turn, and a rule says where the round begins', () => {
  const series = new LaneSeries(closed)
  series.begin({ round: 1, startedMs: 0 })
  series.begin({ round: 2, startedMs: 10_000 })
  for (const second of [0, 1, 2, 10, 11, 12]) series.add(row(second, 10))
  series.end()
  expect(series.length).toBe(6)
  expect(series.rules).toEqual([{ at: 3, kind: 'round' }])
})

test('a second that goes on is drawn, and what is known of it is replaced, not added', () => {
  const series = new LaneSeries(closed)
  series.add(row(0, 10))
  series.add(row(1, 4, { measuredSeconds: 0.4 }))
  series.add(row(1, 10))
  expect(series.steps().map(({ rate }) => rate)).toEqual([10, 10])
})

test('an open load shows what was due and what waits; the next round begins without the last one’s backlog', () => {
  const series = new LaneSeries(open)
  series.begin({ round: 1, startedMs: 0 })
  for (const second of [0, 1, 2, 3]) series.add(row(second, 60))
  series.begin({ round: 2, startedMs: 10_000 })
  for (const second of [10, 11]) series.add(row(second, 100))
  const steps = series.steps()
  expect(steps.map(({ due }) => due)).toEqual([100, 100, 100, 100, 100, 100])
  expect(steps.slice(0, 4).map(({ backlog }) => backlog)).toEqual([40, 80, 120, 160])
  series.end()
  expect(series.steps().at(-1)?.backlog).toBe(0)
})

describe('a round that directly follows the same transport’s last one', () => {
  /** Half a second of each round lies in second 4. */
  function touching(load: Plan['load']): LaneSeries {
    const series = new LaneSeries({ load, rounds: 2 })
    series.begin({ round: 1, startedMs: 500 })
    series.begin({ round: 2, startedMs: 4500 })
    series.add(row(0, 50, { measuredSeconds: 0.5 }))
    for (const second of [1, 2, 3, 4, 5, 6, 7]) series.add(row(second, 100))
    series.add(row(8, 50, { measuredSeconds: 0.5 }))
    series.end()
    return series
  }

  it('begins its schedule anew', () => {
    const series = touching(open.load)
    for (const { due, backlog, rate } of series.steps()) {
      expect([rate, due]).toEqual([100, 100])
      expect(backlog).toBeCloseTo(0, 6)
    }
    expect(series.rules).toEqual([{ at: 4, kind: 'round' }])
  })

  it('shows its stages, and what was due of each where one ends within a second', () => {
    const stages = [
      { rate: 50, durationSeconds: 4, ramp: false },
      { rate: 150, durationSeconds: 4, ramp: false }
    ]
    const series = touching({ ...open.load, model: 'stages', stages } as Plan['load'])
    expect(series.rules).toEqual([
      { at: 2, kind: 'stage' },
      { at: 4, kind: 'round' },
      { at: 6, kind: 'stage' }
    ])
    expect(series.steps().map(({ due }) => due)).toEqual([50, 50, 100, 150, 50, 50, 100, 150, 150])
  })

  it('has its line in a closed load too', () => {
    expect(touching(closed.load).rules).toEqual([{ at: 4, kind: 'round' }])
  })
})

describe('seconds of a round in which nothing ended', () => {
  it('are shown as they were: nothing was accepted, and what was due waits', () => {
    const series = new LaneSeries(open)
    series.begin({ round: 1, startedMs: 0 })
    series.add(row(0, 100))
    series.add(row(3, 100))
    expect(series.rules).toEqual([])
    expect(series.steps().map(({ rate, backlog }) => [rate, backlog])).toEqual([
      [100, 0],
      [0, 100],
      [0, 200],
      [100, 200]
    ])
  })

  it('are not measured where this machine stood still', () => {
    const series = new LaneSeries(open, [{ startedMs: 900, seconds: 2.2 }])
    series.begin({ round: 1, startedMs: 0 })
    series.add(row(0, 90))
    series.add(row(3, 100))
    expect(series.steps().map(({ rate, due, backlog }) => [rate, due, backlog])).toEqual([
      [90, 100, 10],
      [100, 100, 0]
    ])
  })
})

test('however long a run is, a lane keeps few steps, its whole length and its worst p99', () => {
  const series = new LaneSeries(closed)
  for (let second = 0; second < 10_000; second++)
    series.add(row(second, 50, { p99: second === 7777 ? 900 : 9 }))
  series.end()
  const steps = series.steps()
  expect(steps.length).toBeLessThanOrEqual(LANE_STEPS)
  expect(series.length).toBe(10_000)
  expect(steps.reduce((sum, { seconds }) => sum + seconds, 0)).toBeCloseTo(10_000, 6)
  expect(Math.max(...steps.map(({ p99 }) => p99 ?? 0))).toBe(900)
  for (const { rate } of steps) expect(rate).toBeCloseTo(50, 6)
})
