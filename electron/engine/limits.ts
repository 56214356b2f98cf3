import { figure, percent } from '../../shared/format.ts'
import type { TransportRecord } from '../../shared/run-record.ts'

/** From this share of busy time on, a worker's event loop adds waiting of its own to what it measures. */
export const SATURATED_UTILIZATION = 0.9
/** From this share of sends on, those that this machine made longer by starting them late reach into the percentiles. */
const LATE_SHARE = 0.05
/** An offered rate counts as reached within this. */
const REACHED = 0.98
/** Below this share of time, a shortage of slots explains nothing. */
const NO_SLOT_SHARE = 0.01

/** In what way this machine was the limit. */
export type GeneratorLimit = { kind: 'saturated' } | { kind: 'late'; share: number }

/**
 * Whether this machine, and not the peer, was the limit: its sending thread was busy nearly all the time (waiting for
 * a busy CPU counts), or it made them longer by starting them late although slots were free.
 */
export function findGeneratorLimit(
  eventLoopUtilization: number,
  lateOnFreeSlot: number,
  sent: number
): GeneratorLimit | null {
  if (eventLoopUtilization >= SATURATED_UTILIZATION) return { kind: 'saturated' }
  const share = sent === 0 ? 0 : lateOnFreeSlot / sent
  return share >= LATE_SHARE ? { kind: 'late', share } : null
}

/** Says in words what held a transport back; null when nothing did, or when a closed load just ran at the peer's pace. */
export function limitReason(
  facts: Pick<TransportRecord, 'offeredRate' | 'throughput' | 'noSlotShare' | 'throttled'> & {
    /** Sends that did come due per second: by chance fewer than offered in a Poisson load, or where a run was stopped. */
    dueRate: number
  },
  generatorLimit: GeneratorLimit | null
): string | null {
  if (generatorLimit !== null) return generatorReason(generatorLimit)
  if (facts.throttled > 0) {
    return `The peer asked to slow down ${facts.throttled === 1 ? 'once' : `${facts.throttled} times`}.`
  }
  const { offeredRate, throughput, noSlotShare } = facts
  if (offeredRate === null) return null
  const rate = Math.min(offeredRate, facts.dueRate)
  if (throughput >= rate * REACHED) return null
  const short = `${figure(throughput)} of ${figure(rate)} messages per second were reached`
  if (noSlotShare !== null && noSlotShare > NO_SLOT_SHARE) {
    return `${short}: for ${percent(noSlotShare)} of the time no slot was free, so the peer is too slow for this rate with so many sends in flight. Raise maxConcurrency or maxConnections, or lower the rate.`
  }
  return `${short}: sends were refused, failed, or answered only after the schedule had ended; see the errors and the latency.`
}

function generatorReason(limit: GeneratorLimit): string {
  const advice =
    'so the figures are this machine’s, not the peer’s. Lower the load, close other programs, or measure from a faster machine.'
  switch (limit.kind) {
    case 'saturated':
      return `This machine was the limit: the event loop that sends was busy nearly all the time, ${advice}`
    case 'late':
      return `This machine was the limit: ${percent(limit.share)} of the sends started late although slots were free, ${advice}`
  }
}
