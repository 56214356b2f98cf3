import type { StepLimit } from '../../shared/record/capacity-record.ts'
import { findGeneratorLimit, type GeneratorFacts } from '../record/limits.ts'

/** From this ratio of response to service time on, waiting on this side of the wire matters. */
const LATE_MATTERS = 1.1
/** From this share of a send's time on, waiting for a processor is a part of it. */
const STARVED_SHARE = 0.1
/** Share of a step without a free slot from which on the search's own limit of sends in flight matters. */
const NO_SLOT_SHARE = 0.02
/** Up to this ratio to its service time at a low rate, a peer is no slower than it was. */
const AS_FAST = 1.2

/** What a failed step of a search showed of this side of the wire. */
export interface OwnSide extends GeneratorFacts {
  /** Share of the time in which a send was due and every place in flight was taken. */
  noSlotShare: number
  /** Medians of the step, and of one at a rate that was kept (null when none was), ms. */
  responseMs: number
  serviceMs: number
  baseServiceMs: number | null
}

/**
 * What failed on this side of the wire; null when it was the peer. This machine counts only where the peer's own time is
 * not what sends waited for, and the search's limit of sends in flight only where the peer was no slower than before.
 */
export function ownLimit(
  limit: StepLimit,
  side: OwnSide
): { limit: StepLimit; spoiled: string | null } | null {
  if (limit !== 'queue' && limit !== 'percentile') return null
  const found = findGeneratorLimit(side)
  const isPeerSlow = side.responseMs < side.serviceMs * LATE_MATTERS
  if (found?.kind === 'saturated') {
    return { limit: 'machine', spoiled: 'the event loop that sends was busy all the time' }
  }
  if (found?.kind === 'starved' && found.cpuWaitMs >= STARVED_SHARE * side.serviceMs) {
    return { limit: 'machine', spoiled: 'the thread that sends had to wait for a processor' }
  }
  if (found?.kind === 'late' && !isPeerSlow) {
    return { limit: 'machine', spoiled: 'sends started late although slots were free' }
  }
  const isAsFast = side.baseServiceMs !== null && side.serviceMs <= side.baseServiceMs * AS_FAST
  return side.noSlotShare > NO_SLOT_SHARE && isAsFast ? { limit: 'concurrency', spoiled: null } : null
}
