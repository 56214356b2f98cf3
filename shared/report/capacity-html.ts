import type { CapacityRecord, CapacityStep } from '../record/capacity-record.ts'
import { capacitySentence } from '../insight/capacity-sentence.ts'
import { escapeMarkup } from '../text/escape.ts'
import { figure, figureOrDash, integer, listed, tickLabel } from '../text/format.ts'
import { htmlPage } from './html-page.ts'
import { lineChartSvg, swatchSvg } from './line-chart.ts'

/** What a capacity search found as one HTML file that needs nothing else: curves with their knees, and every step. */
export function capacityHtml(name: string, record: CapacityRecord): string {
  const title = `${escapeMarkup(name)}: capacity`
  const body = `<header><h1>${title}</h1></header>
<main>
${record.transports.map((transport) => `<p class="verdict">${escapeMarkup(capacitySentence(transport))}</p>`).join('\n')}
<div class="two">
${section(
  'Latency at p99 over the rate',
  curve(record, 'p99', 'ms', (step) => step.p99),
  record
)}
${section(
  'Latency at p50 over the rate',
  curve(record, 'p50', 'ms', (step) => step.p50),
  record
)}
</div>
${section(
  'Errors over the rate',
  curve(record, 'rejected and failed', '% of the messages', ({ rejected, failed, sent }) =>
    sent === 0 ? null : (100 * (rejected + failed)) / sent
  ),
  record
)}
${stepsSection(record)}
</main>
<footer>Objectives: ${escapeMarkup(listed(record.objectives))}. Each rate was held for ${figure(record.search.holdSeconds)} s, what was found for ${figure(record.search.confirmSeconds)} s.</footer>`
  return htmlPage(title, body)
}

function section(title: string, chart: string, record: CapacityRecord): string {
  const legend = record.transports
    .map(({ name, knee }, index) => {
      const bend = knee === null ? '' : `, knee at ${figure(knee)}/s`
      return `<li>${swatchSvg(index)}${escapeMarkup(name)}${bend}</li>`
    })
    .join('')
  return `<section><h2>${escapeMarkup(title)}</h2>${chart}<ul class="legend">${legend}</ul></section>`
}

function curve(
  { transports }: CapacityRecord,
  what: string,
  yUnit: string,
  value: (step: CapacityStep) => number | null
): string {
  const rates = transports.flatMap(({ steps }) => steps.map(({ rate }) => rate))
  const maxX = rates.reduce((a, b) => Math.max(a, b), 1)
  return lineChartSvg({
    title: `${what} over the rate, by transport`,
    series: transports.map(({ steps }, index) => ({
      index,
      runs: [
        steps
          .filter(({ purpose, spoiled }) => purpose !== 'drain' && spoiled === null)
          .sort((a, b) => a.rate - b.rate)
          .flatMap((step) => {
            const y = value(step)
            return y === null ? [] : [{ x: step.rate, y }]
          })
      ]
    })),
    marks: transports.flatMap(({ name, knee, rate, sustained }, index) => [
      ...(knee === null ? [] : [{ index, x: knee, text: `knee of ${name}` }]),
      ...(sustained === null ? [] : [{ index, x: rate, text: `held by ${name}` }])
    ]),
    xTicks: [0, 0.25, 0.5, 0.75, 1].map((share) => ({
      x: share * maxX,
      text: `${tickLabel(share * maxX)}/s`
    })),
    maxX,
    yUnit
  })
}

function stepsSection({ transports }: CapacityRecord): string {
  const head = [
    ...['transport', 'rate/s', 'held s', 'accepted/s', 'p50 ms', 'p99 ms', 'rejected', 'failed', 'throttled'],
    'kept'
  ]
  const rows = transports.flatMap(({ name, steps }, index) =>
    steps
      .filter(({ purpose }) => purpose !== 'drain')
      .sort((a, b) => a.rate - b.rate || a.startedSeconds - b.startedSeconds)
      .map((step) => [
        swatchSvg(index) + escapeMarkup(name),
        ...[figure(step.rate), figure(step.seconds), figure(step.achieved)],
        ...[figureOrDash(step.p50), figureOrDash(step.p99)],
        ...[integer(step.rejected), integer(step.failed), integer(step.throttled)],
        step.pass ? 'yes' : escapeMarkup(step.spoiled ?? step.reason)
      ])
  )
  const markup = (cells: readonly string[], tag: string): string =>
    `<tr>${cells.map((text, index) => `<${tag}${index === 0 ? ' class="text"' : ''}>${text}</${tag}>`).join('')}</tr>`
  return `<section><h2>Steps</h2><div class="scroll"><table><thead>${markup(head, 'th')}</thead><tbody>
${rows.map((row) => markup(row, 'td')).join('\n')}
</tbody></table></div></section>`
}
