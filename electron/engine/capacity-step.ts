import type { CapacityStep } from '../../shared/capacity-record.ts'
import { judgeStep } from '../../shared/capacity-search.ts'
import type { Objective } from '../../shared/objective.ts'
import type { TimelineRow, TransportRecord } from '../../shared/run-record.ts'
import { median } from '../../shared/statistics.ts'
import { SATURATED_UTILIZATION } from './limits.ts'

/** From this ratio of response to service time on, waiting on this side of the wire matters. */
const LATE_MATTERS = 1.1

/**
 * Judges what a step of a capacity search measured. This machine counts as the limit only where the step failed:
 * what kept every objective was not held back by anything. Nor is it where sends were late by next to nothing beside
 * the time that the peer took for them.
 */
export function judgeMeasured(
  rate: number,
  seconds: number,
  measured: TransportRecord,
  objectives: readonly Objective[]
): CapacityStep {
  const { counts, response, service, throttled } = measured
  const result = {
    rate,
    seconds,
    counts,
    response,
    service,
    throttled,
    throughput: sustained(rate, measured)
  }
  const judged = judgeStep({ ...result, generatorLimited: false }, objectives)
  return judged.pass ? judged : { ...judged, generatorLimited: isMachineToBlame(measured) }
}

function isMachineToBlame(measured: TransportRecord): boolean {
  const { generatorLimited, eventLoopUtilization, response, service } = measured
  if (!generatorLimited) return false
  const isPeerSlow = (response.p50 ?? 0) < (service.p50 ?? 0) * LATE_MATTERS
  return eventLoopUtilization >= SATURATED_UTILIZATION || !isPeerSlow
}

/**
 * Accepted sends per second that the peer kept up with. Counting until the last answer would charge a short step
 * with its last send's latency, so the backlog is read from the latency itself: where it grows by a tenth of a
 * second each second, the peer takes a second for what came due in 0.9.
 */
function sustained(rate: number, { counts, timeline }: TransportRecord): number {
  if (counts.sent === 0) return 0
  return ((rate * counts.accepted) / counts.sent) * Math.max(0, 1 - latencyGrowth(timeline))
}

/** Seconds by which the median response time grew per second: the median of all slopes between seconds; 0 when it fell. */
export function latencyGrowth(timeline: readonly Pick<TimelineRow, 'second' | 'accepted' | 'p50'>[]): number {
  const most = Math.max(0, ...timeline.map(({ accepted }) => accepted))
  const rows = timeline.flatMap(({ second, accepted, p50 }) =>
    p50 === null || accepted < most / 2 ? [] : [{ second, p50 }]
  )
  const slopes = rows.flatMap((from, index) =>
    rows.slice(index + 1).map((to) => (to.p50 - from.p50) / 1000 / (to.second - from.second))
  )
  return slopes.length === 0 ? 0 : Math.max(0, median(slopes))
}
