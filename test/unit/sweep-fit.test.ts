import { expect, test } from 'vitest'
import { fitCells, fitSweep, type SweepCells } from '../../shared/insight/sweep-fit.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import { scripted } from '../support/scripted-transport.ts'

const run = (rttMs: number, changes: Partial<TransportRecord> = {}, restMs = 3) => ({
  rttMs,
  transport: scripted('smtp', { turns: 4, rttMs, restMs, perRound: 20, rounds: 3, scatter: 0.002 }, changes)
})

test('turns are fitted with their interval, and the counted lie inside', () => {
  const sweep = fitSweep('smtp', [run(0), run(20), run(50)])
  expect(sweep).toMatchObject({ turnsCounted: 4, statistic: 'p50', finding: 'agrees' })
  expect(sweep.turnsLow!).toBeLessThan(4)
  expect(sweep.turnsHigh!).toBeGreaterThan(4)
})

test('the round trip to a peer that is away itself is no server time', () => {
  // 40 ms of the peer's own, four turns: at an emulated 0 a message takes 160 ms more.
  const away = [20, 50].map((rttMs) => run(rttMs, { rttMs: rttMs + 40 }, 4 * 40 + 12))
  const sweep = fitSweep('smtp', away)
  expect(sweep.baseRttMs).toBe(40)
  expect(sweep.interceptMs).toBeCloseTo(12, 0)
})

test('messages on new and on kept connections are fitted by their mean', () => {
  const mixed = [0, 20, 50].map((rttMs) => ({
    rttMs,
    transport: scripted(
      'smtp',
      { turns: 5.75, rttMs, restMs: 3, perRound: 20, rounds: 3, scatter: 0.002 },
      { turns: { perMessage: 5.75, cold: 11, warm: 4 } }
    )
  }))
  for (const { transport } of mixed) {
    for (const round of transport.rounds) round.turns = { perMessage: 5.75, cold: 11, warm: 4 }
  }
  expect(fitSweep('smtp', mixed)).toMatchObject({ turnsCounted: 5.75, statistic: 'mean', finding: 'agrees' })
})

const cells = (changes: Partial<SweepCells>): SweepCells => ({
  turnsCounted: 4,
  statistic: 'p50',
  baseRttMs: null,
  cells: [],
  points: [],
  isClosed: true,
  ...changes
})
const points = (ms: (rttMs: number) => number) =>
  [0, 20, 50].map((rttMs) => ({
    rttMs,
    n: 100,
    p50: ms(rttMs),
    serviceP50: ms(rttMs),
    serviceMean: null,
    sizeBytes: null,
    throughput: 9
  }))

test('a peer at its limit is called saturated, not a transport of no turns', () => {
  const flat = points(() => 210)
  const sweep = fitCells('smtp', cells({ cells: flat.map(({ rttMs }) => [rttMs, 210]), points: flat }))
  expect(sweep).toMatchObject({ turnsFitted: 0, r2: 1, finding: 'saturated' })
})

test('a peer at its limit near by alone is called saturated, too', () => {
  const bent = points((rttMs) => Math.max(100, 4 * rttMs + 3))
  const found = fitCells('smtp', cells({ cells: bent.map(({ rttMs, p50 }) => [rttMs, p50]), points: bent }))
  expect(found.finding).toBe('saturated')
})

test.each([
  [
    'two points alone',
    [
      [0, 3],
      [50, 203]
    ]
  ],
  [
    'twelve messages that scatter',
    [
      [0, 3],
      [20, 240],
      [50, 203]
    ]
  ]
] as [string, [number, number][]][])('%s tell nothing', (_why, found) => {
  expect(fitCells('smtp', cells({ cells: found })).finding).toBe('too-few')
})

test('turns that were not counted are found', () => {
  const found = fitCells(
    'smtp',
    cells({
      cells: [
        [0, 3],
        [20, 103.1],
        [50, 252.9],
        [80, 403]
      ]
    })
  )
  expect(found.turnsFitted).toBeCloseTo(5, 1)
  expect(found.finding).toBe('differs')
})
