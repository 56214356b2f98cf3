import type { StepLimit } from '../record/capacity-record.ts'
import { counted, figure, integer, milliseconds, percent } from '../text/format.ts'
import { growth, hasDrifted, isGrowing, type LatencyPoint } from './latency-growth.ts'
import { missedObjective, type Measured, type Objective, type ShareDemand } from './objective.ts'
import { median, sum } from './statistics.ts'
import { shareSight, Z_95, type ShareSecond, type ShareSight } from './share-test.ts'

/** What one full second of a step showed, of the sends that ended in it. */
export interface StepSecond {
  /** From 0, the step's first. */
  second: number
  sent: number
  accepted: number
  rejected: number
  failed: number
  throttled: number
  /** Response times, ms; null when nothing was accepted. */
  p50: number | null
  p99: number | null
  /** This machine stood still in it, so that its figures say nothing about the peer. */
  stalled: boolean
  /** For each objective, how many accepted answers lay beyond its time; 0 for one that is about no time. */
  beyond: readonly number[]
}

/** What a step is to find out, and how long it may take, s, warm-up apart. */
export interface StepQuestion {
  leastSeconds: number
  mostSeconds: number
  /** Goes on until a share is on either side of what is allowed beyond chance; otherwise what does not fail is kept. */
  decided: boolean
}

/** A step as far as it has come. */
export interface StepSoFar {
  rate: number
  /** Seconds since its measured part began, and the first of `seconds` that lies in it whole. */
  measuredSeconds: number
  measuredFrom: number
  seconds: readonly StepSecond[]
  measured: () => Measured
}

export type Judgement =
  | { state: 'open' }
  | { state: 'kept'; undecided: boolean; reason: string }
  | { state: 'failed'; undecided: boolean; limit: StepLimit; objective: string | null; reason: string }

/** Share of sends answered with a wish to slow down from which on the peer counts as throttling. */
const THROTTLED_SHARE = 0.005
/** Answers that ask to slow down after which a step goes no further: the peer has been understood. */
const THROTTLED_ENOUGH = 20
/** Share of the rate that must be accepted for the rate to count as kept. */
const RATE_KEPT = 0.97
export const RATE_OBJECTIVE = `throughput >= ${RATE_KEPT} of the rate`
/** Certainty that ends a step before its time, in standard errors, and the least it must be seen in. */
const HOPELESS_Z = 4
const HOPELESS_BEYOND = 20
const HOPELESS_SECONDS = 4
/** Share of a step's seconds that this machine may spoil. */
const STALLED_SHARE = 1 / 3
/** For so long, s, a peer may suffer from what came due while this machine stood still. */
const STALL_SECONDS = 6
/** Seconds after a standstill of this machine in which its backlog is still worked off. */
const BACKLOG_SECONDS = 2
/** Looked at every second, a share must be clearer than at the end. */
const CLEAR_Z = 2.3
/** A share this far below what is allowed is kept, in standard errors (90 %). */
const KEPT_Z = -1.28
/** Answers that must be expected beyond a percentile before it says anything. */
const ENOUGH_BEYOND = 10
/** Share of what came due that must have ended by then. */
const ANSWERED_SHARE = 0.5

/**
 * Judges a step from its seconds so far; to be asked again after each second until it says more than `open`. At
 * `mostSeconds` it always does.
 */
