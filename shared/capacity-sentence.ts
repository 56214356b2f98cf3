import type { CapacityTransport } from './capacity-record.ts'
import { duration, figure } from './format.ts'

/** What a capacity search found for a transport, in a sentence with its numbers. */
export function capacitySentence(transport: CapacityTransport): string {
  const { name, rate, limitedBy, secondsForAMillion, knee, steps } = transport
  if (steps.length === 0) return `${name} was not tried.`
  if (secondsForAMillion === null) return `${name} kept none of the rates tried: ${limitWords(transport)}.`
  const bend =
    knee !== null && knee < rate
      ? ` Its latency climbs steeply from about ${figure(knee)} per second on.`
      : ''
  const reason =
    limitedBy === 'ceiling'
      ? 'the highest rate tried, so the limit may be higher'
      : `above that ${limitWords(transport)}`
  return `${name} keeps ${figure(rate)} messages per second: ${reason}. A million messages take ${duration(secondsForAMillion)}.${bend}`
}

function limitWords({ limitedBy, failedObjective }: CapacityTransport): string {
  switch (limitedBy) {
    case 'objective':
      return `it misses ${failedObjective ?? 'an objective'}`
    case 'throttling':
      return 'the peer asks to slow down'
    case 'generator':
      return 'this machine, not the peer, is the limit'
    case 'ceiling':
      return 'no rate was too high'
  }
}
