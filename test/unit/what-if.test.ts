import { expect, test } from 'vitest'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import {
  aheadByDistance,
  isFarToNear,
  latencyModel,
  meanAt,
  medianTurns,
  needsPeerToKeepUp,
  p50At,
  rttWhereRatioIs,
  secondsFor,
  throughputAt,
  type LatencyModel
} from '../../shared/insight/what-if.ts'
import { predictionCautions } from '../../shared/insight/what-if-cautions.ts'
import { exampleRun } from '../support/example-run.ts'
import { tcpRecord, transportRecord } from '../support/records.ts'

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
  ...{ rttMs: 40, p50Ms: 43, p50Turns: 1, meanMs: 50, meanTurns: 1 },
  ...{ concurrency: 10, perSecond: 200, ceilingPerSecond: null, awaitsReceiver: false },
  ...changes
})

test('throughput follows from the latency and the sends in flight, up to a ceiling that was met', () => {
  expect(throughputAt(model({}), 40, 10)).toBe(200)
  expect(throughputAt(model({}), 90, 10)).toBe(100)
  expect(throughputAt(model({ ceilingPerSecond: 150 }), 40, 10)).toBe(150)
  expect(secondsFor(model({}), 1_000_000, 90, 10)).toBe(10_000)
})

test('more in flight than were measured speed nothing up, and more than was measured needs the peer to keep up', () => {
  // Ten in flight were measured: 400 would be four times 200 only in a dream.
  expect(throughputAt(model({}), 40, 400)).toBe(200)
  expect(needsPeerToKeepUp(model({}), throughputAt(model({}), 40, 400))).toBe(false)
  expect(throughputAt(model({}), 20, 10)).toBeCloseTo(333, 0)
  expect(needsPeerToKeepUp(model({}), throughputAt(model({}), 20, 10))).toBe(true)
  expect(needsPeerToKeepUp(model({}), throughputAt(model({}), 90, 10))).toBe(false)
})

test('what is in flight follows from the rate and the service time, whatever the load would have allowed', () => {
  // An open load of 50 a second with 200 slots: a service time of 20 ms keeps one of them busy.
  const [transport] = exampleRun(1).transports as [TransportRecord]
  const open = { ...transport, throughput: 50, service: { ...transport.service, mean: 20 } }
  expect(latencyModel(open)!.concurrency).toBeCloseTo(1, 12)
  expect(throughputAt(latencyModel(open)!, open.rttMs!, 200)).toBeCloseTo(50, 9)
})

test('from far to near is warned of where little more than the error of the round trips is left', () => {
  const far = model({ rttMs: 150, p50Ms: 605, p50Turns: 4 })
  expect(isFarToNear(far, 0)).toBe(true)
  expect(isFarToNear(far, 100)).toBe(false)
  expect(isFarToNear(far, 300)).toBe(false)
  expect(isFarToNear(model({ rttMs: 40, p50Ms: 143 }), 0)).toBe(false)
})

test('a prediction says what it rests on', () => {
  const named = [{ name: 'api', model: model({}) }]
  expect(predictionCautions(named, null, 10)).toEqual([])
  expect(predictionCautions(named, 10, 10)).toEqual([
    'api: more a second than was measured, if the peer keeps up.'
  ])
  expect(predictionCautions(named, null, 400)).toEqual([
    'More at a time than was measured is not counted: api had 10.'
  ])
  const awaiting = [{ name: 'api', model: model({ awaitsReceiver: true }) }]
  expect(predictionCautions(awaiting, 40, 10)).toEqual([])
  expect(predictionCautions(awaiting, 60, 10)).toEqual([
    'api: contents waited for the server’s receive window, which may cost a round trip more or less there.'
  ])
  const far = [
    { name: 'smtp', model: model({ rttMs: 150, p50Ms: 605, p50Turns: 4, meanMs: 605, meanTurns: 4 }) }
  ]
  expect(predictionCautions(far, 1, 10).at(-1)).toMatch(/^smtp: predicted from far away/)
})

test.each([
  [0, false],
  [9, false],
  [10, true]
])('%d of 100 contents that waited for the peer’s receive window are told of: %s', (waits, told) => {
  const tcp = tcpRecord({ receiveWindow: waits === 0 ? null : { waits, meanMs: 50 } })
  const measured = transportRecord('api', [Array.from({ length: 100 }, () => 200_000)], { rttMs: 40, tcp })
  expect(latencyModel(measured)?.awaitsReceiver).toBe(told)
})

test('at one distance more turns can only win below the crossing', () => {
  const near = model({ rttMs: 0.06, p50Ms: 12.24, p50Turns: 4 })
  const far = model({ rttMs: 80, p50Ms: 83, p50Turns: 1 })
  expect(aheadByDistance(near, far)).toEqual({ kind: 'always', ahead: far, behind: near })
  const slow = model({ rttMs: 80, p50Ms: 122, p50Turns: 1 })
  const crossing = aheadByDistance(near, slow)
  expect(crossing).toMatchObject({ kind: 'crossing', below: near, above: slow })
  expect(crossing.kind === 'crossing' && crossing.rttMs).toBeCloseTo(10, 9)
  expect(aheadByDistance(slow, near)).toEqual(crossing)
  expect(aheadByDistance(near, near)).toEqual({ kind: 'level' })
  // Where the lines cross within the error of the round trip, nobody knows who would be ahead there.
  const turns = model({ rttMs: 40, p50Ms: 442, p50Turns: 11 })
  expect(aheadByDistance(turns, model({ rttMs: 40, p50Ms: 43 }))).toMatchObject({ kind: 'always' })
})

test('two transports change places where their lines cross', () => {
  // 3 + r against 1 + 2 r: equal at 2 ms.
  const [flat, steep] = [model({ rttMs: 0, p50Ms: 3 }), model({ rttMs: 0, p50Ms: 1, p50Turns: 2 })]
  const crossing = { kind: 'crossing', rttMs: expect.closeTo(2, 12) as unknown, below: steep, above: flat }
  expect(aheadByDistance(flat, steep)).toEqual(crossing)
  expect(aheadByDistance(steep, flat)).toEqual(crossing)
  const later = model({ rttMs: 0, p50Ms: 5, p50Turns: 2 })
  expect(aheadByDistance(flat, later)).toEqual({ kind: 'always', ahead: flat, behind: later })
  expect(aheadByDistance(flat, flat)).toEqual({ kind: 'level' })
  // A connection opened anew now and then is no difference that distance would bring out.
  const seldom = model({ rttMs: 0, p50Ms: 1, p50Turns: 1.003 })
  expect(aheadByDistance(flat, seldom)).toEqual({ kind: 'always', ahead: seldom, behind: flat })
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
