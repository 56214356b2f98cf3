import { expect, test } from 'vitest'
import type { TransportRecord } from '../../shared/run-record.ts'
import {
  crossoverRttMs,
  latencyModel,
  meanAt,
  medianTurns,
  p50At,
  rttWhereRatioIs,
  secondsFor,
  throughputAt,
  type LatencyModel
} from '../../shared/what-if.ts'
import { exampleRun } from '../support/example-run.ts'

const models = (rttMs: number): LatencyModel[] =>
  exampleRun(rttMs).transports.map((each) => latencyModel(each)!)

test.each([
  [0, 40],
  [40, 0],
  [20, 300],
  [100, 5]
])('a run at %d ms predicts what a run at %d ms measures, within 1 %%', (from, to) => {
  const measured = models(to)
  models(from).forEach((model, index) => {
    const truth = measured[index]!
    const allowed = 0.01 * Math.max(truth.p50Ms, model.p50Ms)
    expect(Math.abs(p50At(model, to) - truth.p50Ms)).toBeLessThan(allowed)
    expect(Math.abs(meanAt(model, to) - truth.meanMs)).toBeLessThan(allowed)
  })
})

const model = (changes: Partial<LatencyModel>): LatencyModel => ({
  ...{ rttMs: 40, p50Ms: 43, p50Turns: 1, meanMs: 50, meanTurns: 1, ceilingPerSecond: null },
  ...changes
})

test('throughput follows from the latency and the sends in flight, up to a ceiling that was met', () => {
  expect(throughputAt(model({}), 40, 10)).toBe(200)
  expect(throughputAt(model({}), 90, 10)).toBe(100)
  expect(throughputAt(model({ ceilingPerSecond: 150 }), 40, 10)).toBe(150)
  expect(secondsFor(model({}), 1_000_000, 90, 10)).toBe(10_000)
})

test('two transports change places where their lines cross', () => {
  // 3 + r against 1 + 2 r: equal at 2 ms.
  const [flat, steep] = [model({ rttMs: 0, p50Ms: 3 }), model({ rttMs: 0, p50Ms: 1, p50Turns: 2 })]
  expect(crossoverRttMs(flat, steep)).toBeCloseTo(2, 12)
  expect(crossoverRttMs(steep, flat)).toBeCloseTo(2, 12)
  expect(crossoverRttMs(flat, model({ rttMs: 0, p50Ms: 5, p50Turns: 2 }))).toBeNull()
  expect(crossoverRttMs(flat, flat)).toBeNull()
  // A connection opened anew now and then is no difference that distance would bring out.
  expect(crossoverRttMs(flat, model({ rttMs: 0, p50Ms: 1, p50Turns: 1.003 }))).toBeNull()
  // 1 + 2 r is 1.5 times 3 + r at 7 ms.
  expect(rttWhereRatioIs(steep, flat, 1.5)).toBeCloseTo(7, 12)
})

test('the median is that of cold sends or of warm ones, whichever are more', () => {
  const turns = (perMessage: number, cold: number | null, warm: number | null): number | null =>
    medianTurns({ turns: { perMessage, cold, warm } })
  expect(turns(5, 11, 4)).toBe(4)
  expect(turns(9, 11, 4)).toBe(11)
  // Every other send is warm: half of them, and so the median, take no longer than those.
  expect(turns(7.5, 11, 4)).toBe(4)
  expect(turns(11, 11, null)).toBe(11)
  expect(turns(4, null, 4)).toBe(4)
})

test('there is no model without an RTT or without an accepted send', () => {
  const [transport] = exampleRun(40).transports as [TransportRecord]
  expect(latencyModel({ ...transport, rttMs: null })).toBeNull()
  expect(latencyModel({ ...transport, service: { ...transport.service, p50: null } })).toBeNull()
})
