import { findComparison } from '../comparison.ts'
import { escapeMarkup } from '../escape.ts'
import { figure, integer, percent } from '../format.ts'
import type { Comparison, RunRecord, TransportRecord } from '../run-record.ts'
import { enoughSamples } from '../statistics.ts'
import { swatchSvg } from './line-chart.ts'

/** A column: its heading and how a cell reads. Cells are markup, made from escaped text only. */
interface Column<T> {
  head: string
  cell: (row: T) => string
  text?: 'text' | 'text wrap'
}

function table<T>(rows: readonly T[], columns: readonly Column<T>[]): string {
  const name = ({ text }: Column<T>): string => (text === undefined ? '' : ` class="${text}"`)
  const head = columns.map((column) => `<th${name(column)} scope="col">${escapeMarkup(column.head)}</th>`)
  const body = rows.map(
    (row) => `<tr>${columns.map((column) => `<td${name(column)}>${column.cell(row)}</td>`).join('')}</tr>`
  )
  return `<div class="scroll"><table><thead><tr>${head.join('')}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`
}

type Indexed = TransportRecord & { index: number }

const number = (value: number | null): string => (value === null ? '–' : figure(value))
const nameColumn: Column<Indexed> = {
  head: 'transport',
  text: 'text',
  cell: ({ name, index }) => swatchSvg(index) + escapeMarkup(name)
}

function indexed({ transports }: RunRecord): Indexed[] {
  return transports.map((transport, index) => ({ ...transport, index }))
}

/** Name of the transport that the others are compared with: the fastest at the median; null when nothing was accepted. */
export function yardstickOf({ transports }: RunRecord): string | null {
  const measured = transports.flatMap(({ name, response: { p50 } }) => (p50 === null ? [] : [{ name, p50 }]))
  return measured.sort((a, b) => a.p50 - b.p50)[0]?.name ?? null
}

/** The figures of every transport side by side. */
export function figuresTable(record: RunRecord): string {
  const yardstick = yardstickOf(record)
  const percentile =
    (key: 'p50' | 'p95' | 'p99' | 'p999', at: number) =>
    ({ response, counts }: Indexed): string => {
      const value = response[key]
      if (value === null) return '–'
      return enoughSamples(counts.accepted, at)
        ? figure(value)
        : `<span class="sub" title="fewer than 10 samples lie beyond it">(${figure(value)})</span>`
    }
  return table(indexed(record), [
    nameColumn,
    {
      head: 'accepted',
      cell: ({ counts }) => `${integer(counts.accepted)} <span class="sub">of ${integer(counts.sent)}</span>`
    },
    { head: 'per second', cell: ({ throughput }) => figure(throughput) },
    { head: 'p50 ms', cell: percentile('p50', 50) },
    { head: 'p95 ms', cell: percentile('p95', 95) },
    { head: 'p99 ms', cell: percentile('p99', 99) },
    { head: 'p99.9 ms', cell: percentile('p999', 99.9) },
    { head: 'turns', cell: ({ turns }) => number(turns.perMessage) },
    {
      head: 'chatter',
      cell: ({ chatterMs, service }) =>
        chatterMs === null || service.mean === null ? '–' : percent(chatterMs / service.mean)
    },
    {
      head: `p50 against ${yardstick ?? 'the fastest'}`,
      cell: ({ name }) => {
        if (yardstick === null || name === yardstick) return '<span class="sub">the yardstick</span>'
        return ratioCell(findComparison(record.comparison, name, yardstick, 'response.p50'))
      }
    }
  ])
}

function ratioCell(found: Comparison | null): string {
  if (found === null) return '<span class="sub">too few rounds</span>'
  if (!found.enough) return '<span class="sub">too few messages</span>'
  const interval = `<span class="sub">${figure(found.low)} to ${figure(found.high)}</span>`
  return found.differs ? `${figure(found.ratio)} × ${interval}` : `no difference seen ${interval}`
}

