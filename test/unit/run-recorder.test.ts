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
  /** Of a send that was rejected. */
  code?: string
}

/** What a run of one round records of these sends, in the order in which they were done. */
function recorded(
  load: PlanInput['load'],
  sends: readonly Send[],
  end: Partial<BlockEnd> = {},
  flushEvery = Infinity
): TransportRecord {
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
  sends.forEach(({ dueMs, doneMs, code }, seq) => {
    result.begin(seq, dueMs * 1000, dueMs * 1000)
    result.doneUs = doneMs * 1000
    result.outcome = code === undefined ? 'accepted' : 'rejected'
    result.code = code ?? ''
    fold.add(result)
    if (seq % flushEvery === flushEvery - 1) fold.flush()
  })
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

it('a peer that always says something new leaves a record of bounded size, and every error is counted', () => {
  const sends = Array.from({ length: 5000 }, (_, index) => ({
    dueMs: 0,
    doneMs: 1,
    code: `450 4.0.${index}`
  }))
  const { counts, errors } = recorded({ model: 'closed', concurrency: 1, messages: 5000 }, sends, {}, 50)
  expect(counts).toMatchObject({ sent: 5000, rejected: 5000 })
  expect(errors.length).toBeLessThanOrEqual(1001)
  expect(errors.reduce((sum, { count }) => sum + count, 0)).toBe(5000)
})
