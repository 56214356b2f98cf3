import type { TransportRecord } from '../record/run-record.ts'
import { figure, integer, listed } from '../text/format.ts'

/** A queue that holds this share of a round's sends when the schedule ends has grown all the time. */
const GROWN = 0.05
/** A handful that waits is a queue that comes and goes. */
const LEAST_BACKLOG = 10
/** Share of the time without a free slot from which on the peer, and not a burst, was too slow. */
const NO_SLOT = 0.5

/**
 * Whether an open load asked for more than the peer could take: then the queue grew as long as the load went on, and
 * every response time says above all how long that was.
 */
export function isOverloaded({ offeredRate, noSlotShare, ...transport }: TransportRecord): boolean {
  if (offeredRate === null || (noSlotShare ?? 0) < NO_SLOT) return false
  const { backlogAtEnd, throughput, counts, rounds } = transport
  if (backlogAtEnd === null) return throughput < (1 - GROWN) * offeredRate
  return backlogAtEnd >= Math.max(LEAST_BACKLOG, (GROWN * counts.sent) / Math.max(1, rounds.length))
}

/** Messages a second that came due, in figures: what was offered where an older record says no more. */
export function dueText({ dueRate, offeredRate }: TransportRecord): string {
  return figure(dueRate ?? offeredRate ?? 0)
}

/** What stands beside a picture of transports whose queue grew; '' where none did. */
export function overloadNote(transports: readonly TransportRecord[]): string {
  const grown = transports.filter(isOverloaded).map((transport) => {
    const { name, throughput, backlogAtEnd } = transport
    const waiting = backlogAtEnd === null ? '' : `, ${integer(backlogAtEnd)} waiting at the end`
    return `${name} (${dueText(transport)} messages a second due, ${figure(throughput)} accepted${waiting})`
  })
  return grown.length === 0 ? '' : `The queue grew all the time for ${listed(grown)}.`
}

/** Mean wait for a slot, ms: response less service; null where nothing was accepted. */
export function meanQueueMs({ queueMs, response, service }: TransportRecord): number | null {
  if (queueMs !== null) return queueMs
  return response.mean === null || service.mean === null ? null : Math.max(0, response.mean - service.mean)
}
