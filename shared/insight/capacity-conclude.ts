import type { CapacityStep, CapacityTransport, LimiterKind, RateTries } from '../record/capacity-record.ts'
import type { SearchSight, SeenStep } from './capacity-move.ts'
import { knee } from './knee.ts'
import { mean } from './statistics.ts'

/** Seconds of the sustained rate that a peer must let pass beyond it for its throttling to count as an allowance. */
const BUCKET_SECONDS = 0.1
/** By what factor a rate that is kept for a short while must lie above the sustained one to be a burst. */
const BURST_FACTOR = 1.1

/** The result of a search that is done, or was ended before. */
export function conclude(name: string, sight: SearchSight): CapacityTransport {
  const { options, held, short, spent, poolError } = sight
  const steps = sight.steps.map(({ step }) => step)
  const { kept: rate, failed } = held ?? short
  const failures = steps.filter((step) => !step.pass && step.purpose !== 'drain' && step.rate === failed)
  const counted = failures.filter(({ spoiled }) => spoiled === null)
  const ofShare =
    poolError === null
      ? undefined
      : counted.findLast(({ limit }) => limit === 'percentile' || limit === 'refusals')
  const limit = ofShare ?? counted.at(-1) ?? failures.at(-1)
  const allowance = allowanceOf(sight.steps, rate)
  const limiter = limiterOf(limit, sight, allowance)
  const isHeld = held !== null && rate > 0
  return {
    name,
    rate,
    limitedBy: limitedBy(limiter),
    failedObjective: limit?.failedObjective ?? null,
    knee: knee(steps),
    secondsForAMillion: rate > 0 ? 1_000_000 / rate : null,
    limiter,
    sustained: isHeld ? { rate, seconds: options.confirmSeconds } : null,
    burst: isHeld ? burstOf(sight, rate, limiter, allowance) : null,
    bracket: { kept: rate, failed },
    tries: triesOf(steps),
    recoveries: [...sight.recoveries],
    uncertainty: poolError === null ? null : 1.96 * poolError,
    interval: null,
    messages: spent.messages,
    seconds: spent.seconds,
    unfinished: sight.unfinished,
    steps
  }
}

function limiterOf(
  limit: CapacityStep | undefined,
  sight: SearchSight,
  allowance: number | null
): LimiterKind {
  const { held } = sight
  if (limit === undefined) return 'ceiling'
  const kind = limit.limit ?? 'objective'
  if (kind === 'throttling') return allowance === null ? 'throttling' : 'bucket'
  const isSlower = held !== null && held.kept > 0 && shortlyKept(sight).rate > held.kept * BURST_FACTOR
  return kind === 'queue' && isSlower ? 'slowing' : kind
}

/** The coarse word that records had first; what it covers is told by the limiter. */
function limitedBy(limiter: LimiterKind): CapacityTransport['limitedBy'] {
  switch (limiter) {
    case 'throttling':
    case 'bucket':
      return 'throttling'
    case 'machine':
    case 'concurrency':
      return 'generator'
    case 'ceiling':
      return 'ceiling'
    case 'percentile':
    case 'queue':
    case 'slowing':
    case 'refusals':
    case 'objective':
      return 'objective'
  }
}

/**
 * Messages that a throttling peer lets pass beyond its sustained rate: the most that a step got beyond what its time
 * allowed. Only of the fastest steps, which end so soon that the rate's own error does not matter; they may have found
 * the allowance partly used, so it is this much at least. Null where it is next to none.
 */
function allowanceOf(steps: readonly SeenStep[], rate: number): number | null {
  const throttled = steps.filter(({ step }) => step.limit === 'throttling')
  const fastest = Math.max(...throttled.map(({ step }) => step.rate))
  const most = Math.max(
    0,
    ...throttled.flatMap(({ step, facts }) =>
      step.rate >= 0.9 * fastest ? [facts.accepted - rate * facts.seconds] : []
    )
  )
  return rate > 0 && most >= BUCKET_SECONDS * rate ? Math.round(most) : null
}

function burstOf(
  sight: SearchSight,
  rate: number,
  limiter: LimiterKind,
  allowance: number | null
): CapacityTransport['burst'] {
  if (limiter !== 'bucket' && limiter !== 'throttling' && limiter !== 'slowing') return null
  const messages = limiter === 'bucket' ? allowance : null
  const kept = shortlyKept(sight)
  if (kept.rate <= rate * BURST_FACTOR && messages === null) return null
  return { rate: Math.max(rate, kept.rate), seconds: kept.seconds, messages }
}

/**
 * The highest rate that was kept for a short while, s: also one that was kept once and failed twice. What a peer could do
 * before it slowed down is no less true for what it could not do afterwards.
 */
function shortlyKept({ options, steps }: SearchSight): { rate: number; seconds: number } {
  const kept = steps.flatMap(({ step }) => (step.pass && step.purpose !== 'drain' ? [step] : []))
  const rate = Math.max(0, ...kept.map((step) => step.rate))
  return { rate, seconds: kept.findLast((step) => step.rate === rate)?.seconds ?? options.holdSeconds }
}

function triesOf(steps: readonly CapacityStep[]): RateTries[] {
  const tries = new Map<number, RateTries>()
  for (const { rate, pass, spoiled, purpose } of steps) {
    if (purpose === 'drain') continue
    const tried = tries.get(rate) ?? { rate, kept: 0, failed: 0, spoiled: 0 }
    if (pass) tried.kept++
    else if (spoiled === null) tried.failed++
    else tried.spoiled++
    tries.set(rate, tried)
  }
  return [...tries.values()].sort((a, b) => a.rate - b.rate)
}

/** What repeated searches of one transport say together: the mean rate, with the least and the greatest. */
export function mergeRepeats(repeats: readonly CapacityTransport[]): CapacityTransport {
  const last = repeats.at(-1)
  if (last === undefined) throw new RangeError('nothing was searched')
  if (repeats.length === 1) return last
  const rates = repeats.map(({ rate }) => rate)
  const steps = repeats.flatMap((each) => each.steps)
  const rate = mean(rates)
  const lowest = repeats.reduce((least, each) => (each.rate < least.rate ? each : least))
  const failed = repeats.flatMap(({ bracket }) => (bracket.failed === null ? [] : [bracket.failed]))
  return {
    ...lowest,
    rate,
    secondsForAMillion: rate > 0 ? 1_000_000 / rate : null,
    knee: knee(steps),
    bracket: { kept: lowest.rate, failed: failed.length === 0 ? null : Math.min(...failed) },
    tries: triesOf(steps),
    recoveries: repeats.flatMap((each) => each.recoveries),
    interval: { low: Math.min(...rates), high: Math.max(...rates) },
    messages: repeats.reduce((sum, { messages }) => sum + messages, 0),
    seconds: repeats.reduce((sum, { seconds }) => sum + seconds, 0),
    unfinished: repeats.find(({ unfinished }) => unfinished !== null)?.unfinished ?? null,
    steps
  }
}
