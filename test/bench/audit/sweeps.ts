import { seededRandom } from '../../../shared/insight/random.ts'
import { mean, median } from '../../../shared/insight/statistics.ts'
import { fitCells, type SweepCell } from '../../../shared/insight/sweep-fit.ts'
import type { SweepTransport } from '../../../shared/record/sweep-record.ts'
import { closedLoop } from '../../support/closed-loop.ts'
import type { Row } from '../bench.ts'
import { share } from './share.ts'

const REPETITIONS = 300
const RTTS_MS = [0, 20, 50, 100]
const LANES = 2

interface Sweep {
  turns: number
  rounds: number
  messages: number
  /** Mean of the peer's think time, ms; exponential. */
  thinkMs: number
  slots?: number
  lanes?: number
  /** How much the machine slows down from the first turn to the last. */
  drift?: number
  /** One distance after another in place of turns. */
  ascending?: boolean
}

function sweep(of: Sweep, random: () => number): SweepTransport {
  const { turns, rounds, messages, thinkMs, slots = Infinity, lanes = LANES, drift = 0 } = of
  const order = Array.from({ length: rounds }, (_, round) =>
    round % 2 === 0 ? RTTS_MS : RTTS_MS.toReversed()
  ).flat()
  const sequence =
    of.ascending === true ? RTTS_MS.flatMap((rttMs) => Array<number>(rounds).fill(rttMs)) : order
  const all = new Map<number, number[]>(RTTS_MS.map((rttMs) => [rttMs, []]))
  const cells = sequence.map((rttMs, index): SweepCell => {
    const slow = 1 + (drift * index) / (sequence.length - 1)
    const serverMs = (): number => (5 - thinkMs * Math.log(1 - random())) * slow
    const { timesMs } = closedLoop({ lanes, messages, turns, rttMs, serverMs, slots })
    all.get(rttMs)?.push(...timesMs)
    return [rttMs, median(timesMs)]
  })
  const points = RTTS_MS.map((rttMs) => {
    const p50 = median(all.get(rttMs) ?? [])
    return {
      rttMs,
      n: messages * rounds,
      p50,
      serviceP50: p50,
      serviceMean: null,
      sizeBytes: null,
      throughput: null
    }
  })
  return fitCells('', {
    turnsCounted: turns,
    statistic: 'p50',
    baseRttMs: null,
    cells,
    points,
    isClosed: true
  })
}

/** How often the counted turns lie inside the interval of the fitted, and what is said. */
export function* sweeps(): Generator<Row> {
  for (const [rounds, thinkMs] of [
    [2, 20],
    [6, 20],
    [6, 5]
  ] as const) {
    const found = many(
      (random) => sweep({ turns: 4, rounds, messages: 16, thinkMs }, random),
      rounds + thinkMs
    )
    const inside = found.filter(
      ({ turnsLow, turnsHigh }) => (turnsLow ?? Infinity) <= 4 && 4 <= (turnsHigh ?? -Infinity)
    )
    const missed = found.filter(({ differencePercent }) => Math.abs(differencePercent ?? 0) > 3)
    yield {
      what: `sweep of 4 turns, ${rounds} rounds of 16 messages, think time of ${thinkMs} ms`,
      against: 'the counted turns',
      bound: null,
      ratios: found.map(({ turnsFitted }) => (turnsFitted ?? 0) / 4),
      figures: `they lie inside in ${share(inside.length / REPETITIONS)}, ${words(found)}; more than 3 % off in ${share(missed.length / REPETITIONS)}`,
      met: { ok: inside.length / REPETITIONS >= 0.92, demand: 'inside in at least 92 %' }
    }
  }
  for (const ascending of [false, true]) {
    const found = many(
      (random) => sweep({ turns: 1, rounds: 4, messages: 16, thinkMs: 5, drift: 1, ascending }, random),
      7
    )
    const bias = mean(found.map(({ turnsFitted }) => turnsFitted ?? 0)) - 1
    yield {
      what: `sweep of 1 turn on a machine that slows to half, distances ${ascending ? 'in ascending order' : 'in turns'}`,
      against: 'the counted turn',
      bound: null,
      ratios: found.map(({ turnsFitted }) => turnsFitted ?? 0),
      figures: `${share(Math.abs(bias))} ${bias < 0 ? 'below' : 'above'} in the mean`,
      ...(ascending ? {} : { met: { ok: Math.abs(bias) <= 0.02, demand: 'mean within 2 %' } })
    }
  }
  const limited = many(
    (random) => sweep({ turns: 4, rounds: 2, messages: 1000, thinkMs: 1, slots: 1, lanes: 100 }, random),
    11
  )
  const saturated = limited.filter(({ finding }) => finding === 'saturated').length / REPETITIONS
  yield {
    what: 'sweep of 4 turns against a peer at its limit',
    against: 'the counted turns',
    bound: null,
    ratios: limited.map(({ turnsFitted }) => (turnsFitted ?? 0) / 4),
    figures: `called saturated in ${share(saturated)}`,
    met: { ok: saturated >= 0.95, demand: 'said in at least 95 %' }
  }
}

function many(make: (random: () => number) => SweepTransport, seed: number): SweepTransport[] {
  const random = seededRandom(seed)
  return Array.from({ length: REPETITIONS }, () => make(random))
}

function words(found: readonly SweepTransport[]): string {
  const kinds = [...new Set(found.map(({ finding }) => finding))]
  return kinds
    .map(
      (kind) => `“${kind}” in ${share(found.filter(({ finding }) => finding === kind).length / found.length)}`
    )
    .join(', ')
}
