import type { TransportRecord } from './run-record.ts'

/** What a run says about a transport, reduced to what carries over to another distance. */
export interface LatencyModel {
  /** Round-trip time of the run, ms. */
  rttMs: number
  /** Service time at p50 and its turns: those of cold or warm sends, whichever were more. */
  p50Ms: number
  p50Turns: number
  /** Mean service time and its turns, over cold and warm sends alike. */
  meanMs: number
  meanTurns: number
  /** Sends per second at which the run was limited by something other than distance; null when it was not. */
  ceilingPerSecond: number | null
}

/** The model of a transport; null when it accepted nothing or its RTT is unknown. */
export function latencyModel(transport: TransportRecord): LatencyModel | null {
  const { rttMs, service, turns } = transport
  const p50Turns = medianTurns(transport)
  if (rttMs === null || service.p50 === null || service.mean === null) return null
  if (turns.perMessage === null || p50Turns === null) return null
  return {
    rttMs,
    p50Ms: service.p50,
    p50Turns,
    meanMs: service.mean,
    meanTurns: turns.perMessage,
    ceilingPerSecond: transport.generatorLimited ? transport.throughput : null
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

/** Sends per second with so many in flight all the time: Little's law, up to the ceiling where one is known. */
export function throughputAt(model: LatencyModel, rttMs: number, concurrency: number): number {
  return Math.min((1000 * concurrency) / meanAt(model, rttMs), model.ceilingPerSecond ?? Infinity)
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

/** Turns that differ by less are the same: no fit over distance could tell them apart. */
const SAME_TURNS = 0.1

/**
 * The RTT at which two transports' p50 are equal, ms: the faster one changes there. Null when the same one is
 * faster at every distance.
 */
export function crossoverRttMs(a: LatencyModel, b: LatencyModel): number | null {
  return Math.abs(a.p50Turns - b.p50Turns) < SAME_TURNS ? null : rttWhereRatioIs(a, b, 1)
}

/** The RTT at which a's p50 is `ratio` times b's, ms; null when that is so at no distance. */
export function rttWhereRatioIs(a: LatencyModel, b: LatencyModel, ratio: number): number | null {
  // a0 + ta r = ratio (b0 + tb r), with the intercepts a0 and b0.
  const intercept = ({ p50Ms, p50Turns, rttMs }: LatencyModel): number => p50Ms - p50Turns * rttMs
  const slope = a.p50Turns - ratio * b.p50Turns
  const rttMs = (ratio * intercept(b) - intercept(a)) / slope
  return Number.isFinite(rttMs) && rttMs > 0 ? rttMs : null
}
