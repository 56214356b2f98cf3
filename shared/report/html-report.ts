import { yardstickOf } from '../insight/yardstick.ts'
import { escapeMarkup } from '../text/escape.ts'
import { bytes, counted, integer, listed, milliseconds } from '../text/format.ts'
import { loadConcurrency } from '../plan/load-concurrency.ts'
import type { Plan } from '../plan/plan.ts'
import type { RunRecord, TransportRecord } from '../record/run-record.ts'
import { turnChart, turnChartLegend } from '../page/turn-chart.ts'
import { turnChartSvg } from './turn-chart-svg.ts'
import { HOP_CLOCKS } from '../insight/delivery-sentence.ts'
import { overloadNote } from '../insight/overload.ts'
import { tailSentence } from '../insight/tail-sentence.ts'
import { rowsFromRecord } from '../insight/turn-rows.ts'
import { htmlPage } from './html-page.ts'
import { swatchSvg } from './line-chart.ts'
import { latencyChart, percentileChart, throughputChart } from './run-charts.ts'
import {
  assertsTable,
  comparisonTable,
  decompositionTable,
  deliveriesTable,
  errorDetails,
  errorsTable,
  figuresTable,
  hopsTable,
  phasesTable,
  slowestTable
} from './run-tables.ts'

/** A run as one HTML file that needs nothing else: pictures, tables, settings. All text of others is escaped. */
export function htmlReport(record: RunRecord, against: string | null = null): string {
  const yardstick = yardstickOf(record, against)
  const errors = errorsTable(record)
  const asserts = assertsTable(record)
  const title = escapeMarkup(record.name)
  const maker = `Chattermark ${escapeMarkup(record.environment.chattermark)}`
  const body = `<header><h1>${title}</h1>
<ul class="chips">${chips(record)}</ul></header>
<main>
<p class="verdict">${escapeMarkup(record.verdict)}</p>
${turnsSection(record)}
<div class="two">
${section('Latency, all accepted messages', 'Response time from when a message was due. Read the tail on the right; a line ends where fewer than 10 samples lie beyond.', percentileChart(record) + legend(record))}
${section('Latency over time', 'Response time at p50. Transports take turns, one round after another.', latencyChart(record) + legend(record))}
</div>
${section('Side by side', `Over ${counted(record.plan.rounds, 'round')}. Intervals are 95 %, over rounds. A percentile in brackets has fewer than 10 samples beyond it.`, figuresTable(record, yardstick))}
${deliveriesSection(record)}
${asserts === null ? '' : section('Assertions', 'What the plan demanded.', asserts)}
${section('Differences', `Each transport against ${yardstick ?? 'the fastest'}.`, comparisonTable(record, yardstick))}
${errors === null ? '' : section('Errors', 'What went wrong, with one sample of what was said; below it when each kind came, and the conversations of its first few.', errors + (errorDetails(record) ?? ''))}
${section('What the time is made of', 'Means of accepted messages: service = lookup + turns × RTT (chatter) + transfer + server + client + residual.', decompositionTable(record) + tails(record))}
${section('Throughput over time', 'Accepted messages in each second.', throughputChart(record) + legend(record))}
${section('Phases', 'Where a message waited. Count: messages that had the phase.', phasesTable(record))}
${section('How it was measured', 'Everything that moves the numbers.', settings(record))}
</main>
<footer>Run ${escapeMarkup(record.id)}, made by ${maker}.</footer>`
  return htmlPage(title, body, `<meta name="generator" content="${maker}">\n`)
}

function deliveriesSection(record: RunRecord): string {
  const deliveries = deliveriesTable(record)
  if (deliveries === null) return ''
  const hops = hopsTable(record)
  const way = hops === null ? '' : `<p>The way by its own word. ${escapeMarkup(HOP_CLOCKS)}</p>${hops}`
  const text =
    'What became of accepted messages. Means add up; a percentile in brackets has fewer than 10 samples beyond it.'
  return section('From click to inbox', text, deliveries + way)
}

/** What the slowest messages have in common. */
function tails(record: RunRecord): string {
  const sentences = record.transports
    .map(({ name, tail }) => tailSentence(name, tail))
    .map((sentence) => (sentence === '' ? '' : `<p>${escapeMarkup(sentence)}</p>`))
  return sentences.join('') + (slowestTable(record) ?? '')
}

function section(title: string, text: string, content: string): string {
  return `<section><h2>${escapeMarkup(title)}</h2><p>${escapeMarkup(text)}</p>${content}</section>`
}

