import { escapeMarkup } from '../text/escape.ts'
import { THEME, type ThemeName, type ThemePart } from '../page/palette.ts'
import type { ChartBlock, ChartPart, ChartRow, TurnChart } from '../page/turn-chart.ts'
import { px } from './line-chart.ts'

/** The parts of the palette that the picture uses. */
const PARTS = [
  'ink',
  'muted',
  'grid',
  'chatter',
  'chatterAlternate',
  'onChatter',
  'server',
  'client',
  'queue',
  'lookup',
  'transfer'
] as const satisfies ThemePart[]

/**
 * The turn chart as a picture of its own, for files and pages alike. All text in it is escaped.
 * @param theme `auto` follows the reader's system
 */
export function turnChartSvg(chart: TurnChart, theme: ThemeName | 'auto'): string {
  const { width, height, axisY } = chart
  const grid = chart.grid.map((x) => `<path class="grid" d="M${px(x)} 0V${px(axisY)}"/>`)
  const ticks = chart.ticks.map(
    ({ x, text }) => `<text class="tick" x="${px(x)}" y="${axisY + 17}">${escapeMarkup(text)}</text>`
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="turn-chart" viewBox="0 0 ${width} ${height}" role="img" aria-label="What one message waits for, by transport">`,
    `<style>${style(theme)}</style>`,
    ...grid,
    ...ticks,
    ...chart.rows.map((row) => rowSvg(row, chart)),
    '</svg>'
  ].join('\n')
}

function rowSvg(row: ChartRow, { blockHeight }: TurnChart): string {
  const textY = row.y + 15
  const bar = ({ kind, x, width, title }: ChartPart): string =>
    `<rect class="${kind}" x="${px(x)}" y="${row.y}" width="${px(width)}" height="${blockHeight}" rx="2"><title>${escapeMarkup(title)}</title></rect>`
  return [
    `<g><title>${escapeMarkup(row.title)}</title>`,
    `<text class="label" x="0" y="${textY}">${escapeMarkup(row.label)}</text>`,
    ...row.blocks.map((block) => blockSvg(block, row.y, blockHeight)),
    ...row.parts.map(bar),
    `<text class="total" x="${px(row.total.x)}" y="${textY}">${escapeMarkup(row.total.text)}</text></g>`
  ].join('\n')
}

function blockSvg(block: ChartBlock, y: number, height: number): string {
  const rect = (name: string, width: number): string =>
    `<rect class="${name}" x="${px(block.x)}" y="${y}" width="${px(width)}" height="${height}" rx="${Math.min(4, width / 2)}"/>`
  const partly = block.networkWidth < block.width - 0.01
  const network = rect(block.alternate ? 'chatter-alternate' : 'chatter', block.networkWidth)
  const text = `<text class="${partly ? 'on-server' : 'on-chatter'}" x="${px(block.x + block.width / 2)}" y="${y + 15}">${escapeMarkup(block.text)}</text>`
  return `<g><title>${escapeMarkup(block.title)}</title>${partly ? rect('server', block.width) : ''}${network}${block.text === '' ? '' : text}</g>`
}

function style(theme: ThemeName | 'auto'): string {
  const variables = (name: ThemeName): string =>
    `.turn-chart{${PARTS.map((part) => `--${part}:${THEME[part][name]}`).join(';')}}`
  const colors =
    theme === 'auto'
      ? `${variables('light')}@media(prefers-color-scheme:dark){${variables('dark')}}`
      : variables(theme)
  return `${colors}
.turn-chart text{font:11px Inter,system-ui,sans-serif;font-variant-numeric:tabular-nums;fill:var(--muted)}
.turn-chart .label{font-size:13px;fill:var(--ink)}
.turn-chart .total{font-size:12.5px;font-weight:650;fill:var(--ink)}
.turn-chart .tick{text-anchor:middle}
.turn-chart .on-chatter,.turn-chart .on-server{font-weight:600;text-anchor:middle;fill:var(--onChatter)}
.turn-chart .grid{stroke:var(--grid)}
.turn-chart .chatter{fill:var(--chatter)}
.turn-chart .chatter-alternate{fill:var(--chatterAlternate)}
.turn-chart .server{fill:var(--server)}
.turn-chart .client{fill:var(--client)}
.turn-chart .queue{fill:var(--queue)}
.turn-chart .lookup{fill:var(--lookup)}
.turn-chart .transfer{fill:var(--transfer)}`
}
