import type { CapacityTransport, LimiterKind, Recovery } from '../record/capacity-record.ts'
import { loadedRttSentence } from './loaded-rtt.ts'
import { duration, figure, integer, percent } from '../text/format.ts'

/** A recovery that took longer than this is worth telling, s. */
const SLOW_RECOVERY_SECONDS = 5
/** Held for less, a rate says nothing about hours, s. */
const LONG_HOLD_SECONDS = 60

/** What a capacity search found for a transport, in sentences with their numbers. */
export function capacitySentence(transport: CapacityTransport): string {
  const { name, rate, steps } = transport
  if (steps.length === 0) return unfinished(`${name} was not tried`, transport)
  if (rate === 0) {
    const why = limitWords(transport)
    return unfinished(`${name} kept none of the rates tried${why === null ? '' : `: ${why}`}`, transport)
  }
  const sentences = [
    `${keeps(transport)}: ${limitSentence(transport)}.`,
    bracketSentence(transport),
    burstSentence(transport),
    millionSentence(transport),
    recoverySentence(transport.recoveries),
    bendSentence(transport),
    networkSentence(transport)
  ]
  return unfinished(
    sentences
      .filter((sentence) => sentence !== null)
      .join(' ')
      .replace(/\.$/, ''),
    transport
  )
}

function keeps({ name, rate, sustained, steps, uncertainty, interval }: CapacityTransport): string {
  const seconds =
    sustained?.seconds ??
    Math.max(0, ...steps.flatMap((step) => (step.pass && step.rate === rate ? [step.seconds] : [])))
  const chance = uncertainty === null ? '' : `, give or take ${percent(uncertainty)}`
  const spread =
    interval === null ? '' : ` (${figure(interval.low)} to ${figure(interval.high)} when searched again)`
  return `${name} keeps ${figure(rate)} messages per second${chance}${spread}, held for ${duration(seconds)}`
}

function limitSentence(transport: CapacityTransport): string {
  if (transport.limiter === 'ceiling') return 'the highest rate tried, so the limit may be higher'
  return `above that ${limitWords(transport) ?? 'it was not tried'}`
}

/** What stood in the way of more; null where nothing was seen to. */
function limitWords({ limiter, failedObjective, bracket, limitedBy }: CapacityTransport): string | null {
  if (bracket.failed === null && limitedBy !== 'ceiling') return null
  const words: Record<LimiterKind, string> = {
    percentile: `it misses ${failedObjective ?? 'its objective'}`,
    queue: 'messages come due faster than it takes them, and a queue grows',
    throttling: 'the peer asks to slow down',
    bucket: 'the peer asks to slow down, once what it allows in a burst is used up',
    slowing: 'it slows down after a while, and a queue grows',
    refusals: `it refuses or fails too many (${failedObjective ?? 'its objective'})`,
    objective: `it misses ${failedObjective ?? 'its objective'}`,
    concurrency:
      'every send that may be in flight was in flight, by a peer that was no slower: this search’s own limit, not the peer’s; raise the concurrency',
    machine: 'this machine, not the peer, is the limit',
    ceiling: 'no rate was too high'
  }
  return words[limiter]
}

function bracketSentence({ bracket, tries }: CapacityTransport): string | null {
  if (bracket.failed === null) return null
  const { kept, failed } = tries.find(({ rate }) => rate === bracket.failed) ?? { kept: 0, failed: 0 }
  const times = failed === 0 ? '' : `, ${failed === 1 ? 'once' : `${failed} times`} of ${kept + failed}`
  return `The lowest rate that failed is ${figure(bracket.failed)}${times}.`
}

function burstSentence({ burst, rate }: CapacityTransport): string | null {
  if (burst === null) return null
  if (burst.messages !== null) {
    return `A burst of ${integer(burst.messages)} messages and more passes beyond that.`
  }
  return burst.rate > rate
    ? `For ${duration(burst.seconds)} it takes ${figure(burst.rate)} per second, which does not last.`
    : null
}

/** Hours are read off a rate only where it was held for a while. */
function millionSentence({ sustained, secondsForAMillion }: CapacityTransport): string | null {
  if (secondsForAMillion === null || sustained === null || sustained.seconds < LONG_HOLD_SECONDS) return null
  return `If it goes on like that, a million messages take ${duration(secondsForAMillion)}.`
}

function recoverySentence(recoveries: readonly Recovery[]): string | null {
  const lost = recoveries.filter(({ recovered }) => !recovered)
  if (lost.length > 0) {
    const longest = Math.max(...lost.map(({ seconds }) => seconds))
    return `After an overload it was not as fast as before within ${duration(longest)}.`
  }
  const longest = Math.max(0, ...recoveries.map(({ seconds }) => seconds))
  return longest > SLOW_RECOVERY_SECONDS
    ? `After an overload it takes up to ${duration(longest)} to recover.`
    : null
}

function bendSentence({ knee, rate }: CapacityTransport): string | null {
  return knee !== null && knee < rate
    ? `Its latency climbs steeply from about ${figure(knee)} per second on.`
    : null
}

/** Whether the network or something else held messages up where more was too much; the step with the most to go by tells. */
function networkSentence({ name, limiter, steps }: CapacityTransport): string | null {
  if (!HELD_UP.includes(limiter)) return null
  const [step] = steps
    .filter(({ pass, spoiled, loadedRtt }) => !pass && spoiled === null && loadedRtt !== undefined)
    .sort((a, b) => (b.loadedRtt?.samples ?? 0) - (a.loadedRtt?.samples ?? 0))
  const sentence = loadedRttSentence(name, step?.loadedRtt ?? null, {
    parts: step?.parts ?? null,
    throughput: null
  })
  return sentence === '' ? null : sentence
}

/** Limits that a queue in the network could be, too. */
const HELD_UP: readonly LimiterKind[] = ['percentile', 'queue', 'slowing', 'objective']

function unfinished(text: string, transport: CapacityTransport): string {
  return transport.unfinished === null
    ? `${text}.`
    : `${text}. The search is unfinished: ${transport.unfinished}.`
}
