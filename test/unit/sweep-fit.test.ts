import { expect, test } from 'vitest'
import { fitCells, fitSweep, type SweepCells } from '../../shared/insight/sweep-fit.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import { scripted } from '../support/scripted-transport.ts'

const run = (rttMs: number, changes: Partial<TransportRecord> = {}, restMs = 3) => ({
  rttMs,
  transport: scripted('smtp', { turns: 4, rttMs, restMs, perRound: 20, rounds: 3, scatter: 0.002 }, changes)
})

test('turns are fitted with their interval, and the counted lie inside', () => {
  const sweep = fitSweep('smtp', [run(0), run(20), run(50)], 10)
  expect(sweep).toMatchObject({ turnsCounted: 4, statistic: 'p50', finding: 'agrees' })
  expect(sweep.turnsLow!).toBeLessThan(4)
  expect(sweep.turnsHigh!).toBeGreaterThan(4)
})

test('the round trip to a peer that is away itself is no server time', () => {
  // 40 ms of the peer's own, four turns: at an emulated 0 a message takes 160 ms more.
  const away = [20, 50].map((rttMs) => run(rttMs, { rttMs: rttMs + 40 }, 4 * 40 + 12))
  const sweep = fitSweep('smtp', away, 10)
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
  expect(fitSweep('smtp', mixed, 10)).toMatchObject({
    ...{ turnsCounted: 5.75, statistic: 'mean', finding: 'agrees' }
  })
})

test('one distance has no line, however its rounds mix new and kept connections', () => {
  const mixed = run(20, { turns: { perMessage: 5.75, cold: 11, warm: 4 } })
  mixed.transport.rounds.forEach((round, index) => {
    round.turns = { perMessage: 5 + index, cold: 11, warm: 4 }
  })
  const line = { turnsFitted: null, turnsLow: null, interceptMs: null, r2: null, differencePercent: null }
  expect(fitSweep('smtp', [mixed], 10)).toMatchObject({ statistic: 'mean', ...line })
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

test('a bend is a limit only where it is more than the rounds scatter', () => {
  const flat = points(() => 8).slice(0, 2)
  const scattered = [-9, 0, 9].flatMap((ms) =>
    flat.map(({ rttMs }): [number, number] => [rttMs, 100 + 9 * ms])
  )
  expect(fitCells('smtp', cells({ cells: scattered, points: flat })).finding).toBe('too-few')
  const alike = [-0.1, 0, 0.1].flatMap((ms) => flat.map(({ rttMs }): [number, number] => [rttMs, 8 + ms]))
  expect(fitCells('smtp', cells({ cells: alike, points: flat })).finding).toBe('saturated')
})

test('a single round of a few messages does not tell a limit', () => {
  const bent = points((rttMs) => Math.max(100, 4 * rttMs + 3)).map((point) => ({ ...point, n: 8 }))
  const found = fitCells('smtp', cells({ cells: bent.map(({ rttMs, p50 }) => [rttMs, p50]), points: bent }))
  expect(found.finding).toBe('too-few')
})

test('one send at a time never finds a peer at its limit', () => {
  const flat = [0, 20, 50].map((rttMs) => run(rttMs, {}, 210 - 4 * rttMs))
  expect(fitSweep('smtp', flat, 2).finding).toBe('saturated')
  expect(fitSweep('smtp', flat, 1).finding).toBe('differs')
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