export function judgeStep(
  objectives: readonly Objective[],
  question: StepQuestion,
  soFar: StepSoFar
): Judgement {
  const shares = objectives.flatMap((objective, index) =>
    objective.share === null ? [] : [sight(objective, objective.share, index, soFar)]
  )
  const early =
    refused(objectives, soFar) ?? throttledSoFar(soFar) ?? growing(soFar) ?? hopeless(shares, soFar)
  if (early !== null) return early
  if (soFar.measuredSeconds < question.leastSeconds) return { state: 'open' }
  const isOver = soFar.measuredSeconds >= question.mostSeconds
  if (isSpoiled(soFar)) {
    // A standstill makes nothing better: what is kept with all of it is kept.
    const whole = judgeStep(objectives, question, {
      ...soFar,
      seconds: soFar.seconds.map((second) => ({ ...second, stalled: false }))
    })
    if (whole.state === 'kept') return whole
    return isOver ? failed('machine', null, spoiledBy(soFar, 'machine') ?? '') : { state: 'open' }
  }
  const late =
    silent(soFar) ??
    drifting(soFar) ??
    throttledAtEnd(soFar) ??
    above(shares, isOver || !question.decided ? Z_95 : CLEAR_Z, soFar)
  if (late !== null) return late
  if (!isOver && isGrowing(points(soFar), 'suspect')) return { state: 'open' }
  const open = question.decided ? shares.filter((share) => !isSettled(share)) : []
  if (open.length > 0 && !isOver) return { state: 'open' }
  return (
    missed(objectives, soFar) ??
    soft(open) ?? { state: 'kept', undecided: false, reason: keptReason(shares, soFar) }
  )
}

/** Measured seconds that this machine did not spoil, be it by the backlog of those before. */
function usable({ seconds, measuredFrom }: StepSoFar): StepSecond[] {
  return unspoiled(seconds).filter(({ second }) => second >= measuredFrom)
}

function unspoiled(seconds: readonly StepSecond[]): StepSecond[] {
  return seconds.filter(
    (_, index) =>
      !seconds.slice(Math.max(0, index - BACKLOG_SECONDS), index + 1).some(({ stalled }) => stalled)
  )
}

/** Whether this machine spoiled so much of a step that the rest says nothing. */
function isSpoiled(soFar: StepSoFar): boolean {
  const all = soFar.seconds.length - soFar.measuredFrom
  return usable(soFar).length < (1 - STALLED_SHARE) * all
}

/**
 * What this machine did to a step that failed; null when it did nothing that could have made it fail: it stood still
 * shortly before, or for much of the step.
 */
export function spoiledBy(soFar: StepSoFar, limit: StepLimit): string | null {
  // Refusals are counted where it did not stand still; a queue, or slow answers, may be what is left of a standstill.
  const isRecent =
    limit !== 'throttling' && soFar.seconds.slice(-STALL_SECONDS).some(({ stalled }) => stalled)
  if (!isRecent && !isSpoiled(soFar)) return null
  const stalled = soFar.seconds.filter((second) => second.stalled).length
  return `this machine stood still in ${integer(stalled)} of ${counted(soFar.seconds.length, 'second')}`
}

interface Sight extends ShareSight {
  objective: Objective
  demand: ShareDemand
}

function sight(objective: Objective, demand: ShareDemand, index: number, soFar: StepSoFar): Sight {
  return { objective, demand, ...shareSight(shareRows(demand, index, soFar), demand.allowed) }
}

/** What the seconds that count show of a share; `index` is the objective's. */
export function shareRows(demand: ShareDemand, index: number, soFar: StepSoFar): ShareSecond[] {
  return usable(soFar).map((second) =>
    demand.kind === 'time'
      ? { count: second.accepted, beyond: second.beyond[index] ?? 0 }
      : { count: countOf(second, demand.divisor), beyond: countOf(second, demand.dividend) }
  )
}

function countOf(second: StepSecond, name: 'sent' | 'accepted' | 'rejected' | 'failed' | 'aborted'): number {
  return name === 'aborted' ? 0 : second[name]
}

function failed(limit: StepLimit, objective: string | null, reason: string): Judgement {
  return { state: 'failed', undecided: false, limit, objective, reason }
}

