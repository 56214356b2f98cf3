import { findComparison } from '../../shared/comparison.ts'
import { figure, integer, percent } from '../../shared/format.ts'
import type { RunRecord, TransportRecord } from '../../shared/run-record.ts'
import { enoughSamples } from '../../shared/statistics.ts'
import { bold, paragraph, textTable } from './output.ts'

/** A run for reading in a terminal: verdict, comparison, errors, asserts. */
export function runText(record: RunRecord): string {
  const yardstick = record.transports.at(-1)
  const parts = [
    `${bold(record.name)}  (${record.state}, ${record.plan.rounds} rounds)`,
    comparisonTable(record, yardstick),
    decomposition(record),
    errors(record),
    paragraph(limits(record)),
    paragraph(notes(record)),
    asserts(record),
    bold(paragraph(record.verdict))
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function comparisonTable(record: RunRecord, yardstick: TransportRecord | undefined): string {
  const header = [
    'transport',
    'accepted',
    'of',
    'per second',
    'p50 ms',
    'p95 ms',
    'p99 ms',
    'turns',
    `p50 against ${yardstick?.name ?? ''}`
  ]
  const rows = record.transports.map((transport) => {
    const { counts, response } = transport
    return [
      transport.name,
      integer(counts.accepted),
      integer(counts.sent),
      figure(transport.throughput),
      cell(response.p50, counts.accepted, 50),
      cell(response.p95, counts.accepted, 95),
      cell(response.p99, counts.accepted, 99),
      transport.turns.perMessage === null ? '-' : figure(transport.turns.perMessage),
      against(record, transport, yardstick)
    ]
  })
  const thin = rows.some((row) => row.some((text) => text.endsWith('*')))
  return textTable(header, rows) + (thin ? '\n* fewer than 10 samples lie beyond it' : '')
}

function cell(value: number | null, samples: number, percentile: number): string {
  if (value === null) return '-'
  return `${figure(value)}${enoughSamples(samples, percentile) ? '' : '*'}`
}

function against(
  record: RunRecord,
  transport: TransportRecord,
  yardstick: TransportRecord | undefined
): string {
  if (yardstick === undefined || transport === yardstick) return 'the yardstick'
  const found = findComparison(record.comparison, transport.name, yardstick.name, 'response.p50')
  if (found === null) return '-'
  if (!found.enough) return 'too few messages'
  if (!found.differs) return 'no difference seen'
  return `${figure(found.ratio)} x (${figure(found.low)} to ${figure(found.high)})`
}

function decomposition(record: RunRecord): string {
  const rows = record.transports
    .filter(({ chatterMs }) => chatterMs !== null)
    .map((transport) => {
      const serviceMs = transport.service.mean ?? 0
      return [
        transport.name,
        figure(serviceMs),
        figure(transport.turns.perMessage ?? 0),
        figure(transport.rttMs ?? 0),
        `${figure(transport.chatterMs ?? 0)} (${percent((transport.chatterMs ?? 0) / serviceMs)})`,
        figure(transport.serverMs ?? 0),
        figure(transport.clientMs ?? 0),
        figure(transport.residualMs ?? 0)
      ]
    })
  if (rows.length === 0) return ''
  return textTable(
    [
      'what a message waits for, mean ms',
      'service',
      'turns',
      'x RTT',
      '= chatter',
      'server',
      'client',
      'residual'
    ],
    rows
  )
}

function errors(record: RunRecord): string {
  const rows = record.transports.flatMap(({ name, errors: found }) =>
    found.map((error) => [
      name,
      `${error.class} ${error.code} in ${error.phase}`,
      integer(error.count),
      error.sample.slice(0, 80)
    ])
  )
  return rows.length === 0 ? '' : textTable(['errors', 'what', 'count', 'sample'], rows, ['what', 'sample'])
}

function limits(record: RunRecord): string {
  return record.transports
    .flatMap(({ name, limitReason }) => (limitReason === null ? [] : [`${name}: ${limitReason}`]))
    .join('\n')
}

/** What a reader must know to judge the figures: each sentence once, with the transports it is about. */
function notes(record: RunRecord): string {
  const about = new Map<string, string[]>()
  for (const { name, notes: found } of record.transports)
    for (const note of found) about.set(note, [...(about.get(note) ?? []), name])
  return [...about]
    .map(([note, names]) =>
      names.length === record.transports.length ? note : `${names.join(', ')}: ${note}`
    )
    .join('\n')
}

function asserts(record: RunRecord): string {
  return record.asserts
    .map(
      ({ text, pass, value }) =>
        `${pass ? 'pass' : 'FAIL'}  ${text}  (${value === null ? 'not measured' : figure(value)})`
    )
    .join('\n')
}
