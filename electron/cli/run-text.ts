import { yardstickOf } from '../../shared/insight/yardstick.ts'
import { HOP_CLOCKS } from '../../shared/insight/delivery-sentence.ts'
import { tailSentence } from '../../shared/insight/tail-sentence.ts'
import { tailTable } from '../../shared/insight/tail-table.ts'
import { findComparison } from '../../shared/insight/comparison.ts'
import { findingOf, findingText } from '../../shared/insight/finding.ts'
import { valueWords } from '../../shared/insight/assertion.ts'
import { counted, figure, integer, percent } from '../../shared/text/format.ts'
import type { RunRecord, TransportRecord } from '../../shared/record/run-record.ts'
import { enoughSamples } from '../../shared/insight/statistics.ts'
import { bold, paragraph, textTable } from './output.ts'

/** A run for reading in a terminal: verdict, comparison, errors, asserts. */
export function runText(record: RunRecord, wanted: string | null = null): string {
  const yardstick = yardstickOf(record, wanted)
  const parts = [
    `${bold(record.name)}  (${record.state}, ${counted(record.plan.rounds, 'round')})`,
    comparisonTable(record, yardstick),
    decomposition(record),
    deliveries(record),
    errors(record),
    slowest(record),
    paragraph(tails(record)),
    paragraph(limits(record)),
    paragraph(notes(record)),
    asserts(record),
    bold(paragraph(record.verdict))
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function comparisonTable(record: RunRecord, yardstick: string | null): string {
  const header = [
    'transport',
    'accepted',
    'of',
    'per second',
    'p50 ms',
    'p95 ms',
    'p99 ms',
    'turns',
    ...(yardstick === null ? [] : [`p50 against ${yardstick}`])
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
      ...(yardstick === null ? [] : [against(record, transport, yardstick)])
    ]
  })
  const thin = rows.some((row) => row.some((text) => text.endsWith('*')))
  return textTable(header, rows) + (thin ? '\n* fewer than 10 samples lie beyond it' : '')
}

function cell(value: number | null, samples: number, percentile: number): string {
  if (value === null) return '-'
  return `${figure(value)}${enoughSamples(samples, percentile) ? '' : '*'}`
}

function against(record: RunRecord, transport: TransportRecord, yardstick: string): string {
  if (transport.name === yardstick) return 'the yardstick'
  const found = findComparison(record.comparison, transport.name, yardstick, 'response.p50')
  const finding = findingOf(found)
  if (found === null || finding !== 'different') return findingText(finding)
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
        figure(transport.lookupMs ?? 0),
        figure(transport.turns.perMessage ?? 0),
        rttText(transport),
        `${figure(transport.chatterMs ?? 0)} (${percent((transport.chatterMs ?? 0) / serviceMs)})`,
        figure(transport.transferMs ?? 0),
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
      'lookup',
      'turns',
      'x RTT',
      '= chatter',
      'transfer',
      'server',
      'client',
      'residual'
    ],
    rows
  )
}

/** The round trip that chatter is counted with, and that under an open load beside it. */
function rttText({ rttMs, loadedRtt }: TransportRecord): string {
  const loaded = loadedRtt === null ? '' : ` (${figure(loadedRtt.medianMs)} under load)`
  return `${figure(rttMs ?? 0)}${loaded}`
}

/** From click to inbox: what became of accepted messages, and how long it took. */
function deliveries(record: RunRecord): string {
  const rows = record.transports.flatMap(({ name, delivery }) => {
    if (delivery === undefined) return []
    const { arrived, lost, pending, duplicates, junk, inbox } = delivery
    const time = (value: number | null, percentile: number): string => cell(value, arrived, percentile)
    return [
      [
        ...[name, integer(arrived), integer(lost), integer(pending), integer(duplicates), integer(junk)],
        ...[figure(delivery.responseMs ?? 0), figure(delivery.mean ?? 0), figure(inbox.mean ?? 0)],
        ...[time(delivery.p50, 50), time(inbox.p50, 50), time(inbox.p95, 95), time(inbox.p99, 99)]
      ]
    ]
  })
  if (rows.length === 0) return ''
  const hops = record.transports.flatMap(({ name, delivery }) =>
    (delivery?.hops ?? []).map((hop) => [
      ...[
        name,
        `${hop.hop}. ${hop.name}`,
        integer(hop.count),
        hop.p50 === null ? '-' : figure(hop.p50),
        figure(hop.max)
      ]
    ])
  )
  const header = [
    ...['from click to inbox, ms', 'arrived', 'lost', 'pending', 'twice', 'junk', 'response'],
    ...['+ delivery', '= inbox mean', 'delivery p50', 'inbox p50', 'inbox p95', 'inbox p99']
  ]
  return [
    textTable(header, rows),
    ...(hops.length === 0
      ? []
      : [
          textTable(
            ['the way by its own word, ms', 'hop', 'messages', 'after the one before, p50', 'at most'],
            hops,
            ['hop']
          ),
          HOP_CLOCKS
        ])
  ].join('\n\n')
}

function errors(record: RunRecord): string {
  const rows = record.transports.flatMap(({ name, errors: found }) =>
    found.map((error) => [
      name,
      `${error.class} ${error.code} in ${error.phase}`,
      integer(error.count),
      shortened(error.sample)
    ])
  )
  return rows.length === 0 ? '' : textTable(['errors', 'what', 'count', 'sample'], rows, ['what', 'sample'])
}

/** Characters of a peer's words in a table; the record has all that was kept. */
const SAMPLE_CHARACTERS = 120

function shortened(text: string): string {
  return text.length <= SAMPLE_CHARACTERS ? text : `${text.slice(0, SAMPLE_CHARACTERS - 1)}…`
}

/** How many of each transport's slowest messages had what. */
function slowest({ transports }: RunRecord): string {
  const found = tailTable(transports)
  if (found === null) return ''
  const rows = found.rows.map((row) => [row.name, ...[row.slowest, ...row.counts].map(integer)])
  return textTable(['of the slowest messages', 'all', ...found.causes], rows)
}

/** What the slowest messages have in common, a sentence for each transport. */
function tails(record: RunRecord): string {
  return record.transports
    .map(({ name, tail }) => tailSentence(name, tail))
    .filter((sentence) => sentence !== '')
    .join('\n')
}

function limits({ transports }: RunRecord): string {
  return eachOnce(
    transports.map(({ name, limitReason }) => ({ name, told: limitReason === null ? [] : [limitReason] }))
  )
}

/** What a reader must know to judge the figures. */
function notes({ transports }: RunRecord): string {
  return eachOnce(transports.map(({ name, notes: told }) => ({ name, told })))
}

/** Each sentence once, with the transports it is about. */
function eachOnce(transports: readonly { name: string; told: readonly string[] }[]): string {
  const about = new Map<string, string[]>()
  for (const { name, told } of transports)
    for (const sentence of told) about.set(sentence, [...(about.get(sentence) ?? []), name])
  return [...about]
    .map(([sentence, names]) =>
      names.length === transports.length ? sentence : `${names.join(', ')}: ${sentence}`
    )
    .join('\n')
}

function asserts(record: RunRecord): string {
  return record.asserts
    .map(({ text, pass, value }) => `${pass ? 'pass' : 'FAIL'}  ${text}  (${valueWords(value)})`)
    .join('\n')
}
