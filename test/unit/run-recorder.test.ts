import { describe, expect, it } from 'vitest'
import type { BlockEnd } from '../../electron/engine/block.ts'
import { Fold } from '../../electron/engine/fold.ts'
import { RunRecorder } from '../../electron/engine/run-recorder.ts'
import { emptyConnectionStats } from '../../electron/transports/client.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import type { PlanInput } from '../../shared/plan.ts'
import type { TransportRecord } from '../../shared/run-record.ts'
import { runRecord, validPlan } from '../support/records.ts'

interface Send {
  dueMs: number
  doneMs: number
}

/** What a run of one round records of these accepted sends. */
function recorded(load: PlanInput['load'], sends: readonly Send[], end: Partial<BlockEnd>): TransportRecord {
  const plan = validPlan({ rounds: 1, load })
  const settled = { emulatedRttMs: 1, leastConnectUs: 1000, observed: null, settings: {}, notes: [] }
  const recorder = new RunRecorder({
    id: 'run-1',
    startedAt: '2026-11-23T14:02:00.000Z',
    environment: runRecord([]).environment,
    plan,
    transports: plan.transports.map(() => settled)
  })
  const fold = new Fold({
    transport: 0,
    round: 1,
    clockOffsetUs: 0,
    hiddenHandshakeUs: 0,
    emit: (delta) => {
      recorder.addDelta(delta)
    }
  })
  const result = new SendResult(0)
  for (const [seq, { dueMs, doneMs }] of [...sends].sort((a, b) => a.doneMs - b.doneMs).entries()) {
    result.begin(seq, dueMs * 1000, dueMs * 1000)
    result.doneUs = doneMs * 1000
    result.outcome = 'accepted'
    fold.add(result)
  }
  fold.flush()
  recorder.addBlockEnd(0, 1, {
    warmup: { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 },
    stats: emptyConnectionStats(),
    observed: null,
    eventLoopUtilization: 0.1,
    noSlotSeconds: 0,
    lateOnFreeSlot: 0,
    unstarted: 0,
    scheduleOver: true,
    ...end
  })
  return recorder.transportRecord(0)
}

describe('the measured time of an open load', () => {
  const load: PlanInput['load'] = { model: 'open', rate: 10, durationSeconds: 2 }
  /** 20 sends, due at 10 a second, answered as the peer does. */
  const sends = (doneMs: (dueMs: number, index: number) => number): Send[] =>
    Array.from({ length: 20 }, (_, index) => ({ dueMs: index * 100, doneMs: doneMs(index * 100, index) }))

  it('is its schedule where the peer keeps up, however long each answer takes', () => {
    const slow = recorded(
      load,
      sends((dueMs) => dueMs + 700),
      {}
    )
    expect(slow).toMatchObject({ durationSeconds: 2, throughput: 10, limitReason: null })
  })

  it('is as long as answers come where the peer falls behind', () => {
    const behind = recorded(
      load,
      sends((_, index) => 200 + index * 200),
      {}
    )
    expect(behind.durationSeconds).toBeCloseTo(3.8, 6)
    expect(behind.throughput).toBeCloseTo(20 / 3.8, 6)
    expect(behind.limitReason).toMatch(/5\.26 of 10 messages per second/)
  })

  it('ends with the last outcome where the schedule was cut short', () => {
    const cut = sends((dueMs) => dueMs + 100).slice(0, 5)
    expect(recorded(load, cut, { scheduleOver: false })).toMatchObject({
      durationSeconds: 0.5,
      throughput: 10,
      limitReason: null
    })
  })

  it('does not hide sends that never got a slot', () => {
    const half = sends((dueMs) => dueMs + 100).slice(0, 10)
    const { throughput, limitReason } = recorded(load, half, { unstarted: 10, noSlotSeconds: 1 })
    expect(throughput).toBe(5)
    expect(limitReason).toMatch(/5 of 10 messages per second.*no slot was free/)
  })
})

it('a closed load is measured from its first send to its last outcome', () => {
  const sends = [
    { dueMs: 100, doneMs: 600 },
    { dueMs: 600, doneMs: 1100 }
  ]
  const closed = recorded({ model: 'closed', concurrency: 1, messages: 2 }, sends, { scheduleOver: false })
  expect(closed).toMatchObject({ durationSeconds: 1, throughput: 2, offeredRate: null, limitReason: null })
})
