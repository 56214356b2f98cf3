import {
  createHistogram,
  mergeHistograms,
  percentileMs,
  recordUs,
  type Histogram
} from '../../shared/record/histogram.ts'
import type { RttRecord } from '../../shared/record/run-record.ts'
import { milliseconds } from '../../shared/text/format.ts'

/** What one transport saw of the round trip to its peer. */
export interface RoundTripsSeen {
  /** Least connect, and least wait for the reply to one command, µs; Infinity where there was none. */
  leastConnectUs: number
  leastTurnUs: number
  /** Connections opened before the load to measure the round trip alone, µs. */
  connectsUs: readonly number[]
  /** Connects of measured sends; null where none had to connect. */
  connects: Histogram | null
  /** Round trips of handshakes as the kernel measured them, and its least of all, µs; none where it does not tell. */
  kernelRttsUs?: readonly number[]
  kernelLeastUs?: number
}

/** With so many connects during the load, those before it are not asked: the network may be another under load. */
const ENOUGH_CONNECTS = 20

/**
 * The round trip to a peer, from what every transport that reaches it saw: the median is what a turn costs, jitter
 * included; the least is the floor of it.
 * @param emulatedMs RTT of a delay link; null without one
 * @returns null where nothing was measured
 */
export function roundTrip(emulatedMs: number | null, seen: readonly RoundTripsSeen[]): RttRecord | null {
  const leastTurnUs = Math.min(...seen.map((each) => each.leastTurnUs))
  const leastTurnMs = leastTurnUs === Infinity ? null : leastTurnUs / 1000
  if (emulatedMs !== null) {
    return { leastMs: emulatedMs, medianMs: emulatedMs, leastTurnMs, samples: 0, source: 'emulated' }
  }
  const kernelUs = seen.flatMap(({ kernelRttsUs = [] }) => kernelRttsUs)
  if (kernelUs.length > 0) {
    const leastMs = Math.min(leastTurnUs, ...seen.map(({ kernelLeastUs = Infinity }) => kernelLeastUs)) / 1000
    const medianMs = Math.max(leastMs, percentileMs(histogramOf(kernelUs), 50) ?? leastMs)
    return { leastMs, medianMs, leastTurnMs, samples: kernelUs.length, source: 'kernel' }
  }
  const times = mergeHistograms(seen.flatMap(({ connects }) => connects ?? []))
  if (times.totalCount < ENOUGH_CONNECTS) times.add(histogramOf(seen.flatMap(({ connectsUs }) => connectsUs)))
  // No round trip takes longer than the least connect, nor than the least wait for one reply.
  const leastUs = Math.min(leastTurnUs, ...seen.map(({ leastConnectUs }) => leastConnectUs))
  if (leastUs === Infinity) return null
  const leastMs = leastUs / 1000
  return {
    leastMs,
    medianMs: Math.max(leastMs, percentileMs(times, 50) ?? leastMs),
    leastTurnMs,
    samples: times.totalCount,
    source: 'connect'
  }
}

export function histogramOf(timesUs: readonly number[]): Histogram {
  const histogram = createHistogram()
  for (const us of timesUs) recordUs(histogram, us)
  return histogram
}

/** Replies that take so many times the connect, and so much longer, leave open who answered the connect. */
const FAR_APART = { times: 4, byMs: 2 }

/** Says so when connects and replies leave the round trip open. */
export function roundTripNotes(rtt: RttRecord | null): string[] {
  if (rtt === null || rtt.source === 'emulated' || rtt.leastTurnMs === null) return []
  const { medianMs, leastTurnMs } = rtt
  if (leastTurnMs < FAR_APART.times * medianMs || leastTurnMs - medianMs < FAR_APART.byMs) return []
  return [
    `A connect took ${milliseconds(medianMs)}, the fastest reply ${milliseconds(leastTurnMs)}: if a proxy or load balancer answers connects in the peer’s place, the round trip is up to ${milliseconds(leastTurnMs)}, and that much of each turn is the distance’s, not the server’s.`
  ]
}
