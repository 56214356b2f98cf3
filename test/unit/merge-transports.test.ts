import { describe, expect, it, test } from 'vitest'
import { mergeRuns } from '../../electron/record/merge-runs.ts'
import { mergeTransports } from '../../electron/record/merge-transports.ts'
import { ratePerSecond } from '../../shared/insight/timeline-rate.ts'
import { verdict } from '../../shared/insight/verdict.ts'
import type { DeliveryRecord } from '../../shared/record/delivery-record.ts'
import {
  createHistogram,
  decodeHistogram,
  encodeHistogram,
  mergeHistograms,
  percentileMs,
  recordUs
} from '../../shared/record/histogram.ts'
import type { RttRecord, TimelineRow, TransportRecord } from '../../shared/record/run-record.ts'
import { runRecord, tcpRecord, transportRecord } from '../support/records.ts'

/** One transport over two places that differ in these fields. */
function merged(fra: Partial<TransportRecord>, iad: Partial<TransportRecord>): TransportRecord {
  return mergeTransports([
    { place: 'fra', record: transportRecord('smtp', [[1000, 1000]], fra) },
    { place: 'iad', record: transportRecord('smtp', [[1000, 1000]], iad) }
  ])
}

function inbox(count: number, us: number): string {
  const histogram = createHistogram()
  for (let index = 0; index < count; index++) recordUs(histogram, us + index)
  return encodeHistogram(histogram)
}

/** What arrived in one round, in so many ms. */
function delivered(arrived: number, lost: number, ms: number): DeliveryRecord {
  return {
    ...{ receiver: 'sink', arrived, lost, pending: 1, duplicates: 2, junk: 3, unaccepted: 4 },
    ...{ mean: ms, p50: ms, p95: ms, p99: ms, resolutionMs: ms / 10, responseMs: ms / 100 },
    inbox: { mean: ms, p50: ms, p95: ms, p99: ms },
    clock: { offsetMs: ms, errorMs: ms / 50 },
    hops: [{ hop: 1, name: 'by mx.example.com', count: arrived, p50: ms, max: ms * 2 }],
    rounds: [{ round: 1, arrived, inboxHistogram: inbox(arrived, ms * 1000) }]
  }
}

describe('what arrived of the messages of two places', () => {
  const [fra, iad] = [delivered(1000, 0, 100), delivered(700, 300, 200)]
  const { delivery, notes } = merged({ delivery: fra }, { delivery: iad })

  it('is the sum of both', () => {
    expect(delivery).toMatchObject({
      ...{ arrived: 1700, lost: 300, pending: 2, duplicates: 4, junk: 6, unaccepted: 8, resolutionMs: 20 },
      clock: { offsetMs: 200, errorMs: 4 }
    })
  })

  it('has the mean of all, and percentiles only where the values are known', () => {
    const mean = (1000 * 100 + 700 * 200) / 1700
    expect(delivery?.mean).toBeCloseTo(mean, 9)
    expect(delivery?.responseMs).toBeCloseTo(mean / 100, 9)
    expect(delivery).toMatchObject({ p50: null, p95: null, p99: null })
    const all = mergeHistograms(
      [fra, iad].flatMap(({ rounds }) => rounds.map(({ inboxHistogram }) => decodeHistogram(inboxHistogram)))
    )
    expect(delivery?.inbox).toMatchObject({ p50: percentileMs(all, 50), p99: percentileMs(all, 99) })
    expect(delivery?.inbox.mean).toBeCloseTo(mean, 9)
    expect(delivery?.rounds.map(({ round, arrived }) => [round, arrived])).toEqual([[1, 1700]])
    expect(delivery?.hops).toEqual([{ hop: 1, name: 'by mx.example.com', count: 1700, p50: null, max: 400 }])
    expect(notes.join(' ')).toContain('delivery time')
  })

  it('says nothing of how much of it came after the acceptance where that is not known', () => {
    const record = mergeTransports([
      { place: 'fra', record: transportRecord('smtp', [[1000, 1000]], { delivery: fra }) },
      { place: 'iad', record: transportRecord('smtp', [[1000, 1000]], { delivery: iad }) }
    ])
    expect(verdict(runRecord([record]))).toMatch(/From due to arrived, a message of smtp takes [^,.]+\.$/)
  })
})

