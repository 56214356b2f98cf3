import { yardstickOf } from '../insight/yardstick.ts'
import { findComparison } from '../insight/comparison.ts'
import type { ConditionDifference } from '../insight/condition-differences.ts'
import { findingOf, findingText } from '../insight/finding.ts'
import { meanQueueMs } from '../insight/overload.ts'
import type { RegressionCheck } from '../insight/regression.ts'
import type { RunComparison } from '../page/ipc.ts'
import type { CapacityRecord } from '../record/capacity-record.ts'
import type { RunRecord, TransportRecord } from '../record/run-record.ts'
import { valueWords } from '../insight/assertion.ts'
import { figure, figureOrDash, integer, percent } from '../text/format.ts'

/** A run as Markdown that reads well in a pull request. */
export function runMarkdown(record: RunRecord, wanted: string | null = null): string {
  const yardstick = yardstickOf(record, wanted)
  const rows = record.transports.map((transport) => [
    transport.name,
    `${integer(transport.counts.accepted)} of ${integer(transport.counts.sent)}`,
    figure(transport.throughput),
    figureOrDash(transport.response.p50),
    figureOrDash(transport.response.p95),
    figureOrDash(transport.response.p99),
    figureOrDash(transport.turns.perMessage),
    ...(yardstick === null ? [] : [against(record, transport, yardstick)])
  ])
  return document(record.name, [
    record.verdict,
    table(
      [
        'transport',
        'accepted',
        'per second',
        'p50 ms',
        'p95 ms',
        'p99 ms',
        'turns',
        ...(yardstick === null ? [] : [`p50 against ${yardstick}`])
      ],
      rows
    ),
    decomposition(record),
    deliveries(record),
    checklist(
      record.asserts.map(({ text, pass, value }) => ({
        pass,
        text: `${code(text)} (${valueWords(value)})`
      }))
    ),
    errors(record)
  ])
}

/** A run that did not take place as Markdown. */
export function failedMarkdown(name: string, reason: string): string {
  return document(name, [checklist([{ pass: false, text: text(reason) }])])
}

/** Two runs as Markdown. */
export function comparisonMarkdown(
  old: RunRecord,
  fresh: RunRecord,
  comparison: RunComparison,
  differing: readonly ConditionDifference[],
  checks: readonly RegressionCheck[]
): string {
  const rows = comparison.rows.flatMap(({ transport, comparisons }) =>
    comparisons.map((each) => [
      transport,
      each.metric,
      figure(1 / each.ratio),
      `${figure(1 / each.high)} to ${figure(1 / each.low)}`,
      findingText(findingOf(each))
    ])
  )
  return document(`${old.name} against ${fresh.name}`, [
    `${old.id}, ${old.startedAt} against ${fresh.id}, ${fresh.startedAt}`,
    differing.length === 0
      ? ''
      : `Not made alike:\n\n${differing.map(({ what, a, b }) => `- ${code(what)}: ${text(a)} against ${text(b)}`).join('\n')}`,
    table(['transport', 'metric', 'new / old', '95 % interval', ''], rows),
    checklist(
      checks.map(({ transport, metric, limit, verdict }) => ({
        pass: verdict !== 'worse',
        text: `${code(`${transport}.${metric}`)} no more than ${percent(limit)} worse${verdict === 'cannot-tell' ? ' (cannot tell)' : ''}`
      }))
    ),
    comparison.caution
  ])
}

/** A search for the limit as Markdown. */
export function capacityMarkdown(name: string, record: CapacityRecord): string {
  return document(name, [
    table(
      ['transport', 'per second', 'limited by', 'fails'],
      record.transports.map((transport) => [
        transport.name,
        figure(transport.rate),
        transport.limitedBy,
        transport.failedObjective ?? ''
      ])
    )
  ])
}

function against(record: RunRecord, transport: TransportRecord, yardstick: string): string {
  if (transport.name === yardstick) return 'the yardstick'
  const found = findComparison(record.comparison, transport.name, yardstick, 'response.p50')
  const finding = findingOf(found)
  if (found === null || finding !== 'different') return findingText(finding)
  return `${figure(found.ratio)} x (${figure(found.low)} to ${figure(found.high)})`
}

/** What the time of a mean message is made of; the queue where messages come due whether or not there is a slot. */
function decomposition({ plan, transports }: RunRecord): string {
  const isOpen = plan.load.model !== 'closed'
  const rows = transports
    .filter(({ service }) => service.mean !== null)
    .map((transport) => {
      const { name, service, lookupMs, chatterMs, transferMs, serverMs, clientMs, residualMs } = transport
      const parts = [service.mean, lookupMs, chatterMs, transferMs, serverMs, clientMs, residualMs]
      return [name, ...(isOpen ? [meanQueueMs(transport), ...parts] : parts).map(figureOrDash)]
    })
  const header = [
    ...['what a message waits for, mean', ...(isOpen ? ['queue ms'] : []), 'service ms', 'lookup ms'],
    ...['chatter ms', 'transfer ms', 'server ms', 'client ms', 'residual ms']
  ]
  return rows.length === 0 ? '' : table(header, rows)
}

function deliveries({ transports }: RunRecord): string {
  const rows = transports.flatMap(({ name, delivery }) => {
    if (delivery === undefined) return []
    const { arrived, lost, pending, duplicates, junk, inbox } = delivery
    const counts = [arrived, lost, pending, duplicates, junk].map(integer)
    const times = [delivery.p50, inbox.p50, inbox.p95, inbox.p99].map(figureOrDash)
    return [[name, ...counts, ...times]]
  })
  const header = [
    ...['from click to inbox', 'arrived', 'lost', 'pending', 'twice', 'junk'],
    ...['delivery p50 ms', 'inbox p50 ms', 'inbox p95 ms', 'inbox p99 ms']
  ]
  return rows.length === 0 ? '' : table(header, rows)
}

function errors({ transports }: RunRecord): string {
  const rows = transports.flatMap(({ name, errors: found }) =>
    found
      .slice(0, 5)
      .map((error) => [
        name,
        `${error.class} ${error.code} in ${error.phase}`,
        integer(error.count),
        error.sample.slice(0, 120)
      ])
  )
  return rows.length === 0 ? '' : table(['errors', 'what', 'count', 'sample'], rows)
}

function document(title: string, parts: readonly string[]): string {
  return `${[`### ${text(title)}`, ...parts.filter((part) => part !== '')].join('\n\n')}\n`
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(text).join(' | ')} |`
  const rule = `| ${header.map((_, column) => (column === 0 ? '---' : '---:')).join(' | ')} |`
  return [line(header), rule, ...rows.map(line)].join('\n')
}

function checklist(items: readonly { pass: boolean; text: string }[]): string {
  return items.map(({ pass, text: words }) => `- ${pass ? '✅' : '❌'} ${words}`).join('\n')
}

/** A peer's words and a plan's names may hold what Markdown or HTML would take for its own. */
function text(words: string): string {
  return words
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*_{}[\]<>#|~]/g, (char) => (char === '<' ? '&lt;' : `\\${char}`))
}

function code(words: string): string {
  return `\`${words.replace(/[`\r\n|]/g, ' ')}\``
}
