import { holm, ratioInterval, type RoundFigure } from '../../../shared/insight/ratio-interval.ts'
import { seededRandom } from '../../../shared/insight/random.ts'
import { mean, sampleDeviation } from '../../../shared/insight/statistics.ts'
import { studentT } from '../../../shared/insight/student.ts'
import {
  figuresOf,
  LATENCY_MODELS,
  METRICS,
  PERCENTS,
  simulateRun,
  timesOf,
  type Metric
} from '../../support/latency-models.ts'
import type { Row } from '../bench.ts'
import { share } from './share.ts'

const REPETITIONS = 300
/** Enough to tell 95 % from 93 %: with 300 the count itself errs by 1.3 %. */
const COVERAGE_REPETITIONS = 1500
/** How often an interval of 95 % may hold the truth: one that does so more often is wider than it need be. */
const COVERED = { least: 0.93, most: 0.98 }
const PER_ROUND = 500
const ROUNDS = [3, 6, 12]
/** Enough for ten samples beyond p99 from three rounds on. */
const TRUE_RATIO = 1.3
const ALPHA = 0.05

/** How often the 95 % interval of a ratio holds the truth, over models of latency, and how wide it is. */
export function* coverage(): Generator<Row> {
  for (const rounds of ROUNDS) {
    const found = LATENCY_MODELS.map((model, index) => {
      const random = seededRandom(1000 * rounds + index)
      const held = new Map(
        METRICS.map((metric) => [metric, { inside: 0, half: [] as number[], before: [] as number[] }])
      )
      for (let repetition = 0; repetition < COVERAGE_REPETITIONS; repetition++) {
        const times = simulateRun(model, { rounds, perRound: PER_ROUND, scales: [TRUE_RATIO, 1] }, random)
        const [a, b] = times.map(figuresOf)
        for (const metric of METRICS) {
          const interval = a && b && ratioInterval(a[metric], b[metric], true)
          if (!interval) continue
          const truth = metric === 'throughput' ? 1 / TRUE_RATIO : TRUE_RATIO
          const counts = held.get(metric)
          if (interval.low <= truth && truth <= interval.high) counts!.inside++
          counts?.half.push(Math.sqrt(interval.high / interval.low) - 1)
          const sampling = Math.hypot(...times.map((each) => samplingError(each.flat(), metric)))
          counts?.before.push(reachBefore(a[metric], b[metric], sampling))
        }
      }
      return held
    })
    for (const metric of METRICS) {
      const ratios = found.map((held) => (held.get(metric)?.inside ?? 0) / COVERAGE_REPETITIONS)
      const width = (which: 'half' | 'before'): number =>
        mean(found.flatMap((held) => held.get(metric)?.[which] ?? []))
      yield {
        what: `interval of a ratio of ${metric}, ${rounds} rounds, 12 models of latency`,
        against: 'the truth',
        bound: null,
        ratios,
        figures: `holds it in ${share(mean(ratios))}, half width ${share(width('half'))}, before ${share(width('before'))}`,
        met: {
          ok: ratios.every((ratio) => COVERED.least <= ratio && ratio <= COVERED.most),
          demand: `every model ${COVERED.least} to ${COVERED.most}`
        }
      }
    }
  }
}

/** The interval of before: the greater of the two errors, times Student's t whichever it was. */
function reachBefore(a: RoundFigure, b: RoundFigure, sampling: number): number {
  const ratios = a.rounds.map((value, round) => Math.log(value / (b.rounds[round] ?? Number.NaN)))
  const error = Math.max(sampleDeviation(ratios) / Math.sqrt(ratios.length), sampling)
  return Math.exp(studentT(ratios.length - 1) * error) - 1
}

/** Relative standard error of a figure that the number of its samples alone would give. */
function samplingError(times: readonly number[], metric: Metric): number {
  if (metric === 'throughput') return sampleDeviation(times) / Math.sqrt(times.length) / mean(times)
  const percent = PERCENTS[metric]
  // A percentile's rank among n samples has the standard deviation sqrt(p (1 - p) / n).
  const spread = Math.sqrt((percent * (100 - percent)) / times.length)
  const all = timesOf(times)
  return Math.log(all.percentile(percent + spread) / all.percentile(percent - spread)) / 2
}

