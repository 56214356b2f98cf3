import type { RunRecord, TransportRecord } from '../record/run-record.ts'
import type { DeliveryRecord } from '../record/delivery-record.ts'
import { counted, integer, milliseconds, partOf } from '../text/format.ts'
import { findComparison } from './comparison.ts'
import { findingOf } from './finding.ts'

/** Whose clocks the hops of a message are stamped by. */
export const HOP_CLOCKS =
  'Each stamp is that machine’s own clock, to the second; the first is set against this machine’s.'

/** A transport of which something arrived. */
type Delivered = TransportRecord & { delivery: DeliveryRecord }

/**
 * What became of the messages behind their acceptance: what was lost, came twice or was filed as junk, and whether a
 * difference in the response is still one in the inbox. Empty where the plan has no delivery.
 */
export function deliverySentences(record: RunRecord): string[] {
  const delivered = record.transports.filter(isDelivered)
  return [...delivered.map(troubles), ...chains(record, delivered)]
}

function isDelivered(transport: TransportRecord): transport is Delivered {
  return transport.delivery !== undefined && transport.counts.accepted > 0
}

function troubles({ name, delivery }: Delivered): string {
  const { arrived, lost, pending, duplicates, junk } = delivery
  const accepted = arrived + lost + pending
  const parts = [
    ...(lost > 0 ? [`${partOf(lost, accepted)} accepted messages did not arrive by the deadline`] : []),
    ...(pending > 0 ? [`${integer(pending)} may still have been under way when the run ended`] : []),
    ...(duplicates > 0
      ? [`${counted(duplicates, 'copy').replace('copys', 'copies')} came beyond the first`]
      : []),
    ...(junk > 0 ? [`${partOf(junk, arrived)} were filed as junk`] : [])
  ]
  return parts.length === 0 ? '' : `Of ${name}, ${parts.join('; ')}.`
}

/** The soonest accepted against each of the others. */
function chains(record: RunRecord, delivered: readonly Delivered[]): string[] {
  const [first, ...others] = delivered
    .filter(({ delivery }) => delivery.arrived > 0)
    .sort((a, b) => (a.response.p50 ?? 0) - (b.response.p50 ?? 0))
  if (first === undefined) return []
  if (others.length === 0) return [alone(first)]
  return others.map((other) => chain(record, first, other))
}

function alone({ name, delivery: { p50, inbox } }: Delivered): string {
  const after = p50 === null ? '' : `, ${milliseconds(p50)} of it after its acceptance`
  return `From due to arrived, a message of ${name} takes ${milliseconds(inbox.p50 ?? 0)}${after}.`
}

function chain(record: RunRecord, first: Delivered, other: Delivered): string {
  const accepted = findComparison(record.comparison, other.name, first.name, 'response.p50')
  const arrived = findComparison(record.comparison, other.name, first.name, 'inbox.p50')
  const [acceptedFinding, arrivedFinding] = [findingOf(accepted), findingOf(arrived)]
  const medians = `(${milliseconds(first.delivery.inbox.p50 ?? 0)} against ${milliseconds(other.delivery.inbox.p50 ?? 0)} in the median)`
  const soonerMs = accepted?.difference ?? 0
  const start =
    acceptedFinding === 'different'
      ? `Mail of ${first.name} is accepted ${milliseconds(soonerMs)} sooner than that of ${other.name}`
      : `Mail of ${first.name} is not seen to be accepted sooner than that of ${other.name}`
  const but = acceptedFinding === 'different' ? 'but' : 'and'
  switch (arrivedFinding) {
    case 'different': {
      const differenceMs = arrived?.difference ?? 0
      const how = differenceMs > 0 ? 'sooner' : 'later'
      const word = (acceptedFinding === 'different') === differenceMs > 0 ? 'and' : 'but'
      return `${start}, ${word} arrives ${milliseconds(Math.abs(differenceMs))} ${how} ${medians}.`
    }
    case 'level':
      return acceptedFinding === 'different'
        ? `${start}, and arrives at the same time as far as can be seen ${medians}: the difference is lost on the way to the inbox.`
        : `${start}, and arrives at the same time as far as can be seen ${medians}.`
    case 'unclear':
      return `${start}, ${but} whether it arrives sooner this run cannot tell ${medians}.`
    case 'overloaded':
      return `${start}, ${but} whether it arrives sooner cannot be told while a queue grows ${medians}.`
    case 'too-few-messages':
    case 'too-few-rounds':
      return `${start}, ${but} too few ${arrivedFinding === 'too-few-rounds' ? 'rounds' : 'messages'} arrived to say whether it arrives sooner.`
  }
}
