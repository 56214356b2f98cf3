import type { CapacityStep, CapacityTransport } from './capacity-record.ts'
import { missedObjective, type Measured, type Objective } from './objective.ts'

export interface SearchOptions {
  /** First rate to try and the highest one, sends per second. */
  startRate: number
  ceilingRate: number
  /** The search ends when the limit is known to this share of itself, e.g. 0.02. */
  precision: number
  /** Pause after a step that failed, so that the peer's queues drain before the next one. */
  coolDownSeconds: number
}

export const DEFAULT_SEARCH: SearchOptions = {
  startRate: 10,
  ceilingRate: 100_000,
  precision: 0.02,
  coolDownSeconds: 2
}

export type SearchMove = { kind: 'try'; rate: number; coolDownSeconds: number } | { kind: 'done' }

/** Factor of the coarse climb, and of the descent when the first rate is too high already. */
const CLIMB = 2
/** A rate below this is none at all. */
const LEAST_RATE = 0.1
/** Share of the rate that must be accepted for the rate to count as kept. */
const RATE_KEPT = 0.97
/** Share of sends answered with a wish to slow down from which on the peer counts as throttling. */
const THROTTLED_SHARE = 0.005

/**
 * What to do next, from the steps so far alone: double the rate until a step fails, then halve the gap between
 * the highest rate that passed and the lowest that failed.
 */
export function nextMove(
  steps: readonly Pick<CapacityStep, 'rate' | 'pass'>[],
  options: SearchOptions
): SearchMove {
  const last = steps.at(-1)
  if (last === undefined) {
    return { kind: 'try', rate: Math.min(options.startRate, options.ceilingRate), coolDownSeconds: 0 }
  }
  const failed = lowestFailed(steps)
  const kept = highestKept(steps, failed)
  const rate = rateBetween(kept, failed, options)
  if (rate === null) return { kind: 'done' }
  return { kind: 'try', rate, coolDownSeconds: last.pass ? 0 : options.coolDownSeconds }
}

function rateBetween(kept: number, failed: number, options: SearchOptions): number | null {
  if (failed === Infinity) {
    return kept >= options.ceilingRate ? null : Math.min(kept * CLIMB, options.ceilingRate)
  }
  if (kept === 0) return failed / CLIMB < LEAST_RATE ? null : failed / CLIMB
  return failed - kept <= options.precision * kept ? null : (kept + failed) / 2
}

function lowestFailed(steps: readonly Pick<CapacityStep, 'rate' | 'pass'>[]): number {
  return Math.min(Infinity, ...steps.filter(({ pass }) => !pass).map(({ rate }) => rate))
}

/** The highest rate that passed below every one that failed: what passed above one passed by luck. */
function highestKept(steps: readonly Pick<CapacityStep, 'rate' | 'pass'>[], failed: number): number {
  return Math.max(0, ...steps.filter(({ pass, rate }) => pass && rate < failed).map(({ rate }) => rate))
}

/** What one step of the search found. */
export interface StepResult extends Measured {
  rate: number
  seconds: number
  throttled: number
  generatorLimited: boolean
}

/** Judges a step: it passes when it kept the rate and every objective, and the peer did not ask to slow down. */
export function judgeStep(result: StepResult, objectives: readonly Objective[]): CapacityStep {
  const { rate, seconds, counts, throughput, response, throttled, generatorLimited } = result
  const missed = missedObjective(objectives, result)?.text ?? null
  const notKept = throughput < RATE_KEPT * rate ? `throughput >= ${RATE_KEPT} of the rate` : null
  const pass =
    missed === null && notKept === null && !generatorLimited && !isThrottled({ throttled, sent: counts.sent })
  return {
    ...{ rate, seconds, achieved: throughput, p50: response.p50, p99: response.p99 },
    ...{ sent: counts.sent, rejected: counts.rejected, failed: counts.failed, throttled, generatorLimited },
    pass,
    failedObjective: missed ?? notKept
  }
}

function isThrottled({ throttled, sent }: Pick<CapacityStep, 'throttled' | 'sent'>): boolean {
  return throttled > THROTTLED_SHARE * sent
}

/** The result of a search that is done, or was stopped. */
export function conclude(name: string, steps: readonly CapacityStep[]): CapacityTransport {
  const failedRate = lowestFailed(steps)
  const rate = highestKept(steps, failedRate)
  const limit = steps.find((step) => !step.pass && step.rate === failedRate)
  return {
    name,
    rate,
    limitedBy: limitedBy(limit),
    failedObjective: limit?.failedObjective ?? null,
    knee: knee(steps),
    secondsForAMillion: rate > 0 ? 1_000_000 / rate : null,
    steps: [...steps]
  }
}

function limitedBy(limit: CapacityStep | undefined): CapacityTransport['limitedBy'] {
  if (limit === undefined) return 'ceiling'
  if (isThrottled(limit)) return 'throttling'
  return limit.generatorLimited ? 'generator' : 'objective'
}

/** Steps that a curve needs before a knee in it means anything. */
const KNEE_STEPS = 4
/** How far, of the whole height, the curve must sag below the straight line between its ends. */
const KNEE_SAG = 0.25

/**
 * The rate from which latency climbs steeply: where p99 over rate sags most below the straight line from the
 * least to the greatest (Satopää et al., "Finding a Kneedle in a Haystack", 2011); null when it hardly sags.
 */
export function knee(steps: readonly Pick<CapacityStep, 'rate' | 'p99'>[]): number | null {
  const points = steps
    .flatMap(({ rate, p99 }) => (p99 === null ? [] : [{ rate, p99 }]))
    .sort((a, b) => a.rate - b.rate)
  const [first, last] = [points[0], points.at(-1)]
  if (points.length < KNEE_STEPS || first === undefined || last === undefined) return null
  const [width, height] = [last.rate - first.rate, last.p99 - first.p99]
  if (width <= 0 || height <= 0) return null
  const sags = points.map(({ rate, p99 }) => ({
    rate,
    sag: (rate - first.rate) / width - (p99 - first.p99) / height
  }))
  const deepest = sags.reduce((most, each) => (each.sag > most.sag ? each : most))
  return deepest.sag >= KNEE_SAG ? deepest.rate : null
}
