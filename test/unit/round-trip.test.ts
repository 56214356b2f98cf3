import { expect, test } from 'vitest'
import { roundTrip, roundTripNotes, type RoundTripsSeen } from '../../electron/record/round-trip.ts'
import { createHistogram, recordUs, type Histogram } from '../../shared/record/histogram.ts'

const connects = (...us: number[]): Histogram => {
  const histogram = createHistogram()
  for (const each of us) recordUs(histogram, each)
  return histogram
}
const seen = (changes: Partial<RoundTripsSeen>): RoundTripsSeen => ({
  ...{ leastConnectUs: Infinity, leastTurnUs: Infinity, connectsUs: [], connects: null },
  ...changes
})

test('under jitter a turn costs the median, and the least is its floor', () => {
  const times = Array.from({ length: 101 }, (_, index) => 20_000 + 300 * index)
  const rtt = roundTrip(null, [
    seen({ leastConnectUs: 20_000, leastTurnUs: 21_000, connects: connects(...times) })
  ])!
  expect(rtt).toMatchObject({ leastMs: 20, leastTurnMs: 21, samples: 101, source: 'connect' })
  expect(rtt.medianMs).toBeCloseTo(35, 1)
})

test('transports of one peer share what each saw of the round trip', () => {
  const cold = seen({ leastConnectUs: 40_000, connects: connects(...Array<number>(30).fill(41_000)) })
  const kept = seen({ leastConnectUs: 60_000, leastTurnUs: 40_500, connectsUs: [60_000] })
  expect(roundTrip(null, [kept, cold])).toMatchObject({ leastMs: 40, samples: 30, leastTurnMs: 40.5 })
})

test('with few connects during the load those before it count, too', () => {
  const kept = seen({ leastConnectUs: 100, connects: connects(9280), connectsUs: [100, 110, 120, 130] })
  expect(roundTrip(null, [kept])!.medianMs).toBeCloseTo(0.12, 3)
})

test('no round trip is longer than the fastest reply, nor shorter than it in the middle', () => {
  expect(
    roundTrip(null, [seen({ leastConnectUs: 5000, leastTurnUs: 400, connectsUs: [5000] })])
  ).toMatchObject({
    leastMs: 0.4,
    medianMs: expect.closeTo(5, 1) as number
  })
})

test('nothing seen is no round trip, an emulated one needs none', () => {
  expect(roundTrip(null, [seen({})])).toBeNull()
  expect(roundTrip(40, [seen({})])).toMatchObject({ leastMs: 40, medianMs: 40, source: 'emulated' })
})

test('a proxy that accepts at once is warned of, with both bounds', () => {
  const behind = roundTrip(null, [seen({ leastConnectUs: 140, leastTurnUs: 20_000, connectsUs: [140] })])
  const [note] = roundTripNotes(behind)
  expect(note).toMatch(/A connect took 0\.140.ms, the fastest reply 20.ms: if a proxy/)
  const direct = roundTrip(null, [
    seen({ leastConnectUs: 20_000, leastTurnUs: 20_100, connectsUs: [20_000] })
  ])
  expect(roundTripNotes(direct)).toEqual([])
})
