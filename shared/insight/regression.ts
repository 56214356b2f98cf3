import { findComparison } from './comparison.ts'
import { GATED_METRICS, type GatedMetric, type RegressionLimits } from './gated-metrics.ts'
import type { RunComparison } from '../page/ipc.ts'
import type { RunRecord, TransportRecord } from '../record/run-record.ts'

/** One metric of one transport against its limit. */
export interface RegressionCheck {
  transport: string
  metric: GatedMetric
  limit: number
  /** The new figure divided by the old one for a time, the old one by the new for a rate; failures and rejections as shares of all sends. */
  old: number | null
  new: number | null
  /** By how much it is worse at least, and at most, as a share, with 95 % confidence; null where nothing can be said. */
  worseLow: number | null
  worseHigh: number | null
  /** `worse` only when the data show it: the whole interval lies beyond the limit. */
  verdict: 'worse' | 'within' | 'cannot-tell'
}

/** Normal quantile of a two-sided 95 % interval. */
const Z95 = 1.959964

/**
 * Holds a new run against an old one.
 * @param comparison of the old run (`a`) with the new one (`b`)
 */
export function checkRegression(
  old: RunRecord,
  fresh: RunRecord,
  comparison: RunComparison,
  limits: RegressionLimits
): RegressionCheck[] {
  const before = new Map(old.transports.map((transport) => [transport.name, transport]))
  return fresh.transports.flatMap((transport) => {
    const earlier = before.get(transport.name)
    if (earlier === undefined) return []
    const rows = comparison.rows.find((row) => row.transport === transport.name)?.comparisons ?? []
    return GATED_METRICS.flatMap((metric): RegressionCheck[] => {
      const limit = limits[metric]
      if (limit === undefined) return []
      const about = { transport: transport.name, metric, limit }
      if (metric === 'failed' || metric === 'rejected')
        return [{ ...about, ...shareCheck(earlier, transport, metric, limit) }]
      const found = findComparison(rows, transport.name, transport.name, metric)
      const figures = { old: figureOf(earlier, metric), new: figureOf(transport, metric) }
      if (found === null || !found.enough) return [{ ...about, ...figures, ...UNTOLD }]
      // A time is worse when the new run's is longer, a rate when it is lower.
      const [low, high] = metric === 'throughput' ? [found.low, found.high] : [1 / found.high, 1 / found.low]
      const [worseLow, worseHigh] = [low - 1, high - 1]
      return [{ ...about, ...figures, worseLow, worseHigh, verdict: verdictOf(worseLow, worseHigh, limit) }]
    })
  })
}

/** Nothing can be said of how much worse it is. */
const UNTOLD = { worseLow: null, worseHigh: null, verdict: 'cannot-tell' } as const

function verdictOf(low: number, high: number, limit: number): RegressionCheck['verdict'] {
  if (low > limit) return 'worse'
  return high <= limit ? 'within' : 'cannot-tell'
}

function figureOf(
  transport: TransportRecord,
  metric: Exclude<GatedMetric, 'failed' | 'rejected'>
): number | null {
  switch (metric) {
    case 'throughput':
      return transport.throughput
    case 'response.p50':
      return transport.response.p50
    case 'response.p95':
      return transport.response.p95
    case 'response.p99':
      return transport.response.p99
  }
}

/**
 * Two shares of all sends: the new one less what the limit allows of the old one, by Newcombe's interval for the
 * difference of two proportions (Newcombe 1998, method 10), which holds at 0 and at 1 too.
 */
function shareCheck(
  old: TransportRecord,
  fresh: TransportRecord,
  outcome: 'failed' | 'rejected',
  limit: number
): Omit<RegressionCheck, 'transport' | 'metric' | 'limit'> {
  const before = wilson(old.counts[outcome], old.counts.sent)
  const after = wilson(fresh.counts[outcome], fresh.counts.sent)
  if (before === null || after === null) {
    return { old: before?.share ?? null, new: after?.share ?? null, ...UNTOLD }
  }
  const allowed = 1 + limit
  const difference = after.share - allowed * before.share
  const low = difference - Math.hypot(after.share - after.low, allowed * (before.high - before.share))
  const high = difference + Math.hypot(after.high - after.share, allowed * (before.share - before.low))
  const verdict =
    low > 0 ? 'worse' : difference <= 0 || fresh.counts[outcome] === 0 ? 'within' : 'cannot-tell'
  return { old: before.share, new: after.share, worseLow: low, worseHigh: high, verdict }
}

function wilson(count: number, all: number): { share: number; low: number; high: number } | null {
  if (all === 0) return null
  const share = count / all
  const square = Z95 ** 2
  const centre = (share + square / (2 * all)) / (1 + square / all)
  const reach = (Z95 / (1 + square / all)) * Math.sqrt((share * (1 - share)) / all + square / (4 * all ** 2))
  return { share, low: Math.max(0, centre - reach), high: Math.min(1, centre + reach) }
}