/** Every comparison with the yardstick: ratios and differences with their intervals. */
export function comparisonTable(record: RunRecord): string {
  const yardstick = yardstickOf(record)
  const rows = indexed(record).flatMap((transport) =>
    (['response.p50', 'response.p95', 'response.p99', 'throughput'] as const).flatMap((metric) => {
      if (yardstick === null || transport.name === yardstick) return []
      const found = findComparison(record.comparison, transport.name, yardstick, metric)
      return found === null ? [] : [{ ...transport, found }]
    })
  )
  if (rows.length === 0) return '<p class="sub">There are too few rounds or transports to compare.</p>'
  const unit = ({ metric }: Comparison): string => (metric === 'throughput' ? 'per second' : 'ms')
  return table<(typeof rows)[number]>(rows, [
    { ...nameColumn, cell: (row) => nameColumn.cell(row) },
    { head: 'metric', text: 'text', cell: ({ found }) => escapeMarkup(found.metric) },
    { head: `ratio to ${yardstick ?? ''}`, cell: ({ found }) => ratioCell(found) },
    {
      head: 'difference',
      cell: ({ found }) =>
        `${figure(found.difference)} <span class="sub">${figure(found.differenceLow)} to ${figure(found.differenceHigh)} ${unit(found)}</span>`
    },
    { head: 'samples', cell: ({ found }) => integer(found.samples) }
  ])
}

/** What the time of a mean message is made of. */
export function decompositionTable(record: RunRecord): string {
  return table(indexed(record), [
    nameColumn,
    { head: 'service mean ms', cell: ({ service }) => number(service.mean) },
    { head: 'turns', cell: ({ turns }) => number(turns.perMessage) },
    { head: 'cold', cell: ({ turns }) => number(turns.cold) },
    { head: 'warm', cell: ({ turns }) => number(turns.warm) },
    { head: 'RTT ms', cell: ({ rttMs }) => number(rttMs) },
    { head: 'chatter ms', cell: ({ chatterMs }) => number(chatterMs) },
    { head: 'server ms', cell: ({ serverMs }) => number(serverMs) },
    { head: 'client ms', cell: ({ clientMs }) => number(clientMs) },
    { head: 'residual ms', cell: ({ residualMs }) => number(residualMs) }
  ])
}

/** Every phase of every transport. */
export function phasesTable(record: RunRecord): string {
  const rows = indexed(record).flatMap((transport) =>
    transport.phases.map((phase) => ({ ...transport, phase }))
  )
  return table<(typeof rows)[number]>(rows, [
    { ...nameColumn, cell: (row) => nameColumn.cell(row) },
    { head: 'phase', text: 'text', cell: ({ phase }) => escapeMarkup(phase.name) },
    { head: 'count', cell: ({ phase }) => integer(phase.count) },
    { head: 'turns', cell: ({ phase }) => figure(phase.turns) },
    { head: 'mean ms', cell: ({ phase }) => figure(phase.meanMs) },
    { head: 'p50 ms', cell: ({ phase }) => figure(phase.p50) },
    { head: 'p99 ms', cell: ({ phase }) => figure(phase.p99) }
  ])
}

/** Every kind of error with one sample of what the peer said; null when there was none. */
export function errorsTable(record: RunRecord): string | null {
  const rows = indexed(record).flatMap((transport) =>
    transport.errors.map((error) => ({ ...transport, error }))
  )
  if (rows.length === 0) return null
  return table<(typeof rows)[number]>(rows, [
    { ...nameColumn, cell: (row) => nameColumn.cell(row) },
    { head: 'outcome', text: 'text', cell: ({ error }) => escapeMarkup(error.class) },
    { head: 'code', text: 'text', cell: ({ error }) => escapeMarkup(error.code) },
    { head: 'phase', text: 'text', cell: ({ error }) => escapeMarkup(error.phase) },
    { head: 'count', cell: ({ error }) => integer(error.count) },
    { head: 'sample', text: 'text wrap', cell: ({ error }) => escapeMarkup(error.sample) }
  ])
}

/** The plan's assertions and whether they held; null when it has none. */
export function assertsTable({ asserts }: RunRecord): string | null {
  if (asserts.length === 0) return null
  return table(asserts, [
    { head: 'assertion', text: 'text', cell: ({ text }) => escapeMarkup(text) },
    { head: 'measured', cell: ({ value }) => number(value) },
    {
      head: 'result',
      text: 'text',
      cell: ({ pass }) =>
        pass ? '<span class="good">holds</span>' : '<span class="bad">does not hold</span>'
    }
  ])
}
