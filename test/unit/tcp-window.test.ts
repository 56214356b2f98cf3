import { describe, expect, test } from 'vitest'
import {
  leavesAtUs,
  SEGMENT_BYTES,
  slowStartRounds,
  TcpWindow,
  transferUs
} from '../../shared/insight/tcp-window.ts'
import { latencyModel, p50At } from '../../shared/insight/what-if.ts'
import { tcpRecord, transportRecord } from '../support/records.ts'

const RTT_US = 40_000
/** What a form or a form's TLS records add to a content, about. */
const HEAD_BYTES = 1000

const cold = (bytes: number, congestionControl: string): number =>
  transferUs({ rttUs: RTT_US, congestionControl }, { bytes: bytes + HEAD_BYTES, otherTurns: 0 }).cold / 1000

describe('a new connection, against what was measured on a link of real TCP at 40 ms', () => {
  test.each([
    ['2 KB', 2_000, 'bbr', 0],
    ['20 KB', 20_000, 'bbr', 46],
    ['100 KB', 100_000, 'bbr', 126],
    ['1 MB', 1_000_000, 'bbr', 258],
    ['20 KB', 20_000, 'cubic', 41],
    ['100 KB', 100_000, 'cubic', 80],
    ['200 KB', 200_000, 'cubic', 161],
    ['400 KB', 400_000, 'cubic', 204],
    ['600 KB', 600_000, 'cubic', 243],
    ['800 KB', 800_000, 'cubic', 244],
    ['1 MB', 1_000_000, 'cubic', 267],
    ['1.3 MB', 1_300_000, 'cubic', 285],
    ['1.6 MB', 1_600_000, 'cubic', 287],
    ['3 MB', 3_000_000, 'cubic', 331]
  ])('%s takes with %s of Linux that many ms more than its turns', (_, bytes, algorithm, measuredMs) => {
    expect(Math.abs(cold(bytes, algorithm) - measuredMs)).toBeLessThanOrEqual(0.05 * measuredMs + 1)
  })
})

test.each([
  ['cubic', 0],
  ['bbr', 20]
])('100 KB on a kept connection: %s lets it leave within %d ms', (congestionControl, measuredMs) => {
  const { warm } = transferUs({ rttUs: RTT_US, congestionControl }, { bytes: 101_000, otherTurns: 0 })
  expect(Math.abs(warm / 1000 - measuredMs)).toBeLessThanOrEqual(1)
})

test.each([
  [1, 0],
  [10 * SEGMENT_BYTES, 0],
  [10 * SEGMENT_BYTES + 1, 1],
  [30 * SEGMENT_BYTES, 1],
  [30 * SEGMENT_BYTES + 1, 2],
  [1_000_000, 6]
])('%d bytes take %d round trips of slow start beyond the first flight', (bytes, rounds) => {
  expect(slowStartRounds(bytes)).toBe(rounds)
})

describe('the window of a kept connection', () => {
  const open = (): TcpWindow => new TcpWindow({ rttUs: RTT_US })
  const second = 1_000_000

  test('does not grow while it is not what limits', () => {
    const window = open()
    for (let at = 0; at < 20; at++) leavesAtUs(window, 4 * SEGMENT_BYTES, at * RTT_US)
    expect(window.segments).toBe(10)
  })

  test('doubles with each full flight', () => {
    const window = open()
    leavesAtUs(window, 70 * SEGMENT_BYTES, 0)
    expect(window.segments).toBe(40)
  })

  test('goes back to its beginning after an idle time, halved for each timeout', () => {
    const window = open()
    const leftUs = leavesAtUs(window, 150 * SEGMENT_BYTES, 0)
    expect(window.segments).toBeGreaterThan(40)
    window.leave(1, leftUs + RTT_US + 1)
    const grown = window.segments
    window.leave(1, leftUs + 1.5 * (RTT_US + 200_000))
    expect(window.segments).toBe(Math.floor(grown / 2))
    window.leave(1, leftUs + 10 * second)
    expect(window.segments).toBe(10)
  })

  test('one that paces keeps it', () => {
    const window = new TcpWindow({ rttUs: RTT_US, congestionControl: 'bbr' })
    const leftUs = leavesAtUs(window, 300 * SEGMENT_BYTES, 0)
    window.leave(1, leftUs + RTT_US + 1)
    const grown = window.segments
    window.leave(1, leftUs + 10 * second)
    expect(window.segments).toBe(grown)
  })

  test('a loss within a flight leaves it smaller', () => {
    const window = open()
    leavesAtUs(window, 150 * SEGMENT_BYTES, 0)
    const before = window.segments
    window.lost()
    expect(window.segments).toBe(Math.floor(0.7 * before))
  })
})

test('what-if takes the rounds of the window along, and leaves alone what is no round', () => {
  const measured = (transferMs: number | null) =>
    transportRecord('api', [[200_000]], {
      rttMs: 40,
      turns: { perMessage: 3, cold: 3, warm: null },
      bytes: { out: 101_000, in: 100 },
      transferMs,
      tcp: tcpRecord()
    })
  const at = (transferMs: number | null, rttMs: number): number =>
    Math.round(p50At(latencyModel(measured(transferMs))!, rttMs))
  // Three turns and two rounds of the window.
  expect(at(80, 140)).toBe(200 + 5 * 100)
  // 70 ms of bandwidth do not grow with the distance.
  expect(at(150, 140)).toBe(200 + 5 * 100)
  // The kernel saw one round only.
  expect(at(40, 140)).toBe(200 + 4 * 100)
  expect(at(null, 140)).toBe(200 + 3 * 100)
})

test('what-if knows that a window closes while a slow server is waited for', () => {
  const kept = (serverMs: number, transferMs: number) =>
    transportRecord('587', [[390_000]], {
      rttMs: 20,
      turns: { perMessage: 2, cold: null, warm: 2 },
      bytes: { out: 61_000, in: 100 },
      ...{ transferMs, serverMs },
      tcp: tcpRecord({ minRttMs: 20 })
    })
  const roundTrips = (serverMs: number, transferMs: number): number =>
    latencyModel(kept(serverMs, transferMs))!.p50Turns
  // Longer at rest than a timeout: one round on each message, as was measured.
  expect(roundTrips(325, 20)).toBe(3)
  expect(roundTrips(325, 0)).toBe(2)
  // At rest for less, the window stays open, and what was measured is no round.
  expect(roundTrips(65, 5)).toBe(2)
})
