import { figure } from '../../shared/format.ts'
import type { RunRecord } from '../../shared/run-record.ts'
import type { SweepRecord } from '../../shared/sweep.ts'
import { bold, paragraph, textTable } from './output.ts'

/** A sweep for reading in a terminal. */
export function sweepText(name: string, { transports }: SweepRecord): string {
  const rttsMs = transports[0]?.points.map(({ rttMs }) => rttMs) ?? []
  const header = [
    'transport',
    'turns counted',
    'fitted',
    'difference',
    'intercept ms',
    'R²',
    ...rttsMs.map((rttMs) => `p50 at ${rttMs} ms`)
  ]
  const rows = transports.map((transport) => [
    transport.name,
    cell(transport.turnsCounted, figure),
    cell(transport.turnsFitted, (turns) => turns.toFixed(2)),
    cell(transport.differencePercent, (percent) => `${percent > 0 ? '+' : ''}${percent.toFixed(1)} %`),
    cell(transport.interceptMs, figure),
    cell(transport.r2, (r2) => r2.toFixed(5)),
    ...transport.points.map(({ serviceP50 }) => cell(serviceP50, figure))
  ])
  return [
    bold(`${name}: service time over round-trip time`),
    textTable(header, rows),
    paragraph(
      'The slope of the line through the points is the turns that were measured, its height at 0 ms server plus client time.'
    )
  ].join('\n\n')
}

/** A line for each transport and RTT at which not everything was accepted, with its most frequent error. */
export function troubles(runs: readonly RunRecord[]): string[] {
  return runs.flatMap(({ plan, transports }) =>
    transports
      .filter(({ counts }) => counts.accepted < counts.sent)
      .map(({ name, counts, errors }) => {
        const [error] = errors
        const why = error === undefined ? '' : `, most often ${error.class} ${error.code}: ${error.sample}`
        return `${name} at ${plan.emulate.rttMs} ms: ${counts.accepted} of ${counts.sent} were accepted${why}`
      })
  )
}

function cell(value: number | null, text: (value: number) => string): string {
  return value === null ? '-' : text(value)
}
