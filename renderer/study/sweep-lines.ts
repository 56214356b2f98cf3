import type { RunKind } from '../../shared/plan/study.ts'
import { fittedMs } from '../../shared/insight/sweep-words.ts'
import type { SweepPoint, SweepTransport } from '../../shared/record/sweep-record.ts'
import type { ChartLine } from '../charts/chart-line.ts'

/** Over what a sweep goes: distance in ms of round trip, or size in bytes. */
export type SweepKind = Extract<RunKind, 'distance' | 'size'>

export function valueOf(kind: SweepKind, point: SweepPoint): number {
  return kind === 'distance' ? point.rttMs : (point.sizeBytes ?? 0)
}

/** The service time that a point shows, ms: over distance the one that was fitted, so that the line goes through it. */
export function shownMs(kind: SweepKind, transport: SweepTransport, point: SweepPoint): number | null {
  return kind === 'distance' ? fittedMs(transport, point) : point.serviceP50
}

/** Marks for the points of each transport, and where a line was fitted the line beside them. */
export function sweepLines(kind: SweepKind, transports: readonly SweepTransport[]): ChartLine[] {
  return transports.flatMap((transport, index): ChartLine[] => {
    const { name, points, turnsFitted, interceptMs, baseRttMs } = transport
    const measured = points
      .flatMap((point) => {
        const ms = shownMs(kind, transport, point)
        return ms === null ? [] : [{ x: valueOf(kind, point), y: ms }]
      })
      .toSorted((a, b) => a.x - b.x)
    if (kind === 'size') return [{ name, index, points: measured }]
    const marks: ChartLine = { name, index, points: measured, drawn: 'points' }
    if (turnsFitted === null || interceptMs === null) return [marks]
    const far = Math.max(...measured.map(({ x }) => x))
    // The line was fitted over the whole distance, of which the axis has what was added to the peer's own.
    const ends = [0, far].map((x) => ({ x, y: interceptMs + turnsFitted * (x + (baseRttMs ?? 0)) }))
    return [marks, { name, index, points: ends, drawn: 'line' }]
  })
}
