import type { Times } from '../../shared/insight/round-figures.ts'
import { percentileFigure, throughputFigure } from '../../shared/insight/round-figures.ts'
import type { RoundFigure } from '../../shared/insight/ratio-interval.ts'
import { sum } from '../../shared/insight/statistics.ts'

/** Normal deviates of mean 0 and deviation 1. */
export function normalOf(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** How service times come about. Every one is scaled by the transport, so that true ratios are known. */
export interface LatencyModel {
  name: string
  /** Deviation of the logarithm of a round's level: felt by all transports alike, and by each on its own. */
  shared: number
  own: number
  /** Growth of the level over the whole run, felt by all alike. */
  drift?: number
  /** Times of a round around 1. */
  times: (random: () => number, normal: () => number, count: number) => number[]
}

const each = (count: number, make: (index: number) => number): number[] =>
  Array.from({ length: count }, (_, i) => make(i))

/** What latencies of mail servers look like, from the kindest to the most hostile to statistics. */
export const LATENCY_MODELS: readonly LatencyModel[] = [
  { name: 'log-normal', shared: 0, own: 0, times: (_, normal, n) => each(n, () => Math.exp(0.4 * normal())) },
  {
    name: 'log-normal, rounds differ by 2 %',
    ...{ shared: 0.1, own: 0.02 },
    times: (_, normal, n) => each(n, () => Math.exp(0.4 * normal()))
  },
  {
    name: 'log-normal, rounds differ by 10 %',
    ...{ shared: 0.1, own: 0.1 },
    times: (_, normal, n) => each(n, () => Math.exp(0.4 * normal()))
  },
  {
    name: 'exponential',
    shared: 0.05,
    own: 0.02,
    times: (random, _, n) => each(n, () => 0.2 - Math.log(1 - random()))
  },
  {
    name: 'two modes, 70 to 30',
    ...{ shared: 0.05, own: 0.02 },
    times: (random, normal, n) => each(n, () => (random() < 0.7 ? 1 : 3) * Math.exp(0.1 * normal()))
  },
  {
    name: 'two modes, 55 to 45',
    ...{ shared: 0.05, own: 0.02 },
    times: (random, normal, n) => each(n, () => (random() < 0.55 ? 1 : 2) * Math.exp(0.2 * normal()))
  },
  {
    name: 'heavy tail',
    ...{ shared: 0.05, own: 0.02 },
    times: (random, normal, n) =>
      each(n, () => Math.exp(0.2 * normal()) * (random() < 0.1 ? Math.min(200, random() ** (-1 / 1.8)) : 1))
  },
  {
    name: 'drift of 30 %',
    ...{ shared: 0.02, own: 0.02, drift: 0.3 },
    times: (_, normal, n) => each(n, () => Math.exp(0.4 * normal()))
  },
  {
    name: 'connections differ by 15 %',
    ...{ shared: 0.05, own: 0.01 },
    times: (_, normal, n) => {
      const connections = each(10, () => Math.exp(0.15 * normal()))
      return each(n, (i) => (connections[i % 10] ?? 1) * Math.exp(0.2 * normal()))
    }
  },
  {
    name: 'one send like the last',
    ...{ shared: 0.05, own: 0.01 },
    times: (_, normal, n) => {
      let state = 0
      return each(n, () => Math.exp(0.3 * (state = 0.8 * state + 0.6 * normal())))
    }
  },
  {
    name: 'stalls',
    ...{ shared: 0.05, own: 0.02 },
    times: (random, normal, n) => {
      const stallAt = Math.floor(random() * n)
      return each(n, (i) => Math.exp(0.3 * normal()) * (i >= stallAt && i < stallAt + 0.02 * n ? 10 : 1))
    }
  },
  {
    name: 'nearly constant',
    ...{ shared: 0.01, own: 0.005 },
    times: (_, normal, n) => each(n, () => Math.exp(0.03 * normal()))
  }
]

export interface SimulatedRun {
  rounds: number
  perRound: number
  /** Scale of each transport. */
  scales: readonly number[]
}

/** Times of each transport and round, which ran side by side. */
export function simulateRun(
  model: LatencyModel,
  { rounds, perRound, scales }: SimulatedRun,
  random: () => number
): number[][][] {
  const normal = normalOf(random)
  const shared = each(
    rounds,
    (round) =>
      Math.exp(model.shared * normal()) * (1 + ((model.drift ?? 0) * round) / Math.max(1, rounds - 1))
  )
  return scales.map((scale) =>
    shared.map((level) => {
      const factor = 20 * scale * level * Math.exp(model.own * normal())
      return model.times(random, normal, perRound).map((time) => time * factor)
    })
  )
}

/** Percentiles are by nearest rank, as a histogram has them. */
export function timesOf(values: readonly number[]): Times {
  const sorted = Float64Array.from(values).sort()
  return {
    count: values.length,
    percentile: (percent) =>
      sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length - 1e-9)) - 1] ?? Number.NaN
  }
}

export const METRICS = ['p50', 'p95', 'p99', 'throughput'] as const
export type Metric = (typeof METRICS)[number]
/** Percentile behind each metric that is one. */
export const PERCENTS = { p50: 50, p95: 95, p99: 99 } as const

/** Lanes of the simulated closed load. */
const LANES = 10

/** The figures of a transport that a comparison is made from. */
export function figuresOf(rounds: readonly (readonly number[])[]): Record<Metric, RoundFigure> {
  const all = timesOf(rounds.flat())
  const perRound = rounds.map(timesOf)
  const seconds = rounds.map((times) => sum(times) / LANES / 1000)
  const percentile = (metric: keyof typeof PERCENTS): RoundFigure =>
    percentileFigure(perRound, all, PERCENTS[metric])
  return {
    p50: percentile('p50'),
    p95: percentile('p95'),
    p99: percentile('p99'),
    throughput: throughputFigure(perRound, all, seconds)
  }
}