function turnsSection(record: RunRecord): string {
  const rows = rowsFromRecord(record)
  if (rows.length === 0) return ''
  const chart = turnChart(rows)
  const key = turnChartLegend(chart).map(
    ({ shapes, text }) => `<li><span class="box" style="background:var(--${shapes})"></span>${text}</li>`
  )
  return section(
    'What one message waits for',
    [chart.caption, 'Times are means of the response time.', overloadNote(record.transports)]
      .join(' ')
      .trim(),
    `<div class="scroll">${turnChartSvg(chart, 'auto')}</div><ul class="legend">${key.join('')}</ul>`
  )
}

function legend({ transports }: RunRecord): string {
  const entries = transports.map(({ name }, index) => `<li>${swatchSvg(index)}${escapeMarkup(name)}</li>`)
  return `<ul class="legend">${entries.join('')}</ul>`
}

function chips(record: RunRecord): string {
  const { plan } = record
  const plain = [
    when(record.startedAt),
    ...(plan.emulate.rttMs > 0 ? [`RTT ${milliseconds(plan.emulate.rttMs)} emulated`] : []),
    `${integer(loadConcurrency(plan.load))} at a time`,
    `${bytes(plan.message.sizeBytes)}, ${counted(plan.message.to.length, 'recipient')}`,
    counted(plan.rounds, 'round')
  ]
  const warnings = [
    ...(record.state === 'finished' ? [] : [record.state]),
    ...(plan.transports.some(unverified) ? ['TLS not verified'] : []),
    ...(record.transports.some(({ generatorLimited }) => generatorLimited)
      ? ['this machine was the limit']
      : [])
  ]
  return [
    ...plain.map((text) => `<li>${escapeMarkup(text)}</li>`),
    ...warnings.map((text) => `<li class="warn">${escapeMarkup(text)}</li>`)
  ].join('')
}

/** Whether a transport uses TLS and takes any certificate. */
function unverified(transport: Plan['transports'][number]): boolean {
  const encrypted =
    transport.protocol === 'smtp' ? transport.security !== 'none' : transport.url.startsWith('https:')
  return encrypted && !transport.tls.verify
}

/** `2026-11-23 14:02 UTC`. */
function when(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

function settings(record: RunRecord): string {
  const environment = Object.entries(record.environment).filter(([, value]) => value !== null)
  return [
    definitions(environment.map(([name, value]) => [name, String(value)])),
    ...record.transports.map((transport, index) => transportSettings(transport, index)),
    `<h3>Plan</h3>${definitions([
      ['load', JSON.stringify(record.plan.load)],
      ['message', JSON.stringify(record.plan.message)],
      ['warm-up', `${record.plan.warmupSeconds} s before each block, thrown away`],
      ['seed', String(record.plan.seed)],
      ['time limit', `${record.plan.timeoutSeconds} s`]
    ])}`
  ].join('\n')
}

function transportSettings(transport: TransportRecord, index: number): string {
  const { observed, connections } = transport
  const facts: [string, string][] = [
    ['client', `${transport.protocol}, ${transport.client}`],
    [
      'connections',
      `${integer(connections.opened)} opened, ${integer(connections.reused)} sends on a kept one, ${integer(connections.maxOpen)} open at most, ${integer(connections.closedByPeer)} closed by the peer`
    ],
    ...Object.entries(transport.settings).map(([name, value]): [string, string] => [
      name,
      String(value ?? '–')
    ])
  ]
  if (observed !== null) {
    facts.push(['server', observed.banner ?? 'no banner'])
    if (observed.capabilities.length > 0) facts.push(['offers', listed(observed.capabilities)])
    if (observed.tls !== null) {
      const { version, cipher, resumed, verified } = observed.tls
      facts.push([
        'TLS',
        `${version}, ${cipher}${resumed ? ', resumed' : ''}, ${verified ? 'verified' : 'not verified'}`
      ])
    }
    if (observed.alpn !== null) facts.push(['ALPN', observed.alpn])
  }
  const notes = transport.notes.map((note) => `<li>${escapeMarkup(note)}</li>`).join('')
  return `<h3>${swatchSvg(index)}${escapeMarkup(transport.name)}</h3>${definitions(facts)}${notes === '' ? '' : `<ul class="notes">${notes}</ul>`}`
}

function definitions(entries: readonly (readonly [string, string])[]): string {
  return `<dl>${entries.map(([name, value]) => `<dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(value)}</dd>`).join('')}</dl>`
}
