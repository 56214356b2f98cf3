import type { TransportRecord } from '../record/run-record.ts'
import { awaitsReceiver } from './receive-window.ts'
import { windowRounds } from './window-rounds.ts'

/** What a run says about a transport, reduced to what carries over to another distance. */
export interface LatencyModel {
  /** Round-trip time of the run, ms. */
  rttMs: number
  /**
   * Service time at p50, and the round trips that it takes: turns, and rounds of TCP's window for a content larger than
   * one flight. Those of cold or warm sends, whichever were more.
   */
  p50Ms: number
  p50Turns: number
  /** Mean service time and its round trips, over cold and warm sends alike. */
  meanMs: number
  meanTurns: number
  /** Sends in flight in the mean while it was measured (Little's law), whatever the load would have allowed. */
  concurrency: number
  /** Accepted sends per second as measured. */
  perSecond: number
  /** Sends per second at which the run was limited by something other than distance; null when it was not. */
  ceilingPerSecond: number | null
  /** Contents waited for room in the peer's receive window: by how many round trips is the peer's affair. */
  awaitsReceiver: boolean
}

/** The model of a transport; null when it accepted nothing or its RTT is unknown. */
export function latencyModel(transport: TransportRecord): LatencyModel | null {
  const { rttMs, service, turns } = transport
  const p50Turns = medianTurns(transport)
  if (rttMs === null || service.p50 === null || service.mean === null) return null
  if (turns.perMessage === null || p50Turns === null) return null
  const rounds = windowRounds(transport)
  return {
    rttMs,
    p50Ms: service.p50,
    p50Turns: p50Turns + (p50Turns === turns.cold && turns.cold !== turns.warm ? rounds.cold : rounds.warm),
    meanMs: service.mean,
    meanTurns: turns.perMessage + rounds.mean,
    concurrency: (transport.throughput * service.mean) / 1000,
    perSecond: transport.throughput,
    ceilingPerSecond: transport.generatorLimited ? transport.throughput : null,
    awaitsReceiver: awaitsReceiver(transport.tcp?.receiveWindow?.waits ?? 0, transport.counts.sent)
  }
}

/**
 * Turns of the sends that a transport's median stands for: those of cold or of warm sends, whichever were more. The
 * mean over both lies nearer to those. Connections would not tell: they count the warm-up, too.
 */
export function medianTurns({
  turns: { perMessage, cold, warm }
}: Pick<TransportRecord, 'turns'>): number | null {
  if (perMessage === null || cold === null || warm === null) return warm ?? cold ?? perMessage
  return Math.abs(perMessage - warm) <= Math.abs(perMessage - cold) ? warm : cold
}

/** Service time at p50 that the transport would have at another RTT, ms: each turn takes that much longer or shorter. */
export function p50At(model: LatencyModel, rttMs: number): number {
  return moved(model.p50Ms, model.p50Turns, model.rttMs, rttMs)
}

/** Mean service time at another RTT, ms. */
export function meanAt(model: LatencyModel, rttMs: number): number {
  return moved(model.meanMs, model.meanTurns, model.rttMs, rttMs)
}

function moved(ms: number, turns: number, fromRttMs: number, toRttMs: number): number {
  return Math.max(0, ms + turns * (toRttMs - fromRttMs))
}

/**
 * Sends per second with so many in flight all the time: Little's law, up to the ceiling where one is known. More in
 * flight than were measured are not believed to speed anything up: nobody has seen the peer take them.
 */
export function throughputAt(model: LatencyModel, rttMs: number, concurrency: number): number {
  const inFlight = Math.min(concurrency, model.concurrency)
  return Math.min((1000 * inFlight) / meanAt(model, rttMs), model.ceilingPerSecond ?? Infinity)
}

/** More than this beyond the measured rate is more than the peer was seen to take. */
const BEYOND_MEASURED = 1.05

/** Whether a predicted rate is above what the peer was seen to take, and so holds only if it keeps up. */
export function needsPeerToKeepUp(model: LatencyModel, perSecond: number): boolean {
  return perSecond > BEYOND_MEASURED * model.perSecond
}

/** Share of a measured time below which what is left of it, without its round trips, is mostly error. */
const LITTLE_LEFT = 0.25

/**
 * Whether a prediction goes from far to near so far that it is a small difference of large numbers: the error of the
 * round trip, times the turns, is then a large part of it.
 */
export function isFarToNear(model: LatencyModel, rttMs: number): boolean {
  return rttMs < model.rttMs && p50At(model, rttMs) < LITTLE_LEFT * model.p50Ms
}

/** Seconds that so many messages take. */
export function secondsFor(
  model: LatencyModel,
  messages: number,
  rttMs: number,
  concurrency: number
): number {
  return messages / throughputAt(model, rttMs, concurrency)
}

/** The RTT at which a's p50 is `ratio` times b's, ms; null when that is so at no distance. */
export function rttWhereRatioIs(a: LatencyModel, b: LatencyModel, ratio: number): number | null {
  // a0 + ta r = ratio (b0 + tb r), with the intercepts a0 and b0.
  const intercept = ({ p50Ms, p50Turns, rttMs }: LatencyModel): number => p50Ms - p50Turns * rttMs
  const slope = a.p50Turns - ratio * b.p50Turns
  const rttMs = (ratio * intercept(b) - intercept(a)) / slope
  return Number.isFinite(rttMs) && rttMs > 0 ? rttMs : null
}

/** Who is ahead when two transports are at one distance from their peers, whatever they were measured at. */
export type Ahead =
  | { kind: 'level' }
  | { kind: 'always'; ahead: LatencyModel; behind: LatencyModel }
  | { kind: 'crossing'; rttMs: number; below: LatencyModel; above: LatencyModel }

/** Turns that differ by less are the same: no fit over distance could tell them apart. */
const SAME_TURNS = 0.1
/** Distances that occur, ms of RTT: from one machine to the next, to a satellite and back. */
const OCCURRING = { fromMs: 0.1, toMs: 1000 }
/** Relative error of a round trip; times the turns it is that of what is left without them. */
const RTT_ERROR = 0.02
/** Medians that differ by less are level. */
const LEVEL = 0.005

/** Compares two transports at one distance: more turns can only win below the crossing of their lines. */
export function aheadByDistance(a: LatencyModel, b: LatencyModel): Ahead {
  const [steep, flat] = a.p50Turns >= b.p50Turns ? [a, b] : [b, a]
  const moreTurns = steep.p50Turns - flat.p50Turns
  const lessMs = interceptMs(flat) - interceptMs(steep)
  if (moreTurns < SAME_TURNS) {
    if (Math.abs(lessMs) <= LEVEL * Math.max(a.p50Ms, b.p50Ms)) return { kind: 'level' }
    return lessMs > 0
      ? { kind: 'always', ahead: steep, behind: flat }
      : { kind: 'always', ahead: flat, behind: steep }
  }
  const errorMs = RTT_ERROR * Math.hypot(steep.p50Turns * steep.rttMs, flat.p50Turns * flat.rttMs)
  const rttMs = lessMs / moreTurns
  if (rttMs <= Math.max(OCCURRING.fromMs, errorMs / moreTurns)) {
    return { kind: 'always', ahead: flat, behind: steep }
  }
  if (rttMs >= OCCURRING.toMs) return { kind: 'always', ahead: steep, behind: flat }
  return { kind: 'crossing', rttMs, below: steep, above: flat }
}

/** Service time at p50 without any distance, ms. */
function interceptMs({ p50Ms, p50Turns, rttMs }: LatencyModel): number {
  return Math.max(0, p50Ms - p50Turns * rttMs)
}
