import { describe, expect, test } from 'vitest'
import { sizeRounds, type SizedRun } from '../../shared/insight/size-rounds.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import { scripted } from '../support/scripted-transport.ts'

/** New connections with two turns and a content of 2 KB, or of 100 KB, which takes two rounds of the window. */
function sized(
  sizeBytes: number,
  rttMs: number,
  restMs: number,
  changes: Partial<TransportRecord> = {}
): SizedRun {
  const turns = sizeBytes === 2000 ? 2 : 4
  const transport = scripted(
    'smtp',
    { turns, rttMs, restMs, perRound: 20, rounds: 2, levels: [1], scatter: 0 },
    { turns: { perMessage: 2, cold: 2, warm: null }, ...changes }
  )
  return { rttMs, sizeBytes, transport: { ...transport, bytes: { out: sizeBytes * 40, in: 0 } } }
}

describe('over several distances', () => {
  test('what a size costs at every distance is no round', () => {
    const runs = [0, 20].flatMap((rttMs) => [sized(2000, rttMs, 3), sized(100_000, rttMs, 83)])
    const [small, large] = sizeRounds(runs)
    expect(small).toEqual({ sizeBytes: 2000, rttMs: null, roundsFitted: 0, roundsModelled: 0 })
    expect(large!.rttMs).toBeNull()
    expect(large!.roundsFitted).toBeCloseTo(2, 1)
    expect(large!.roundsModelled).toBeCloseTo(2, 6)
  })

  test('what takes as much longer at every distance has no rounds', () => {
    // Behind a way of the peer's own that the emulated one does not lengthen.
    const flat = [0, 20].flatMap((rttMs) => [sized(2000, rttMs, 3), sized(100_000, rttMs, 83 - 2 * rttMs)])
    expect(sizeRounds(flat)[1]!.roundsFitted).toBeCloseTo(0, 1)
  })

  test('one distance that is off does not move them', () => {
    const runs = [20, 40, 60, 80, 100].flatMap((rttMs) => [
      sized(2000, rttMs, 3),
      sized(100_000, rttMs, rttMs === 60 ? 503 : 3)
    ])
    expect(sizeRounds(runs)[1]!.roundsFitted).toBeCloseTo(2, 1)
  })
})

describe('at one distance', () => {
  test('they are the extra time over the round trip that was measured, not the emulated one', () => {
    const own = { rttMs: 40 }
    const runs = [sized(2000, 20, 3, own), sized(100_000, 20, 43, own)]
    const [small, large] = sizeRounds(runs)
    expect(small).toMatchObject({ rttMs: 40, roundsFitted: 0, roundsModelled: 0 })
    // 2 x 20 ms and 40 ms more.
    expect(large!.rttMs).toBe(40)
    expect(large!.roundsFitted).toBeCloseTo(2, 1)
    expect(large!.roundsModelled).toBeCloseTo(2, 6)
  })

  test.each([null, 0.2])('there are none where the round trip is %s ms', (rttMs) => {
    const runs = [sized(2000, 0, 3, { rttMs }), sized(100_000, 0, 5, { rttMs })]
    const none = { rttMs: null, roundsFitted: null, roundsModelled: null }
    expect(sizeRounds(runs)).toEqual([2000, 100_000].map((sizeBytes) => ({ sizeBytes, ...none })))
  })
})
