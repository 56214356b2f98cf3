import { findComparison } from '../insight/comparison.ts'
import { findingOf, findingText } from '../insight/finding.ts'
import { escapeMarkup } from '../text/escape.ts'
import { figure, figureOrDash, integer, milliseconds, percent } from '../text/format.ts'
import { errorSentence, exampleTitle } from '../insight/error-sentence.ts'
import type { DeliveryRecord } from '../record/delivery-record.ts'
import type { ExplainEvent } from '../record/explain-record.ts'
import type { Comparison, FailureExample, RunRecord, TransportRecord } from '../record/run-record.ts'
import { comparisonSchema } from '../record/run-record.ts'
import { enoughSamples } from '../insight/statistics.ts'
import { tailTable, type TailRow } from '../insight/tail-table.ts'
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

const nameColumn: Column<Pick<Indexed, 'name' | 'index'>> = {
  head: 'transport',
  text: 'text',
  cell: ({ name, index }) => swatchSvg(index) + escapeMarkup(name)
}

function indexed({ transports }: RunRecord): Indexed[] {
  return transports.map((transport, index) => ({ ...transport, index }))
}

/** The figures of every transport side by side. */
export function figuresTable(record: RunRecord, yardstick: string | null): string {
  const percentile =
    (key: 'p50' | 'p95' | 'p99' | 'p999', at: number) =>
    ({ response, counts }: Indexed): string =>
      percentileCell(response[key], counts.accepted, at)
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
    { head: 'turns', cell: ({ turns }) => figureOrDash(turns.perMessage) },
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

function percentileCell(value: number | null, samples: number, at: number): string {
  if (value === null) return '–'
  return enoughSamples(samples, at)
    ? figure(value)
    : `<span class="sub" title="fewer than 10 samples lie beyond it">(${figure(value)})</span>`
}

function ratioCell(found: Comparison | null): string {
  const finding = findingOf(found)
  if (found === null || !['different', 'level', 'unclear'].includes(finding)) {
    return `<span class="sub">${findingText(finding)}</span>`
  }
  const interval = `<span class="sub">${figure(found.low)} to ${figure(found.high)}</span>`
  return `${finding === 'different' ? `${figure(found.ratio)} ×` : findingText(finding)} ${interval}`
}

/** Every comparison with the yardstick: ratios and differences with their intervals. */
export function comparisonTable(record: RunRecord, yardstick: string | null): string {
  const rows = indexed(record).flatMap((transport) =>
    comparisonSchema.shape.metric.options.flatMap((metric) => {
      if (yardstick === null || transport.name === yardstick) return []
      const found = findComparison(record.comparison, transport.name, yardstick, metric)
      return found === null ? [] : [{ ...transport, found }]
    })
  )
  if (rows.length === 0) return '<p class="sub">There are too few rounds or transports to compare.</p>'
  const unit = ({ metric }: Comparison): string => (metric === 'throughput' ? 'per second' : 'ms')
  return table<(typeof rows)[number]>(rows, [
    nameColumn,
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
    { head: 'service mean ms', cell: ({ service }) => figureOrDash(service.mean) },
    { head: 'turns', cell: ({ turns }) => figureOrDash(turns.perMessage) },
    { head: 'cold', cell: ({ turns }) => figureOrDash(turns.cold) },
    { head: 'warm', cell: ({ turns }) => figureOrDash(turns.warm) },
    { head: 'RTT ms', cell: ({ rttMs }) => figureOrDash(rttMs) },
    ...(record.transports.some(({ loadedRtt }) => loadedRtt !== null)
      ? [
          {
            head: 'RTT under load ms',
            cell: ({ loadedRtt }: TransportRecord) => figureOrDash(loadedRtt?.medianMs ?? null)
          }
        ]
      : []),
    { head: 'lookup ms', cell: ({ lookupMs }) => figureOrDash(lookupMs) },
    { head: 'chatter ms', cell: ({ chatterMs }) => figureOrDash(chatterMs) },
    { head: 'transfer ms', cell: ({ transferMs }) => figureOrDash(transferMs) },
    { head: 'server ms', cell: ({ serverMs }) => figureOrDash(serverMs) },
    { head: 'client ms', cell: ({ clientMs }) => figureOrDash(clientMs) },
    { head: 'residual ms', cell: ({ residualMs }) => figureOrDash(residualMs) }
  ])
}

/** How many of each transport's slowest messages had what; null where no tail says anything. */
export function slowestTable({ transports }: RunRecord): string | null {
  const found = tailTable(transports)
  if (found === null) return null
  return table<TailRow>(found.rows, [
    nameColumn,
    { head: 'of the slowest messages', cell: ({ slowest }) => integer(slowest) },
    ...found.causes.map((head, at) => ({
      head,
      cell: ({ counts }: TailRow) => integer(counts[at] ?? 0)
    }))
  ])
}

/** Every phase of every transport. */
export function phasesTable(record: RunRecord): string {
  const rows = indexed(record).flatMap((transport) =>
    transport.phases.map((phase) => ({ ...transport, phase }))
  )
  return table<(typeof rows)[number]>(rows, [
    nameColumn,
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
    nameColumn,
    { head: 'outcome', text: 'text', cell: ({ error }) => escapeMarkup(error.class) },
    { head: 'code', text: 'text', cell: ({ error }) => escapeMarkup(error.code) },
    { head: 'phase', text: 'text', cell: ({ error }) => escapeMarkup(error.phase) },
    { head: 'count', cell: ({ error }) => integer(error.count) },
    { head: 'sample', text: 'text wrap', cell: ({ error }) => escapeMarkup(error.sample) }
  ])
}

/** When each kind of error came, and the conversations of the first few; null when there was none. */
export function errorDetails({ transports }: RunRecord): string | null {
  const parts = transports.flatMap(({ name, errors }, index) =>
    errors.flatMap((error) => {
      const when = errorSentence(error)
      if (when === '') return []
      const title = `${name}: ${error.class} ${error.code} in ${error.phase}, ${integer(error.count)}`
      const examples = (error.examples ?? []).map(
        (example) => `<h4>${escapeMarkup(exampleTitle(example))}</h4><pre>${transcript(example)}</pre>`
      )
      return [
        `<details><summary>${swatchSvg(index)}${escapeMarkup(title)}</summary><p>${escapeMarkup(when)}</p>${examples.join('')}</details>`
      ]
    })
  )
  return parts.length === 0 ? null : parts.join('\n')
}

const SIGNS: Record<ExplainEvent['kind'], string> = {
  sent: '→',
  heard: '←',
  turn: ' ',
  tls: '⇄',
  connected: '⇄',
  closed: '×'
}

function transcript({ events }: FailureExample): string {
  return events
    .map(({ kind, atMs, text, turn, waitedMs }) => {
      const said = kind === 'turn' ? `turn ${turn ?? ''}, ${text}: ${milliseconds(waitedMs ?? 0)}` : text
      return escapeMarkup(`${figure(atMs).padStart(8)} ${SIGNS[kind]} ${said}`)
    })
    .join('\n')
}

/** What became of accepted messages, from click to inbox; null where the plan asked for none. */
export function deliveriesTable(record: RunRecord): string | null {
  const rows = delivered(record)
  if (rows.length === 0) return null
  return table(rows, [
    nameColumn,
    { head: 'arrived', cell: ({ delivery }) => integer(delivery.arrived) },
    { head: 'lost', cell: ({ delivery }) => integer(delivery.lost) },
    { head: 'pending', cell: ({ delivery }) => integer(delivery.pending) },
    { head: 'twice', cell: ({ delivery }) => integer(delivery.duplicates) },
    { head: 'junk', cell: ({ delivery }) => integer(delivery.junk) },
    { head: 'response ms', cell: ({ delivery }) => figureOrDash(delivery.responseMs) },
    { head: '+ delivery', cell: ({ delivery }) => figureOrDash(delivery.mean) },
    { head: '= inbox mean', cell: ({ delivery }) => figureOrDash(delivery.inbox.mean) },
    { head: 'delivery p50', cell: arrivals(({ p50 }) => p50, 50) },
    { head: 'inbox p50', cell: arrivals(({ inbox }) => inbox.p50, 50) },
    { head: 'inbox p95', cell: arrivals(({ inbox }) => inbox.p95, 95) },
    { head: 'inbox p99', cell: arrivals(({ inbox }) => inbox.p99, 99) }
  ])
}

/** The way that arrived messages say they took; null where none told. */
export function hopsTable(record: RunRecord): string | null {
  const rows = delivered(record).flatMap((row) => row.delivery.hops.map((hop) => ({ ...row, hop })))
  if (rows.length === 0) return null
  return table<(typeof rows)[number]>(rows, [
    nameColumn,
    { head: 'hop', text: 'text wrap', cell: ({ hop }) => escapeMarkup(`${hop.hop}. ${hop.name}`) },
    { head: 'messages', cell: ({ hop }) => integer(hop.count) },
    { head: 'after the one before, p50 ms', cell: ({ hop }) => figureOrDash(hop.p50) },
    { head: 'at most', cell: ({ hop }) => figure(hop.max) }
  ])
}

type Delivered = Indexed & { delivery: DeliveryRecord }

function delivered(record: RunRecord): Delivered[] {
  return indexed(record).flatMap((row) => {
    const { delivery } = row
    return delivery === undefined ? [] : [{ ...row, delivery }]
  })
}

function arrivals(value: (delivery: DeliveryRecord) => number | null, at: number) {
  return ({ delivery }: Delivered): string => percentileCell(value(delivery), delivery.arrived, at)
}

/** The plan's assertions and whether they held; null when it has none. */
export function assertsTable({ asserts }: RunRecord): string | null {
  if (asserts.length === 0) return null
  return table(asserts, [
    { head: 'assertion', text: 'text', cell: ({ text }) => escapeMarkup(text) },
    { head: 'measured', cell: ({ value }) => figureOrDash(value) },
    {
      head: 'result',
      text: 'text',
      cell: ({ pass }) =>
        pass ? '<span class="good">holds</span>' : '<span class="bad">does not hold</span>'
    }
  ])
}
