import type { LoadedRtt } from '../record/run-record.ts'
import { counted, figure, milliseconds } from '../text/format.ts'
import { largestPart, type ServiceParts } from './service-parts.ts'

/** Fewer round trips than this tell nothing. */
const LEAST_SAMPLES = 3
/** A round trip that is so many times the idle one, and so much longer, has waited in a queue. */
const QUEUED = { times: 1.5, byMs: 5 }

/**
 * What round trips under load tell of the network: `queued` - packets waited in a queue on the way (bufferbloat);
 * `level` - they did not, so messages waited for something else; null - too few were measured to tell.
 */
export type NetworkUnderLoad = 'queued' | 'level' | null

export function networkUnderLoad(rtt: LoadedRtt | null): NetworkUnderLoad {
  if (rtt === null || rtt.samples < LEAST_SAMPLES) return null
  const { idleMs, medianMs } = rtt
  return medianMs >= QUEUED.times * idleMs && medianMs - idleMs >= QUEUED.byMs ? 'queued' : 'level'
}

/** What messages waited for that were held up while packets were not. */
export interface HeldUp {
  /** What the service time under load is made of; null where that is not known. */
  parts: ServiceParts | null
  /** Accepted messages per second, where every slot was taken and a queue grew; null where slots were not what was short. */
  throughput: number | null
}

/**
 * Who held messages up while they waited, in a sentence.
 * @param heldUp null where messages did not wait for more than they take without load
 */
export function loadedRttSentence(name: string, rtt: LoadedRtt | null, heldUp: HeldUp | null): string {
  if (rtt === null) return ''
  const { idleMs, medianMs, samples } = rtt
  const measured = `${milliseconds(medianMs)} (median of ${counted(samples, 'measurement')})`
  switch (networkUnderLoad(rtt)) {
    case 'queued':
      return `Under the load of ${name} the round trip grew from ${milliseconds(idleMs)} to ${measured}: packets waited in a queue of the network on the way (bufferbloat), which is not the server’s time.`
    case 'level':
      return heldUp === null
        ? ''
        : `The round trip of ${name} under load was ${measured}, and ${milliseconds(idleMs)} before: ${levelWords(heldUp)}`
    case null:
      return ''
  }
}

/** A short round trip clears the network; the peer is to blame only where its own time is most of what a message takes. */
function levelWords({ parts, throughput }: HeldUp): string {
  const largest = parts === null ? null : largestPart(parts)
  if (largest === null) return 'packets did not wait in the network.'
  if (largest.isServer) return 'the peer was busy, not the network.'
  const { words, serviceMs, remedy } = largest
  const found = `packets did not wait in the network, and ${words}.`
  if (throughput === null) return found
  // Little's law: in flight = rate x time.
  const inFlight = (throughput * serviceMs) / 1000
  return `${found} With ${figure(inFlight)} in flight in the mean that makes ${figure(throughput)} a second; ${remedy} would make it more.`
}