/** A bound on a count of refusals or failures that is broken stays broken. */
function refused(
  objectives: readonly Objective[],
  { seconds, measuredFrom, measured }: StepSoFar
): Judgement | null {
  const rows = seconds.slice(measuredFrom)
  if (rows.every((row) => row.rejected === 0 && row.failed === 0)) return null
  if (rows.some(({ throttled }) => throttled > 0)) return null
  const bounds = objectives.filter(
    ({ share, text, operator }) =>
      share === null && /^\s*(rejected|failed)\s*[<=]/.test(text) && operator !== '!='
  )
  const broken = bounds.length === 0 ? null : missedObjective(bounds, measured())
  if (broken === null) return null
  const [rejected, lost] = [sum(rows.map((row) => row.rejected)), sum(rows.map((row) => row.failed))]
  return failed('refusals', broken.text, `${integer(rejected)} rejected and ${integer(lost)} failed`)
}

/**
 * Whether a peer has asked to slow down so often, since it did so first, that nothing more is to be learnt. It must go on
 * for a second: what comes late and at once from this machine is a burst, which says nothing of the rate.
 */
function throttledSoFar({ seconds }: StepSoFar): Judgement | null {
  const rows = unspoiled(seconds)
  const first = rows.findIndex(({ throttled }) => throttled > 0)
  if (first === -1 || rows.filter(({ throttled }) => throttled > 0).length < 2) return null
  const since = rows.slice(first)
  const throttled = sum(since.map((row) => row.throttled))
  const isUnderstood =
    throttled >= THROTTLED_ENOUGH && throttled > THROTTLED_SHARE * sum(since.map((row) => row.sent))
  return isUnderstood ? throttling(sum(seconds.map((row) => row.throttled))) : null
}

/** Connections that open at once make a burst of their own, and so does this machine after a standstill. */
function throttledAtEnd(soFar: StepSoFar): Judgement | null {
  const rows = usable(soFar)
  const throttled = sum(rows.map((row) => row.throttled))
  return throttled > THROTTLED_SHARE * sum(rows.map((row) => row.sent)) ? throttling(throttled) : null
}

function throttling(throttled: number): Judgement {
  return failed(
    'throttling',
    null,
    `the peer asked ${throttled === 1 ? 'once' : `${integer(throttled)} times`} to slow down`
  )
}

/** Full seconds of the measured part; one in which hardly anything ended was cut, or says little. */
function points(soFar: StepSoFar): LatencyPoint[] {
  const rows = usable(soFar)
  const most = Math.max(0, ...rows.map(({ accepted }) => accepted))
  return rows.flatMap(({ second, accepted, p50 }) =>
    p50 === null || accepted < most / 4 ? [] : [{ second, p50 }]
  )
}

function growing(soFar: StepSoFar): Judgement | null {
  const latency = points(soFar)
  if (!isGrowing(latency)) return null
  const { slope } = growth(latency.slice(-8))
  const [first, last] = [latency.at(-8) ?? latency[0], latency.at(-1)]
  return failed(
    'queue',
    RATE_OBJECTIVE,
    `a queue grows: latency rose from ${milliseconds(first?.p50 ?? 0)} to ${milliseconds(last?.p50 ?? 0)}, by ${milliseconds(slope * 1000)} each second`
  )
}

function drifting(soFar: StepSoFar): Judgement | null {
  const latency = points(soFar)
  if (!hasDrifted(latency)) return null
  const [first, last] = [latency[0], latency.at(-1)]
  return failed(
    'queue',
    RATE_OBJECTIVE,
    `a queue grows: latency crept from ${milliseconds(first?.p50 ?? 0)} to ${milliseconds(last?.p50 ?? 0)}`
  )
}

function hopeless(shares: readonly Sight[], soFar: StepSoFar): Judgement | null {
  const found = shares.find(
    ({ z, beyond, isAbove, inSeconds }) =>
      isAbove && z > HOPELESS_Z && beyond >= HOPELESS_BEYOND && inSeconds >= HOPELESS_SECONDS
  )
  return found === undefined ? null : missedShare(found, soFar)
}

