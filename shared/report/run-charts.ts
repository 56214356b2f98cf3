import { duration } from '../text/format.ts'
import { decodeHistogram } from '../record/histogram.ts'
import { ninesPosition, percentilePoints } from '../insight/percentile-points.ts'
import type { RunRecord, TimelineRow, TransportRecord } from '../record/run-record.ts'
import { ratePerSecond } from '../insight/timeline-rate.ts'
import { lineChartSvg, type ChartSeries } from './line-chart.ts'

/** Points of a time line at most; more seconds than that are drawn as means. */
const MOST_POINTS = 400
const PERCENTILES = [50, 90, 99, 99.9, 99.99, 99.999]

/** Response times over percentiles by nines. Each line ends where fewer than 10 samples lie beyond. */
export function percentileChart({ transports }: RunRecord): string {
  const nines = transports.map(({ counts }) => Math.log10(counts.accepted / 10))
  const maxX = Math.max(1, ...nines.filter(Number.isFinite))
  return lineChartSvg({
    title: 'Response time over percentiles, by transport',
    series: transports.flatMap((transport, index): ChartSeries[] => {
      const end = nines[index] ?? 0
      if (!(end > 0)) return []
      const points = percentilePoints(decodeHistogram(transport.histogram), end)
      return [{ index, runs: [points.map(({ fraction, ms }) => ({ x: ninesPosition(fraction), y: ms }))] }]
    }),
    xTicks: PERCENTILES.map((percent) => ({ x: ninesPosition(percent / 100), text: `p${percent}` })).filter(
      ({ x }) => x <= maxX
    ),
    maxX,
    yUnit: 'ms'
  })
}

/** Accepted messages per second over the time of the run. */
export function throughputChart(record: RunRecord): string {
  return timeChart(record, 'Accepted messages per second over time', '', ratePerSecond)
}

/** p50 of the response time over the time of the run. */
export function latencyChart(record: RunRecord): string {
  return timeChart(record, 'Response time p50 over time', 'ms', ({ p50 }) => p50)
}

function timeChart(
  { transports }: RunRecord,
  title: string,
  yUnit: string,
  value: (row: TimelineRow) => number | null
): string {
  const seconds = transports.flatMap(({ timeline }) => timeline.map(({ second }) => second + 1))
  const maxX = seconds.reduce((a, b) => Math.max(a, b), 1)
  const stepSeconds = Math.ceil(maxX / MOST_POINTS)
  return lineChartSvg({
    title,
    series: transports.map((transport, index) => ({ index, runs: runsOf(transport, stepSeconds, value) })),
    xTicks: [0, 0.25, 0.5, 0.75, 1].map((share) => ({ x: share * maxX, text: duration(share * maxX) })),
    maxX,
    yUnit: yUnit === '' ? 'messages per second' : yUnit
  })
}

/** Means over steps of time; a step without a row of the transport ends a run of points. */
function runsOf(
  { timeline }: TransportRecord,
  stepSeconds: number,
  value: (row: TimelineRow) => number | null
): ChartSeries['runs'] {
  const steps = new Map<number, number[]>()
  for (const row of timeline) {
    const found = value(row)
    if (found === null) continue
    const step = Math.floor(row.second / stepSeconds)
    steps.set(step, [...(steps.get(step) ?? []), found])
  }
  const runs: ChartSeries['runs'] = []
  let last = -Infinity
  for (const [step, values] of [...steps].sort(([a], [b]) => a - b)) {
    const point = {
      x: (step + 0.5) * stepSeconds,
      y: values.reduce((sum, each) => sum + each, 0) / values.length
    }
    if (step === last + 1) runs.at(-1)?.push(point)
    else runs.push([point])
    last = step
  }
  return runs
}
