import { describe, expect, it } from 'vitest'
import type { BlockEnd } from '../../electron/record/block-end.ts'
import { Fold } from '../../electron/record/fold.ts'
import { RunRecorder } from '../../electron/record/run-recorder.ts'
import type { TransportStart } from '../../electron/record/run-start.ts'
import { ratePerSecond } from '../../shared/insight/timeline-rate.ts'
import { latencyModel, throughputAt } from '../../shared/insight/what-if.ts'
import { ConnectionStats } from '../../electron/transports/client.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import { runRecord, validPlan } from '../support/records.ts'

interface Send {
  dueMs: number
  doneMs: number
  /** Of a send that was rejected. */
  code?: string
  /** Time that it waited for one turn. */
  waitMs?: number
  /** Number of its lane; 0 unless told. */
  lane?: number
}

/** What a run of one round records of these sends, in the order in which they were done. */
function recorded(
  load: PlanInput['load'],
  sends: readonly Send[],
  end: Partial<BlockEnd> = {},
  flushEvery = Infinity,
  start: Partial<TransportStart> = {}
): TransportRecord {
  const plan = validPlan({ rounds: 1, load })
  const known = { peer: 'mail.example.com', leastConnectUs: 1000, connectsUs: [] }
  const settled = { emulatedRttMs: 1, ...known, observed: null, settings: {}, notes: [], ...start }
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
  const lanes = new Map<number, SendResult>()
  sends.forEach(({ dueMs, doneMs, code, waitMs, lane = 0 }, seq) => {
    const result = lanes.get(lane) ?? new SendResult(lane)
    lanes.set(lane, result)
    result.begin(seq, dueMs * 1000, dueMs * 1000)
    if (waitMs !== undefined) result.waited('wait', waitMs * 1000, 1)
    result.doneUs = doneMs * 1000
    result.outcome = code === undefined ? 'accepted' : 'rejected'
    result.code = code ?? ''
    fold.add(result)
    if (seq % flushEvery === flushEvery - 1) fold.flush()
  })
  fold.flush()
  recorder.addBlockEnd(0, 1, {
    warmup: { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 },
    stats: new ConnectionStats(),
    observed: null,
    eventLoopUtilization: 0.1,
    noSlotSeconds: 0,
    lateOnFreeSlot: 0,
    unstarted: 0,
    gaps: [],
    leftOut: 0,
    backlogAtEnd: 0,
    cpuWaitMs: null,
    scheduleOver: true,
    loadedRtts: null,
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

it('a closed load is measured for as long as its lanes were busy', () => {
  const sends = [
    { dueMs: 100, doneMs: 600 },
    { dueMs: 600, doneMs: 1100 }
  ]
  const closed = recorded({ model: 'closed', concurrency: 1, messages: 2 }, sends, { scheduleOver: false })
  expect(closed).toMatchObject({ durationSeconds: 1, throughput: 2, offeredRate: null, limitReason: null })
})

describe('a closed load with a straggler', () => {
  // Ten lanes of 20 ms each; one message of the last ones takes 3 s.
  const sends = Array.from({ length: 500 }, (_, seq): Send => {
    const dueMs = 20 * Math.floor(seq / 10)
    return { dueMs, doneMs: dueMs + (seq === 499 ? 3000 : 20), lane: seq % 10 }
  }).sort((a, b) => a.doneMs - b.doneMs)
  const record = recorded({ model: 'closed', concurrency: 10, messages: 500 }, sends)

  it('gets through what its lanes do, not what the last one leaves', () => {
    // Lanes x accepted / busy time: 10 x 500 / (499 x 20 ms + 3 s).
    expect(record.throughput).toBeCloseTo((10 * 500) / (499 * 0.02 + 3), 6)
    expect(record.throughput / (500 / 3.98)).toBeGreaterThan(2)
  })

  it('has one figure in the result and in what-if', () => {
    const model = latencyModel({ ...record, turns: { perMessage: 1, cold: null, warm: 1 } })!
    expect(throughputAt(model, model.rttMs, 10) / record.throughput).toBeCloseTo(1, 3)
  })
})

it('each second knows which part of it was measured, so that a steady rate stays one', () => {
  // 100 a second from 0.75 s to 2.25 s.
  const sends = Array.from({ length: 150 }, (_, index) => ({
    dueMs: 750 + 10 * index,
    doneMs: 760 + 10 * index
  }))
  const { timeline } = recorded({ model: 'closed', concurrency: 1, messages: 150 }, sends)
  expect(timeline.map(({ second, measuredSeconds }) => [second, measuredSeconds])).toEqual([
    [0, expect.closeTo(0.25, 6)],
    [1, 1],
    [2, expect.closeTo(0.25, 6)]
  ])
  for (const row of timeline) expect(ratePerSecond(row)! / 100).toBeCloseTo(1, 1)
})

it('sends that wait for a slot when the schedule ends are the backlog', () => {
  const load: PlanInput['load'] = { model: 'open', rate: 10, durationSeconds: 2 }
  const sends = Array.from({ length: 20 }, (_, index) => ({ dueMs: index * 100, doneMs: 200 + index * 200 }))
  const found = recorded(load, sends, { backlogAtEnd: 9, noSlotSeconds: 3 })
  expect(found).toMatchObject({ backlogAtEnd: 9, dueRate: 10, offeredRate: 10 })
  const closed = recorded({ model: 'closed', concurrency: 1, messages: 1 }, [{ dueMs: 0, doneMs: 1 }])
  expect(closed).toMatchObject({ backlogAtEnd: null, dueRate: null })
})

describe('the split of a mean send', () => {
  const load: PlanInput['load'] = { model: 'closed', concurrency: 1, messages: 30 }
  /** Sends of one turn each that waited so long. */
  const waited = (known: Partial<TransportStart>, waitsMs: readonly number[]): TransportRecord =>
    recorded(
      load,
      waitsMs.map((ms, index) => ({ dueMs: 1000 * index, doneMs: 1000 * index + ms, waitMs: ms })),
      {},
      Infinity,
      known
    )

  it('books the jitter of the network as the network’s', () => {
    // The server takes no time: waits are round trips of 20 to 50 ms, as the connects are.
    const jitter = Array.from({ length: 31 }, (_, index) => 20 + index)
    const found = waited(
      { emulatedRttMs: null, leastConnectUs: 20_000, connectsUs: jitter.map((ms) => 1000 * ms) },
      jitter
    )
    expect(found.rttMs).toBeCloseTo(35, 1)
    expect(found.serverMs).toBeLessThan(1)
    expect(found.rtt).toMatchObject({ leastMs: 20 })
  })

  it('never claims more chatter than was waited', () => {
    const found = waited(
      { emulatedRttMs: null, leastConnectUs: 500, connectsUs: [9280, 9280, 9280] },
      [1, 1, 1]
    )
    expect(found.chatterMs).toBeCloseTo(1, 6)
    expect(found.residualMs).toBeCloseTo(0, 6)
  })
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
