import type { LoadedRtt, RoundRecord, RttRecord } from '../../shared/record/run-record.ts'
import { distribution, encodeHistogram } from '../../shared/record/histogram.ts'
import { mean, type Tally } from './tally.ts'

type Measured = Omit<RoundRecord, 'round' | 'startedMs' | 'connectionsOpened'> & { serviceHistogram: string }

/**
 * What the sends of a round, or of all rounds, come to.
 * @param queueing round trips under load, where packets waited in a queue of the network that nothing else tells of
 */
export function measured(
  tally: Tally,
  durationSeconds: number,
  rttMs: number | null,
  queueing: LoadedRtt | null
): Measured {
  const turns = tally.turnMeans()
  return {
    counts: tally.counts,
    durationSeconds,
    throughput: durationSeconds === 0 ? 0 : tally.counts.accepted / durationSeconds,
    response: distribution(tally.response),
    service: distribution(tally.service),
    turns,
    rttMs,
    ...decompose(tally, turns.perMessage, rttMs, queueing),
    retransmits: null,
    bytes: { out: tally.bytesOut, in: tally.bytesIn },
    histogram: encodeHistogram(tally.response),
    serviceHistogram: encodeHistogram(tally.service)
  }
}

type Parts = Pick<
  Measured,
  'queueMs' | 'lookupMs' | 'chatterMs' | 'transferMs' | 'serverMs' | 'clientMs' | 'residualMs'
>

/**
 * Splits the mean service time into what is known of its parts: lookup, chatter and transfer of the waiting, the
 * server's being what is left of it, and the client's own; what does not add up is the residual.
 */
export function decompose(
  tally: Tally,
  turnsPerMessage: number | null,
  rttMs: number | null,
  queueing: LoadedRtt | null
): Parts {
  const { accepted } = tally.counts
  const queueMs = meanMs(tally.queueUs, accepted)
  const lookupMs = meanMs(tally.lookupUs, accepted)
  const leavingMs = meanMs(tally.transferUs, accepted)
  const serviceMs = meanMs(tally.serviceUs, accepted)
  const waitMs = meanMs(tally.waitUs, accepted)
  const known = { queueMs, lookupMs, transferMs: leavingMs }
  if (
    serviceMs === null ||
    waitMs === null ||
    lookupMs === null ||
    leavingMs === null ||
    turnsPerMessage === null ||
    rttMs === null
  ) {
    return { ...known, chatterMs: null, serverMs: null, clientMs: null, residualMs: null }
  }
  const chatterMs = turnsPerMessage * rttMs
  const restMs = Math.max(0, waitMs - lookupMs - chatterMs - leavingMs)
  const queuedMs =
    queueing === null ? 0 : Math.min(restMs, turnsPerMessage * Math.max(0, queueing.meanMs - rttMs))
  const transferMs = leavingMs + queuedMs
  const serverMs = restMs - queuedMs
  const clientMs = serviceMs - waitMs
  const residualMs = serviceMs - lookupMs - chatterMs - transferMs - serverMs - clientMs
  return { ...known, transferMs, chatterMs, serverMs, clientMs, residualMs }
}

function meanMs(sumUs: number, count: number): number | null {
  const meanUs = mean(sumUs, count)
  return meanUs === null ? null : meanUs / 1000
}

/** What a turn of these sends took in the mean, ms; null where none was accepted. */
export function turnMs({ waitUs, turns }: Tally): number | null {
  return turns === 0 ? null : waitUs / turns / 1000
}

/** The round trip that chatter is counted with: the typical one, unless these turns took less, and then that. */
export function chatterRttMs(rtt: RttRecord | null, tally: Tally): number | null {
  if (rtt === null || rtt.source === 'emulated') return rtt?.medianMs ?? null
  return Math.max(rtt.leastMs, Math.min(rtt.medianMs, turnMs(tally) ?? Infinity))
}

/**
 * Measured time of a closed load's round: what its lanes were busy in the mean (Denning and Buzen 1978, lanes x
 * completions / busy time). Up to the last outcome it would be as long as one straggler, while the other lanes had
 * nothing left to do.
 */
export function laneSeconds({ laneUs, lanes }: Tally): number {
  return lanes === 0 ? 0 : laneUs / lanes / 1e6
}

/**
 * Measured time of an open load's round: from the first send due to the last outcome. It is measured over its schedule,
 * or for as long as outcomes came where the peer fell behind: counting from the first due to the last outcome would
 * charge the rate with a latency, which is none of its business.
 * @param scheduled length of the schedule, s; null when none was run to its end
 */
export function measuredSeconds(
  { firstDueUs, firstDoneUs, lastDoneUs }: Tally,
  scheduled: number | null
): number {
  if (scheduled === null) return Math.max(0, lastDoneUs - firstDueUs) / 1e6
  return Math.max(scheduled, (lastDoneUs - firstDoneUs) / 1e6)
}