/** How often a true difference of 20 % is found, and how often of equal transports one pair is called different. */
export function* decisions(): Generator<Row> {
  for (const [rounds, least] of [
    [3, 0.35],
    [6, 0.9]
  ] as const) {
    const found = perModel(rounds, (a, b) => isDifferent(a.p50, b.p50, true), 1.2)
    yield {
      what: `a true difference of 20 % in p50, ${rounds} rounds, 12 models`,
      against: 'found',
      bound: null,
      ratios: found,
      figures: `found in ${share(mean(found))} of runs`,
      met: { ok: mean(found) >= least, demand: `at least ${share(least)} in the mean` }
    }
  }
  for (const rounds of [3, 6, 12]) yield equalTransports(rounds)
}

const EQUALS = 9

function equalTransports(rounds: number): Row {
  const counts = LATENCY_MODELS.map((model, index) => {
    const random = seededRandom(77 + 100 * rounds + index)
    let [plain, corrected] = [0, 0]
    for (let repetition = 0; repetition < REPETITIONS / 3; repetition++) {
      const scales = Array<number>(EQUALS).fill(1)
      const figures = simulateRun(model, { rounds, perRound: PER_ROUND, scales }, random).map(figuresOf)
      const chances = figures.flatMap((a, i) =>
        figures.slice(i + 1).map((b) => ratioInterval(a.p50, b.p50, true)?.p ?? 1)
      )
      if (Math.min(...chances) < ALPHA) plain++
      if (Math.min(...holm(chances)) < ALPHA) corrected++
    }
    return { plain: plain / (REPETITIONS / 3), corrected: corrected / (REPETITIONS / 3) }
  })
  const corrected = counts.map((count) => count.corrected)
  return {
    what: `nine equal transports, ${rounds} rounds, 12 models: any pair called different`,
    against: 'none is',
    bound: null,
    ratios: corrected,
    figures: `in ${share(mean(corrected))} of runs, without Holm in ${share(mean(counts.map(({ plain }) => plain)))}`,
    met: { ok: mean(corrected) <= ALPHA, demand: `at most ${share(ALPHA)} in the mean` }
  }
}

/** What no interval of two runs can know: how much runs differ as such. Shown, not judged: `compare` says so. */
export function* runEffects(): Generator<Row> {
  for (const effect of [0, 0.05, 0.1]) {
    const found = LATENCY_MODELS.map((model, index) => {
      const random = seededRandom(555 + index)
      const runs = (): Record<Metric, RoundFigure> => {
        const scale = Math.exp(
          effect * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
        )
        const [run] = simulateRun(model, { rounds: 6, perRound: PER_ROUND, scales: [scale] }, random)
        return figuresOf(run ?? [])
      }
      let different = 0
      for (let repetition = 0; repetition < REPETITIONS; repetition++)
        if (isDifferent(runs().p50, runs().p50, false)) different++
      return different / REPETITIONS
    })
    yield {
      what: `two runs of one peer with a run effect of ${share(effect)}, 6 rounds: called different`,
      against: 'they are not',
      bound: null,
      ratios: found,
      figures: `in ${share(mean(found))} of comparisons`
    }
  }
}

function perModel(
  rounds: number,
  decide: (a: Record<Metric, RoundFigure>, b: Record<Metric, RoundFigure>) => boolean,
  ratio: number
): number[] {
  return LATENCY_MODELS.map((model, index) => {
    const random = seededRandom(31 * rounds + index)
    let yes = 0
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      const [a, b] = simulateRun(model, { rounds, perRound: PER_ROUND, scales: [ratio, 1] }, random).map(
        figuresOf
      )
      if (a && b && decide(a, b)) yes++
    }
    return yes / REPETITIONS
  })
}

function isDifferent(a: RoundFigure, b: RoundFigure, paired: boolean): boolean {
  return (ratioInterval(a, b, paired)?.p ?? 1) < ALPHA
}
