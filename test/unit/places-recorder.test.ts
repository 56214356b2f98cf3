import { describe, expect, it } from 'vitest'
import type { BlockEnd } from '../../electron/record/block-end.ts'
import { Fold } from '../../electron/record/fold.ts'
import { PlacesRecorder } from '../../electron/record/places-recorder.ts'
import { ConnectionStats } from '../../electron/transports/client.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import { isOverloaded } from '../../shared/insight/overload.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import { runRecord, validPlan } from '../support/records.ts'

const END: BlockEnd = {
  warmup: { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 },
  stats: new ConnectionStats(),
  ...{ observed: null, eventLoopUtilization: 0.1, cpuWaitMs: null, noSlotSeconds: 0, lateOnFreeSlot: 0 },
  ...{ backlogAtEnd: 0, unstarted: 0, gaps: [], leftOut: 0, loadedRtts: null, scheduleOver: true }
}

/** A part of a round that one place's one worker ran. */
interface Part {
  place: number
  round: number
  end: Partial<BlockEnd>
}

/** What these places record of an open load of 100 a second each, over 10 s a round: 60 a second are answered. */
function recorded(places: number, parts: readonly Part[]): TransportRecord {
  const rounds = Math.max(...parts.map(({ round }) => round))
  const load = { model: 'open', rate: 100 * places, durationSeconds: 10 * rounds } as const
  const plan = validPlan({ rounds, load })
  const { environment } = runRecord([])
  const start = {
    ...{ emulatedRttMs: 20, peer: 'p', connectsUs: [], leastConnectUs: Infinity },
    ...{ observed: null, settings: {}, notes: [] }
  }
  const transports = plan.transports.map(() => start)
  const recorder = new PlacesRecorder({
    ...{ id: 'run-1', startedAt: '2026-11-23T14:02:00.000Z', environment, plan, transports },
    places: Array.from({ length: places }, (_, index) => ({
      ...{ name: `p${index}`, environment, clockOffsetMs: 0, clockErrorMs: 0, share: 1 / places, transports }
    }))
  })
  for (const { place, round, end } of parts) {
    const fold = new Fold({
      ...{ transport: 0, round, clockOffsetUs: 0, hiddenHandshakeUs: 0 },
      emit: (delta) => {
        recorder.addDelta({ ...delta, place })
      }
    })
    const result = new SendResult(0)
    for (let seq = 0; seq < 1000; seq++) {
      const startedUs = seq * 16_600
      result.begin(seq, seq * 10_000, startedUs)
      result.waited('wait', 300_000, 1)
      result.doneUs = startedUs + 330_000
      result.outcome = 'accepted'
      fold.add(result)
    }
    fold.flush()
    recorder.addBlockEnd(0, round, { ...END, place, ...end })
  }
  return recorder.transportRecord(0)
}

describe('what waits for a slot at several places', () => {
  it('is the most of any round, over all of them', () => {
    const part = (place: number, round: number, backlogAtEnd: number): Part => ({
      ...{ place, round, end: { backlogAtEnd } }
    })
    const record = recorded(2, [part(0, 1, 400), part(1, 1, 100), part(0, 2, 200), part(1, 2, 350)])
    expect(record.backlogAtEnd).toBe(550)
    expect(record.dueRate).toBeCloseTo(200, 6)
  })
})

describe('the share of the time without a free slot', () => {
  /** A worker of one of so many places, which has no free slot for so long: its part of what all workers have. */
  const part = (place: number, places: number, seconds: number): Part => ({
    ...{ place, round: 1, end: { noSlotSeconds: seconds / places, backlogAtEnd: 400 } }
  })

  it.each([1, 2, 3])('is that of each, where each of %i has none nearly all the time', (places) => {
    const record = recorded(
      places,
      Array.from({ length: places }, (_, place) => part(place, places, 16.5))
    )
    expect(record.durationSeconds).toBeCloseTo(16.58, 2)
    expect(record.noSlotShare).toBeCloseTo(0.995, 3)
    expect(isOverloaded(record)).toBe(true)
    expect(record.limitReason).toMatch(/p0: 60\.3 of 100 messages.*for 99\s% of the time no slot was free/)
  })

  it('is half where one of two has none all the time', () => {
    expect(recorded(2, [part(0, 2, 0), part(1, 2, 16.6)]).noSlotShare).toBeCloseTo(0.5, 3)
  })
})
