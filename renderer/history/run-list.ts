import type { RunSummary } from '../../shared/page/ipc.ts'
import { bytes, figure, listed, withUnit } from '../../shared/text/format.ts'

export const KIND_WORDS: Readonly<Record<RunSummary['kind'], string>> = {
  compare: 'compare',
  capacity: 'limit',
  distance: 'distance',
  size: 'size'
}

/** Points of a sparkline at most. */
const SPARK_RUNS = 16

/** Whether every word of a search stands somewhere in a run. */
export function matches(run: RunSummary, search: string): boolean {
  if (search.trim() === '') return true
  const text = [run.name, run.planName, run.verdict, run.note, run.id, KIND_WORDS[run.kind]]
    .concat(run.transports.map(({ name }) => name))
    .join(' ')
    .toLowerCase()
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

/** Under which conditions a run was measured, in a line. */
export function conditionWords({ conditions }: RunSummary): string {
  const { rttsMs, sizesBytes, load } = conditions
  const distance =
    rttsMs.length > 1
      ? `${listed(rttsMs.map(figure))} ms of RTT`
      : (rttsMs[0] ?? 0) > 0
        ? `RTT ${withUnit(figure(rttsMs[0] ?? 0), 'ms')} emulated`
        : ''
  return [distance, listed(sizesBytes.map(bytes)), load].filter((part) => part !== '').join('; ')
}

/** Best and worst median of a run's transports, ms; null where nothing was accepted. */
export function p50Range({ transports }: RunSummary): { best: number | null; worst: number | null } {
  const values = transports.flatMap(({ p50 }) => p50 ?? [])
  if (values.length === 0) return { best: null, worst: null }
  return { best: Math.min(...values), worst: Math.max(...values) }
}

/** For each run the best medians of the runs of its plan and kind up to it, oldest first. */
export function sparkValues(newestFirst: readonly RunSummary[]): Map<string, number[]> {
  const series = new Map<string, number[]>()
  const found = new Map<string, number[]>()
  for (const run of newestFirst.toReversed()) {
    const key = `${run.kind} ${run.planName}`
    const values = series.get(key) ?? []
    const value = run.kind === 'capacity' ? bestRate(run) : p50Range(run).best
    if (value !== null) values.push(value)
    if (values.length > SPARK_RUNS) values.shift()
    series.set(key, values)
    found.set(run.id, [...values])
  }
  return found
}

function bestRate({ transports }: RunSummary): number | null {
  return transports.length === 0 ? null : Math.max(...transports.map(({ throughput }) => throughput))
}

/** An SVG path through values, from the least at the foot to the greatest at the top. */
export function sparkPath(values: readonly number[], width: number, height: number): string {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const points = values.map((value, index) => {
    const x = values.length < 2 ? width : (index / (values.length - 1)) * width
    const y = most === least ? height / 2 : height - ((value - least) / (most - least)) * height
    return `${x.toFixed(1)} ${y.toFixed(1)}`
  })
  return points.length < 2 ? '' : `M${points.join('L')}`
}
