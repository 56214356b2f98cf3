import type { TransportRecord } from '../record/run-record.ts'
import { milliseconds } from '../text/format.ts'
import { isMostlyOther } from './window-words.ts'
import { aheadByDistance, latencyModel, rttWhereRatioIs, type LatencyModel } from './what-if.ts'

/** Two latencies that differ by less than this share would hardly be noticed. */
const HARDLY_NOTICED = 0.1
/** Distances that differ by less than this share, or by less than so many ms, are one. */
const SAME_DISTANCE = { share: 0.2, ms: 1 }

/**
 * At which distances the faster of two transports would not be the faster. The two are compared at one distance, which
 * need not be the one at which either was measured.
 * @param fastest the one whose responses took less as measured
 */
export function distanceSentence(fastest: TransportRecord, rival: TransportRecord): string {
  const [fast, slow] = [latencyModel(fastest), latencyModel(rival)]
  // In an open load, waiting for a slot can put the one ahead that serves its messages slower: distance decides nothing there.
  if (fast === null || slow === null || fast.p50Ms > slow.p50Ms) return ''
  const names = new Map([
    [fast, fastest.name],
    [slow, rival.name]
  ])
  const name = (model: LatencyModel): string => names.get(model) ?? ''
  const isOneDistance = areClose(fast.rttMs, slow.rttMs)
  const found = aheadByDistance(fast, slow)
  const apart = `${name(fast)} was measured ${milliseconds(fast.rttMs)} away and ${name(slow)} ${milliseconds(slow.rttMs)}. At the same distance from both,`
  switch (found.kind) {
    case 'level':
      return isOneDistance ? '' : `${apart} there would be no difference at the median.`
    case 'always':
      if (!isOneDistance) return `${apart} ${name(found.ahead)} would be ahead at any distance.`
      return found.ahead === fast ? always(fast, slow, name) : ''
    case 'crossing': {
      if ([fastest, rival].some(isMostlyOther)) return ''
      const at = milliseconds(found.rttMs)
      if (!isOneDistance) {
        return `${apart} ${name(found.below)} would be ahead below ${at} of RTT and ${name(found.above)} above it.`
      }
      if (found.below === fast && fast.rttMs < found.rttMs) {
        return `Above ${at} of RTT ${name(slow)} would be the faster.`
      }
      return found.above === fast && fast.rttMs > found.rttMs
        ? `Below ${at} of RTT ${name(slow)} would be the faster.`
        : ''
    }
  }
}

function always(fast: LatencyModel, slow: LatencyModel, name: (model: LatencyModel) => string): string {
  const unseen = rttWhereRatioIs(slow, fast, 1 + HARDLY_NOTICED)
  if (unseen !== null && unseen < fast.rttMs && slow.p50Turns > fast.p50Turns) {
    return `Below ${milliseconds(unseen)} of RTT you would hardly notice.`
  }
  return `${name(fast)} is ahead of ${name(slow)} at every distance.`
}

function areClose(aMs: number, bMs: number): boolean {
  const apart = Math.abs(aMs - bMs)
  return apart <= SAME_DISTANCE.ms || apart <= SAME_DISTANCE.share * Math.max(aMs, bMs)
}