test('contents that waited for a receive window are counted together', () => {
  const none = { tcp: tcpRecord() }
  const few = { tcp: tcpRecord({ receiveWindow: { waits: 1, meanMs: 10 } }) }
  const many = { tcp: tcpRecord({ receiveWindow: { waits: 3, meanMs: 50 } }) }
  expect(merged(few, many).tcp?.receiveWindow).toEqual({ waits: 4, meanMs: 40 })
  expect(merged(few, none).tcp?.receiveWindow).toEqual({ waits: 1, meanMs: 10 })
  expect(merged(none, none).tcp?.receiveWindow).toBeNull()
})

test('what came due and what waited at the end add up', () => {
  const half = { offeredRate: 100, dueRate: 100, backlogAtEnd: 400 }
  expect(merged(half, half)).toMatchObject({ offeredRate: 200, dueRate: 200, backlogAtEnd: 800 })
  expect(merged({}, {})).toMatchObject({ offeredRate: null, dueRate: null, backlogAtEnd: null })
})

describe('a second of the timeline', () => {
  const row = (measuredSeconds: number, accepted: number, second = 10): TimelineRow => ({
    ...{ second, measuredSeconds, accepted },
    ...{ rejected: 1, failed: 2, aborted: 3, p50: 4, p99: 5 }
  })
  const both = (a: TimelineRow, b: TimelineRow): TimelineRow[] =>
    merged({ timeline: [a] }, { timeline: [b] }).timeline

  it('has the sum of the rates', () => {
    const [second, ...others] = both(row(0.1, 10), row(1, 100))
    expect(others).toEqual([])
    expect(second).toEqual({
      ...{ second: 10, measuredSeconds: expect.closeTo(0.55, 9) as number, accepted: 110 },
      ...{ rejected: 2, failed: 4, aborted: 6, p50: null, p99: null }
    })
  })

  it('takes no rate from a part that is too short to tell one', () => {
    const [second] = both(row(0.01, 5), row(1, 100))
    expect(second && ratePerSecond(second)).toBe(105)
  })

  it('was measured for as long as the longer part where nothing was accepted', () => {
    expect(both(row(0.2, 0), row(0.7, 0))).toMatchObject([{ measuredSeconds: 0.7 }])
  })

  it('keeps its percentiles where one place alone measured it', () => {
    expect(both(row(1, 5, 11), row(1, 4, 3))).toEqual([row(1, 4, 3), row(1, 5, 11)])
  })
})

test('the times in which each machine stood still stand there together', () => {
  const gap = (startedMs: number) => ({ round: 1, startedMs, seconds: 2, leftOut: 1 })
  expect(merged({ gaps: [gap(5)] }, { gaps: [gap(9)] }).gaps).toEqual([gap(5), gap(9)])
  expect(merged({}, { gaps: [gap(9)] }).gaps).toEqual([gap(9)])
  expect(merged({}, {}).gaps).toBeUndefined()
})

test('the longest wait for a processor is that of the place that waited longest', () => {
  expect(merged({ cpuWaitMs: 1 }, { cpuWaitMs: 7 }).cpuWaitMs).toBe(7)
  expect(merged({}, { cpuWaitMs: 7 }).cpuWaitMs).toBe(7)
  expect(merged({}, {}).cpuWaitMs).toBeNull()
})

test('the round trip is that of both places, the least of either', () => {
  const rtt = (leastMs: number, samples: number, source: RttRecord['source'] = 'kernel'): RttRecord => ({
    ...{ leastMs, medianMs: leastMs * 2, leastTurnMs: leastMs * 3, samples, source }
  })
  expect(merged({ rtt: rtt(100, 10) }, { rtt: rtt(10, 30, 'connect') }).rtt).toEqual({
    ...{ leastMs: 10, medianMs: 65, leastTurnMs: 30, samples: 40, source: 'connect' }
  })
  const emulated = rtt(20, 0, 'emulated')
  expect(merged({ rtt: emulated }, { rtt: emulated }).rtt).toEqual(emulated)
  expect(merged({}, { rtt: rtt(10, 30) }).rtt).toEqual(rtt(10, 30))
})

test('a merged run takes neither the words nor the rank of the first one along', () => {
  const run = (changes: object) => runRecord([transportRecord('smtp', [[1000], [1000]])], changes)
  const record = mergeRuns([
    { place: 'fra', record: run({ note: 'before the move', baseline: true }) },
    { place: 'iad', record: run({}) }
  ])
  expect(record).not.toHaveProperty('note')
  expect(record).not.toHaveProperty('baseline')
})
