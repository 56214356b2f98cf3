import { describe, expect, it } from 'vitest'
import { judgeMeasured, latencyGrowth } from '../../electron/engine/capacity-step.ts'
import { parseObjective, type Objective } from '../../shared/objective.ts'
import type { TransportRecord } from '../../shared/run-record.ts'
import { transportRecord } from '../support/records.ts'

function objective(text: string): Objective {
  const parsed = parseObjective(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return parsed.value
}

/** Rows of full seconds with these medians, ms. */
function timeline(...medians: number[]): TransportRecord['timeline'] {
  return medians.map((p50, second) => ({
    ...{ second, accepted: 100, rejected: 0, failed: 0, aborted: 0 },
    ...{ p50, p99: p50 }
  }))
}

describe('growth of latency, seconds per second', () => {
  it.each([
    { title: 'a peer that keeps up', rows: timeline(20, 22, 19, 21), growth: 0 },
    { title: 'a backlog that grows by a tenth', rows: timeline(50, 150, 250, 350), growth: 0.1 },
    { title: 'one stall among steady seconds', rows: timeline(20, 20, 900, 20, 20), growth: 0 },
    { title: 'latency that falls', rows: timeline(300, 200, 100), growth: 0 },
    { title: 'a single second tells nothing', rows: timeline(500), growth: 0 },
    { title: 'nothing was accepted', rows: [], growth: 0 }
  ])('$title', ({ rows, growth }) => {
    expect(latencyGrowth(rows)).toBeCloseTo(growth, 6)
  })

  it('passes over seconds of which only a fraction was measured', () => {
    const [cut, ...full] = timeline(800, 20, 20, 20)
    if (cut === undefined) throw new Error('no row')
    expect(latencyGrowth([{ ...cut, accepted: 10 }, ...full])).toBe(0)
  })
})

describe('a step of the search', () => {
  const times = Array.from({ length: 400 }, () => 20_000)
  const measured = (changes: Partial<TransportRecord>): TransportRecord =>
    transportRecord('api', [times], { timeline: timeline(20, 20, 20, 20), ...changes })
  const judge = (record: TransportRecord) => judgeMeasured(100, 4, record, [objective('response.p99 < 500')])

  it('passes when rate and objectives were kept', () => {
    expect(judge(measured({}))).toMatchObject({ pass: true, achieved: 100, failedObjective: null })
  })

  it('fails when a backlog grew, however short it was at the end', () => {
    const step = judge(measured({ timeline: timeline(20, 90, 160, 230) }))
    expect(step.pass).toBe(false)
    expect(step.achieved).toBeCloseTo(93, 3)
    expect(step.failedObjective).toMatch(/of the rate/)
  })

  it.each([1.5, 2, 4])(
    'achieves what the peer can do at %d times as much, read from its backlog',
    (overload) => {
      const peerRate = 100 / overload
      const seconds = [0, 1, 2, 3]
      // After t seconds a peer that works in order answers what came due at t divided by the overload.
      const medians = seconds.map((second) => (second + 0.5) * (1 - 1 / overload) * 1000)
      const step = judge(measured({ timeline: timeline(...medians) }))
      expect(step.pass).toBe(false)
      expect(step.achieved).toBeCloseTo(peerRate, 6)
    }
  )

  it('does not blame this machine for a step that was kept', () => {
    expect(judge(measured({ generatorLimited: true }))).toMatchObject({ pass: true, generatorLimited: false })
  })

  it('blames this machine for one that failed on it', () => {
    const overload = {
      generatorLimited: true,
      eventLoopUtilization: 0.95,
      timeline: timeline(20, 120, 220, 320)
    }
    expect(judge(measured(overload))).toMatchObject({ pass: false, generatorLimited: true })
  })

  it('blames the peer where late starts are nothing beside the time it took', () => {
    const late = { generatorLimited: true, eventLoopUtilization: 0.4, timeline: timeline(20, 120, 220, 320) }
    expect(judge(measured(late))).toMatchObject({ pass: false, generatorLimited: false })
  })

  it('achieves nothing when nothing was sent', () => {
    const counts = { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 }
    expect(judge(measured({ counts, timeline: [] }))).toMatchObject({ pass: false, achieved: 0 })
  })
})
