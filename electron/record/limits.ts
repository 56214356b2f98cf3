import { largestPart, type ServiceParts } from '../../shared/insight/service-parts.ts'
import { figure, milliseconds, percent } from '../../shared/text/format.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'

/** From this share of busy time on, a worker's event loop adds waiting of its own to what it measures. */
export const SATURATED_UTILIZATION = 0.9
/** From this share of sends on, those that this machine made longer by starting them late reach into a p99. */
const LATE_SHARE = 0.005
/** Fewer late sends than this are chance: they reach into no percentile that can be told with so few sends. */
const LEAST_LATE = 5
/** A thread that waits so long for a processor each time it is woken hears every reply that much late, ms. */
const STARVED_MS = 2
/** And it matters from this share of a turn on. */
const STARVED_SHARE = 0.1
/** An offered rate counts as reached within this. */
const REACHED = 0.98
/** Below this share of time, a shortage of slots explains nothing. */
const NO_SLOT_SHARE = 0.01

/** In what way this machine was the limit. */
export type GeneratorLimit =
  { kind: 'saturated' } | { kind: 'starved'; cpuWaitMs: number } | { kind: 'late'; share: number }

/** What a block tells of the thread that sent. */
export interface GeneratorFacts {
  eventLoopUtilization: number
  /** Mean wait for a processor each time the thread was woken, ms; null where unknown. */
  cpuWaitMs: number | null
  /** What a turn took in the mean, ms; null where none was measured. */
  turnMs: number | null
  lateOnFreeSlot: number
  sent: number
  accepted: number
}

/**
 * Whether this machine, and not the peer, was the limit: its sending thread was busy nearly all the time, it had to wait
 * for a processor whenever a reply came in, or it made sends longer by starting them late although slots were free.
 */
export function findGeneratorLimit(facts: GeneratorFacts): GeneratorLimit | null {
  const { eventLoopUtilization, cpuWaitMs, turnMs, lateOnFreeSlot, sent, accepted } = facts
  // A peer that refuses all there is, is why: there are no figures that this machine could have spoilt.
  if (accepted === 0) return null
  if (eventLoopUtilization >= SATURATED_UTILIZATION) return { kind: 'saturated' }
  if (cpuWaitMs !== null && cpuWaitMs >= Math.max(STARVED_MS, STARVED_SHARE * (turnMs ?? 0))) {
    return { kind: 'starved', cpuWaitMs }
  }
  const share = sent === 0 ? 0 : lateOnFreeSlot / sent
  return lateOnFreeSlot >= LEAST_LATE && share >= LATE_SHARE ? { kind: 'late', share } : null
}

/** Says in words what held a transport back; null when nothing did, or when a closed load just ran at the peer's pace. */
export function limitReason(
  facts: Pick<TransportRecord, 'offeredRate' | 'dueRate' | 'throughput' | 'noSlotShare' | 'throttled'> &
    ServiceParts,
  generatorLimit: GeneratorLimit | null
): string | null {
  const throttled =
    facts.throttled === 0
      ? null
      : `The peer asked to slow down ${facts.throttled === 1 ? 'once' : `${facts.throttled} times`}.`
  if (generatorLimit !== null)
    return throttled === null
      ? generatorReason(generatorLimit)
      : `${generatorReason(generatorLimit)} ${throttled}`
  if (throttled !== null) return throttled
  const { offeredRate, throughput, noSlotShare } = facts
  if (offeredRate === null) return null
  const rate = Math.min(offeredRate, facts.dueRate ?? 0)
  if (throughput >= rate * REACHED) return null
  const short = `${figure(throughput)} of ${figure(rate)} messages per second were reached`
  if (noSlotShare !== null && noSlotShare > NO_SLOT_SHARE) {
    return `${short}: for ${percent(noSlotShare)} of the time no slot was free, ${slotWords(facts)}. Raise maxConcurrency or maxConnections, or lower the rate.`
  }
  return `${short}: sends were refused, failed, or answered only after the schedule had ended; see the errors and the latency.`
}

/** Why slots were short: the peer is too slow only where its own time is most of what a message takes. */
function slotWords(parts: ServiceParts): string {
  const largest = largestPart(parts)
  if (largest === null) return 'so a message takes too long for this rate with so many sends in flight'
  return largest.isServer
    ? 'so the peer is too slow for this rate with so many sends in flight'
    : `and ${largest.words}: too long for this rate with so many sends in flight`
}

function generatorReason(limit: GeneratorLimit): string {
  const advice =
    'so the figures are this machine’s, not the peer’s. Lower the load, close other programs, or measure from a faster machine.'
  switch (limit.kind) {
    case 'saturated':
      return `This machine was the limit: the event loop that sends was busy nearly all the time, ${advice}`
    case 'starved':
      return `This machine was the limit: the thread that sends waited ${milliseconds(limit.cpuWaitMs)} for a processor each time it was woken, ${advice}`
    case 'late':
      return `This machine was the limit: ${percent(limit.share)} of the sends started late although slots were free, ${advice}`
  }
}
