import { afterEach, describe, expect, test, vi } from 'vitest'
import { LoadRoundTrips } from '../../electron/engine/load-round-trips.ts'
import { loadedRttOf, LoadedRttTally, type LoadedRtts } from '../../electron/record/loaded-rtt.ts'
import { addHint, ConnectionStats } from '../../electron/transports/client.ts'
import { seededRandom } from '../../shared/insight/random.ts'
import type { LoadedRtt } from '../../shared/record/run-record.ts'
import { validPlan } from '../support/records.ts'

afterEach(() => {
  vi.useRealTimers()
})

function seenOf(us: readonly number[]): LoadedRtts[] {
  const tally = new LoadedRttTally()
  for (const each of us) tally.add(each)
  return tally.seen === null ? [] : [tally.seen]
}

/** Figures of these round trips, ms, of a load for each list. */
function figures(...loadsMs: (readonly number[])[]): LoadedRtt | null {
  const start = {
    emulatedRttMs: null,
    peer: 'here',
    connectsUs: [1000],
    leastConnectUs: 1000,
    observed: null
  }
  const parts = loadsMs.flatMap((ms) => seenOf(ms.map((each) => each * 1000)))
  return loadedRttOf(parts, { ...start, settings: {}, notes: [] }, validPlan())
}

describe('what a worker tells every second of a block that goes on', () => {
  test('does not grow with the round trips of a long load', async () => {
    vi.useFakeTimers()
    let us = 10_000
    const roundTrips = new LoadRoundTrips({ sample: () => Promise.resolve(us++), close: () => undefined })
    roundTrips.begin()
    await vi.advanceTimersByTimeAsync(1_000_000)
    const early = JSON.stringify(roundTrips.seen).length
    await vi.advanceTimersByTimeAsync(9_000_000)
    roundTrips.end()
    expect(roundTrips.seen?.count).toBe(10_000)
    expect(JSON.stringify(roundTrips.seen).length).toBeLessThan(early * 1.1)
  })

  test('does not grow with what a server says anew on each connection', () => {
    const stats = new ConnectionStats()
    for (let id = 0; id < 10_000; id++) addHint(stats, `421 timed out ${id}`)
    expect(stats.hints[0]).toBe('421 timed out 0')
    expect(stats.hints.length).toBeLessThan(100)
  })
})

describe('the round trip under load', () => {
  test('is that of every measurement of a short load', () => {
    expect(figures([3, 1, 2, 10])).toEqual({
      ...{ idleMs: 1, medianMs: 2.5, meanMs: 4, greatestMs: 10, samples: 4 }
    })
    expect(figures()).toBeNull()
  })

  test('of a long load is the mean and the greatest of all, and a median that is near theirs', () => {
    const random = seededRandom(5)
    // Rising: what is kept must be from the whole load.
    const ms = Array.from({ length: 40_000 }, (_, second) => 20 + second / 1000 + random())
    const { meanMs, greatestMs, samples, medianMs } = figures(ms) ?? {}
    expect(samples).toBe(40_000)
    expect(meanMs).toBeCloseTo(40.5, 1)
    expect(greatestMs).toBe(Math.max(...ms))
    expect(Math.abs((medianMs ?? 0) - 40.5)).toBeLessThan(3)
  })

  test('of a long and a short load together weighs every measurement alike', () => {
    const long = Array<number>(10_000).fill(5)
    const short = Array<number>(499).fill(50)
    expect(figures(long, short)).toMatchObject({ medianMs: 5, greatestMs: 50, samples: 10_499 })
    expect(figures(short, short, [7])?.medianMs).toBe(50)
  })
})
