import { seededRandom } from '../../../shared/insight/random.ts'
import { mean, median } from '../../../shared/insight/statistics.ts'
import {
  isFarToNear,
  meanAt,
  needsPeerToKeepUp,
  p50At,
  throughputAt,
  type LatencyModel
} from '../../../shared/insight/what-if.ts'
import { closedLoop, type ClosedLoop, type ClosedLoopResult } from '../../support/closed-loop.ts'
import { normalOf } from '../../support/latency-models.ts'
import type { Row } from '../bench.ts'
import { share } from './share.ts'

const REPETITIONS = 300
const LANES = 10
const MESSAGES = 600
/** Relative error with which a run knows its round trip. */
const RTT_ERROR = 0.01

/** What a transport is made of, drawn for each repetition. */
interface Peer {
  turns: number
  load: (rttMs: number) => ClosedLoop
}

function drawPeer(random: () => number): Peer {
  const normal = normalOf(random)
  const turns = [1, 2, 4, 11][Math.floor(4 * random())] ?? 1
  const levelMs = 2 + 30 * random()
  const serverMs = (): number => levelMs * Math.exp(0.4 * normal())
  const jitter = (): number => 1 + 0.05 * Math.abs(normal())
  return { turns, load: (rttMs) => ({ lanes: LANES, messages: MESSAGES, turns, rttMs, serverMs, jitter }) }
}

function modelOf({ timesMs, perSecond }: ClosedLoopResult, turns: number, rttMs: number): LatencyModel {
  const meanMs = mean(timesMs)
  return {
    ...{ rttMs, p50Ms: median(timesMs), p50Turns: turns, meanMs, meanTurns: turns },
    ...{ concurrency: (perSecond * meanMs) / 1000, perSecond, ceilingPerSecond: null },
    awaitsReceiver: false
  }
}

/** How far what-if is off where it goes from one distance to another. */
export function* distances(): Generator<Row> {
  for (const [fromMs, toMs] of [
    [20, 60],
    [20, 150],
    [60, 20],
    [150, 0]
  ] as const) {
    const random = seededRandom(fromMs + toMs)
    const found = Array.from({ length: REPETITIONS }, () => {
      const { turns, load } = drawPeer(random)
      // A turn costs the typical round trip, jitter included.
      const knownMs = fromMs * 1.034 * (1 + RTT_ERROR * normalOf(random)())
      const model = modelOf(closedLoop(load(fromMs)), turns, knownMs)
      const truth = closedLoop(load(toMs))
      return {
        error: p50At(model, 1.034 * toMs) / median(truth.timesMs) - 1,
        rateError: throughputAt(model, 1.034 * toMs, LANES) / truth.perSecond - 1,
        isWarned: isFarToNear(model, toMs)
      }
    })
    const trusted = found.filter(({ isWarned }) => !isWarned)
    const size = (errors: readonly number[]): number => quantile(errors.map(Math.abs), 0.95)
    const worst = Math.max(...found.map(({ error }) => Math.abs(error)))
    yield {
      what: `what-if from ${fromMs} to ${toMs} ms, jitter of 5 %, 1 % error in the RTT`,
      against: 'the truth there',
      bound: null,
      ratios: (trusted.length === 0 ? found : trusted).map(({ error }) => 1 + error),
      figures:
        `19 of 20 within ${trusted.length === 0 ? '-' : share(size(trusted.map(({ error }) => error)))} at p50 and ` +
        `${trusted.length === 0 ? '-' : share(size(trusted.map(({ rateError }) => rateError)))} in throughput; ` +
        `${share(1 - trusted.length / found.length)} warned of, worst of all ${share(worst)}`,
      met: {
        ok: trusted.length === 0 || size(trusted.map(({ error }) => error)) <= 0.1,
        demand: '19 of 20 within 10 %, or warned of'
      }
    }
  }
}

/** What is promised of a peer that is at its limit already, when it is to be nearer. */
export function* limitedPeers(): Generator<Row> {
  const random = seededRandom(191)
  const promises = Array.from({ length: REPETITIONS }, () => {
    const turns = [1, 4, 11][Math.floor(3 * random())] ?? 1
    const serverMs = (): number => 41.9 * (0.9 + 0.2 * random())
    const load = (rttMs: number, lanes: number): ClosedLoop => ({
      lanes,
      messages: MESSAGES,
      turns,
      rttMs,
      serverMs,
      slots: 8
    })
    const model = modelOf(closedLoop(load(40, 100)), turns, 40)
    const promised = throughputAt(model, 2, 400)
    const truth = closedLoop(load(2, 400)).perSecond
    return { ratio: promised / truth, isWarned: needsPeerToKeepUp(model, promised), mean: meanAt(model, 2) }
  })
  const silent = promises.filter(({ ratio, isWarned }) => ratio > 1.1 && !isWarned)
  yield {
    what: 'what-if of a peer limited to 191/s, from 40 ms and 100 lanes to 2 ms and 400',
    against: 'the truth there',
    bound: null,
    ratios: promises.map(({ ratio }) => ratio),
    figures: `${share(promises.filter(({ isWarned }) => isWarned).length / REPETITIONS)} say “if the peer keeps up”`,
    met: { ok: silent.length === 0, demand: 'none too high unsaid' }
  }
}

/** Throughput of a closed load in which one message of a hundred takes 3 s. */
export function* stragglers(): Generator<Row> {
  const random = seededRandom(3)
  const serverMs = (): number => (random() < 0.01 ? 3000 : 17)
  const truth = (1000 * LANES) / (0.99 * 17 + 0.01 * 3000)
  const found = Array.from({ length: REPETITIONS }, () =>
    closedLoop({ lanes: LANES, messages: MESSAGES, turns: 1, rttMs: 0, serverMs })
  )
  const ratios = found.map(({ perSecond }) => perSecond / truth)
  yield {
    what: 'throughput of a closed load with 1 % of 3 s',
    against: "Little's law",
    bound: null,
    ratios,
    figures: `median ${Math.round(median(ratios) * truth)}/s of ${Math.round(truth)}/s, up to the last outcome ${Math.round(median(found.map(({ perSecondToTheLast }) => perSecondToTheLast)))}/s`,
    met: { ok: Math.abs(median(ratios) - 1) <= 0.05, demand: 'median within 5 %' }
  }
}

function quantile(values: readonly number[], at: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(at * values.length) - 1] ?? Number.NaN
}
