import type { CapacityStep } from '../record/capacity-record.ts'

/** Steps that a curve needs before a knee in it means anything. */
const KNEE_STEPS = 4
/** How much of its lowest value latency must reach: a flat curve scatters, and its scatter has no knee. */
const KNEE_RISE = 3
/** How far, of the whole height, the curve must sag below the straight line between its ends. */
const KNEE_SAG = 0.25

/**
 * The rate from which latency climbs steeply: where p99 over rate sags most below the straight line from the
 * least to the greatest (Satopää et al., "Finding a Kneedle in a Haystack", 2011); null when it hardly sags.
 */
export function knee(steps: readonly Pick<CapacityStep, 'rate' | 'p99'>[]): number | null {
  const points = steps
    .flatMap(({ rate, p99 }) => (p99 === null ? [] : [{ rate, p99 }]))
    .sort((a, b) => a.rate - b.rate)
  const [first, last] = [points[0], points.at(-1)]
  if (points.length < KNEE_STEPS || first === undefined || last === undefined) return null
  const [width, height] = [last.rate - first.rate, last.p99 - first.p99]
  if (width <= 0 || last.p99 < KNEE_RISE * first.p99) return null
  const sags = points.map(({ rate, p99 }) => ({
    rate,
    sag: (rate - first.rate) / width - (p99 - first.p99) / height
  }))
  const deepest = sags.reduce((most, each) => (each.sag > most.sag ? each : most))
  return deepest.sag >= KNEE_SAG ? deepest.rate : null
}
