import { mean, medianSlope, sampleDeviation } from './statistics.ts'

/** A full second and its median response, ms. */
export interface LatencyPoint {
  second: number
  p50: number
}

/** How latency moves over time. */
export interface Growth {
  /** Seconds by which latency grew per second: the median of all slopes between two points (Theil 1950, Sen 1968). */
  slope: number
  /** Standard deviations by which rising pairs outweigh falling ones, were there no trend (Mann 1945, Kendall 1975). */
  z: number
  /** How much it rose over all points by that slope, ms. */
  riseMs: number
  /**
   * Student's t of the steps from point to point. Where arrivals or service are random, latency walks at random: it
   * may rise for long without any drift, and only steps that are alike tell one.
   */
  t: number
}

/** Steps between points differ by at least this much, ms. */
const LEAST_SCATTER_MS = 1

/** The trend of some points; flat for fewer than two. */
export function growth(points: readonly LatencyPoint[]): Growth {
  const slopeMs = medianSlope(points.map(({ second, p50 }) => [second, p50]))
  if (slopeMs === null) return { slope: 0, z: 0, riseMs: 0, t: 0 }
  let rising = 0
  points.forEach((from, index) => {
    for (const to of points.slice(index + 1)) rising += Math.sign(to.p50 - from.p50)
  })
  const count = points.length
  const spread = Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18)
  const slope = slopeMs / 1000
  const seconds = (points.at(-1)?.second ?? 0) - (points[0]?.second ?? 0)
  const steps = points.slice(1).map(({ p50 }, index) => p50 - (points[index]?.p50 ?? 0))
  const scatter = steps.length < 2 ? Infinity : Math.max(LEAST_SCATTER_MS, sampleDeviation(steps))
  return {
    slope,
    z: (rising - Math.sign(rising)) / spread,
    riseMs: slope * seconds * 1000,
    t: (mean(steps) * Math.sqrt(steps.length)) / scatter
  }
}

/** From this growth on, a peer does not keep the rate: it takes 1.01 s for what comes due in one. */
const LEAST_SLOPE = 0.01
/** Certainty of a slow trend, in standard deviations: looked at every second, chance must not reach it. */
const CERTAIN_Z = 3.2
/** Certainty from which a trend is looked at longer. */
const SUSPECT_Z = 1.5
/** Least t of a certain trend, and of one that shows in a few seconds. */
const CERTAIN_T = 4
const STEEP_T = 5
const DRIFT_T = 2.5
/** A rise must matter: in ms, and beside the latency that it began with. */
const LEAST_RISE_MS = 20
const RISE_SHARE = 0.5
/** A steep trend shows in as few seconds. */
const STEEP_SECONDS = 4
const STEEP_SLOPE = 0.05
const STEEP_RISE_MS = 100
const STEEP_RISE_SHARE = 1
/** Rise that is looked at longer while there are fewer seconds than that. */
const EARLY_RISE = 1.2
/** Lengths of the latest stretch that is looked at, s: a peer may slow down only after a while. */
const STRETCHES = [8, 12, 18, 27, 40, 60, 90]

/**
 * Whether a queue grows: latency rises over the latest seconds, by more than chance and by as much as matters. With
 * `suspect`, whether it may: then it is worth while to look on.
 */
export function isGrowing(
  points: readonly LatencyPoint[],
  certainty: 'certain' | 'suspect' = 'certain'
): boolean {
  if (certainty === 'suspect') {
    const latest = points.slice(-STEEP_SECONDS)
    return isTooEarly(latest) || isRising(latest, SUSPECT_Z) || isSlowly(points, SUSPECT_Z)
  }
  return isSteep(points.slice(-STEEP_SECONDS)) || isSlowly(points, CERTAIN_Z)
}

/** Too few seconds to see a trend, and the last one slower than the first. */
function isTooEarly(points: readonly LatencyPoint[]): boolean {
  const [first, last] = [points[0]?.p50 ?? 0, points.at(-1)?.p50 ?? 0]
  return points.length < STEEP_SECONDS && last > EARLY_RISE * first
}

function isSlowly(points: readonly LatencyPoint[], leastZ: number): boolean {
  return [...STRETCHES.filter((length) => length < points.length), points.length]
    .filter((length) => length >= STRETCHES[0]!)
    .some((length) => isRising(points.slice(-length), leastZ))
}

function isRising(points: readonly LatencyPoint[], leastZ: number): boolean {
  const { slope, z, riseMs, t } = growth(points)
  const first = points[0]?.p50 ?? 0
  const isDrift = leastZ < CERTAIN_Z || t >= CERTAIN_T
  return (
    slope >= LEAST_SLOPE && z >= leastZ && isDrift && riseMs >= Math.max(LEAST_RISE_MS, RISE_SHARE * first)
  )
}

function isSteep(points: readonly LatencyPoint[]): boolean {
  const first = points[0]?.p50 ?? 0
  const { slope, t } = growth(points)
  const riseMs = (points.at(-1)?.p50 ?? 0) - first
  return (
    points.length >= STEEP_SECONDS &&
    t >= STEEP_T &&
    slope >= STEEP_SLOPE &&
    riseMs >= Math.max(STEEP_RISE_MS, STEEP_RISE_SHARE * first)
  )
}

/** Growth that matters over a whole step that is long enough to see it. */
const LEAST_DRIFT = 0.002

/** Whether latency drifted upwards over a whole step, however slowly. */
export function hasDrifted(points: readonly LatencyPoint[]): boolean {
  const { slope, z, riseMs, t } = growth(points)
  const rises = riseMs >= Math.max(LEAST_RISE_MS, RISE_SHARE * (points[0]?.p50 ?? 0))
  return slope >= LEAST_DRIFT && z >= CERTAIN_Z && t >= DRIFT_T && rises
}
