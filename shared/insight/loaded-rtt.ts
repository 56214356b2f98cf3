import type { LoadedRtt } from '../record/run-record.ts'
import { counted, milliseconds } from '../text/format.ts'

/** Fewer round trips than this tell nothing. */
const LEAST_SAMPLES = 3
/** A round trip that is so many times the idle one, and so much longer, has waited in a queue. */
const QUEUED = { times: 1.5, byMs: 5 }

/**
 * What round trips under load tell of the network: `queued` - packets waited in a queue on the way (bufferbloat);
 * `level` - they did not, so what messages waited for is the peer's; null - too few were measured to tell.
 */
export type NetworkUnderLoad = 'queued' | 'level' | null

export function networkUnderLoad(rtt: LoadedRtt | null): NetworkUnderLoad {
  if (rtt === null || rtt.samples < LEAST_SAMPLES) return null
  const { idleMs, medianMs } = rtt
  return medianMs >= QUEUED.times * idleMs && medianMs - idleMs >= QUEUED.byMs ? 'queued' : 'level'
}

/**
 * Who held messages up while they waited, in a sentence.
 * @param isBusy messages did wait for more than they take without load
 */
export function loadedRttSentence(name: string, rtt: LoadedRtt | null, isBusy: boolean): string {
  if (rtt === null) return ''
  const { idleMs, medianMs, samples } = rtt
  const measured = `${milliseconds(medianMs)} (median of ${counted(samples, 'measurement')})`
  switch (networkUnderLoad(rtt)) {
    case 'queued':
      return `Under the load of ${name} the round trip grew from ${milliseconds(idleMs)} to ${measured}: packets waited in a queue of the network on the way (bufferbloat), which is not the server’s time.`
    case 'level':
      return isBusy
        ? `The round trip of ${name} under load was ${measured}, and ${milliseconds(idleMs)} before: the peer was busy, not the network.`
        : ''
    case null:
      return ''
  }
}