function above(shares: readonly Sight[], leastZ: number, soFar: StepSoFar): Judgement | null {
  const found = shares.find(({ z, isAbove }) => isAbove && z > leastZ)
  return found === undefined ? null : missedShare(found, soFar)
}

function missedShare({ objective, demand, count, beyond }: Sight, soFar: StepSoFar): Judgement {
  const words = shareWords(demand, count, beyond)
  if (demand.kind === 'count') return failed('refusals', objective.text, words)
  return failed(isBacklog(soFar, demand.limitMs) ? 'queue' : 'percentile', objective.text, words)
}

/** How much the latency of the bulk must rise over a step for its tail to be part of a queue, and how near the limit. */
const BACKLOG_RISE = 1.3
const BACKLOG_SHARE = 0.5

/** Whether not the tail alone is at a limit, but the bulk, and ever more so: then it is a queue that grows. */
function isBacklog({ seconds, measuredFrom }: StepSoFar, limitMs: number): boolean {
  const medians = seconds.slice(measuredFrom).flatMap(({ p50 }) => p50 ?? [])
  const third = Math.max(1, Math.floor(medians.length / 3))
  const [first, last] = [median(medians.slice(0, third)), median(medians.slice(-third))]
  return medians.length > 1 && last > BACKLOG_SHARE * limitMs && last > first * BACKLOG_RISE
}

function shareWords(demand: ShareDemand, count: number, beyond: number): string {
  const what = demand.kind === 'time' ? `beyond ${milliseconds(demand.limitMs)}` : demand.dividend
  return `${integer(beyond)} of ${integer(count)} ${what}, ${percent(demand.allowed)} may be`
}

function silent({ rate, measuredSeconds, seconds, measuredFrom }: StepSoFar): Judgement | null {
  const ended = sum(seconds.slice(measuredFrom).map(({ sent }) => sent))
  if (ended >= ANSWERED_SHARE * rate * Math.max(0, measuredSeconds - 2)) return null
  return failed('queue', RATE_OBJECTIVE, `only ${counted(ended, 'answer')} in ${figure(measuredSeconds)} s`)
}

function isSettled({ demand, count, z }: Sight): boolean {
  return z <= KEPT_Z && count * demand.allowed >= ENOUGH_BEYOND
}

function missed(
  objectives: readonly Objective[],
  { seconds, measuredFrom, measured }: StepSoFar
): Judgement | null {
  const rows = seconds.slice(measuredFrom)
  const [accepted, sent] = [sum(rows.map((row) => row.accepted)), sum(rows.map((row) => row.sent))]
  if (accepted < RATE_KEPT * sent || sent === 0) {
    return failed('refusals', RATE_OBJECTIVE, `${integer(accepted)} of ${integer(sent)} accepted`)
  }
  const objective = missedObjective(
    objectives.filter(({ share }) => share === null),
    measured()
  )
  return objective === null ? null : failed('objective', objective.text, `missed ${objective.text}`)
}

/** A step that has seen all it can and still cannot tell goes by the share itself. */
function soft(open: readonly Sight[]): Judgement | null {
  const [nearest] = [...open].sort((a, b) => b.z - a.z)
  if (nearest === undefined) return null
  const { objective, demand, count, beyond, z } = nearest
  const reason = `${shareWords(demand, count, beyond)}: at the limit, as far as can be told`
  if (z <= 0) return { state: 'kept', undecided: true, reason }
  const limit = demand.kind === 'time' ? 'percentile' : 'refusals'
  return { state: 'failed', undecided: true, limit, objective: objective.text, reason }
}

function keptReason(shares: readonly Sight[], { seconds, measuredFrom }: StepSoFar): string {
  const [nearest] = [...shares].sort((a, b) => b.z - a.z)
  if (nearest !== undefined) return shareWords(nearest.demand, nearest.count, nearest.beyond)
  return `${integer(sum(seconds.slice(measuredFrom).map(({ accepted }) => accepted)))} accepted`
}
