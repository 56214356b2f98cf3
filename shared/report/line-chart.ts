import { escapeMarkup } from '../text/escape.ts'
import { tickLabel } from '../text/format.ts'
import { seriesStyle } from '../page/palette.ts'
import { SERIES_COUNT } from './style.ts'

/** One line of a chart; a gap in the data is a new run of points. */
export interface ChartSeries {
  /** Place of the transport in the plan: its colour and dash. */
  index: number
  runs: { x: number; y: number }[][]
}

export interface LineChart {
  /** What the picture shows, for screen readers. */
  title: string
  series: readonly ChartSeries[]
  /** Places on the x axis that matter for one transport, with what they are. */
  marks?: readonly { index: number; x: number; text: string }[]
  /** Labels of the x axis with their places; the axis spans from 0 to `maxX`. */
  xTicks: readonly { x: number; text: string }[]
  maxX: number
  yUnit: string
}

const WIDTH = 560
const HEIGHT = 220
const LEFT = 48
const RIGHT = 12
const TOP = 18
const BOTTOM = 24
/** From this ratio of greatest to least on, a linear axis would flatten the small ones. */
const LOG_FROM_RATIO = 40

/** A chart of lines as SVG: y starts at zero, or is logarithmic and says so. */
export function lineChartSvg(chart: LineChart): string {
  const values = chart.series.flatMap(({ runs }) => runs.flat().map(({ y }) => y))
  if (values.length === 0) return '<p class="sub">Nothing was measured.</p>'
  const axis = yAxis(values)
  const x = (value: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * value) / chart.maxX
  const y = (value: number): number => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * axis.place(value)
  const unit = `${chart.yUnit}${axis.logarithmic ? ', logarithmic' : ''}`
  return [
    `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeMarkup(chart.title)}">`,
    `<text x="0" y="10">${escapeMarkup(unit)}</text>`,
    ...axis.ticks.map(
      (tick) =>
        `<path class="grid" d="M${LEFT} ${px(y(tick))}H${WIDTH - RIGHT}"/><text x="${LEFT - 6}" y="${px(y(tick) + 4)}" text-anchor="end">${tickLabel(tick)}</text>`
    ),
    ...chart.xTicks.map((tick, index) => {
      const anchor = index === chart.xTicks.length - 1 && tick.x === chart.maxX ? 'end' : 'middle'
      return `<text x="${px(x(tick.x))}" y="${HEIGHT - 7}" text-anchor="${anchor}">${escapeMarkup(tick.text)}</text>`
    }),
    ...(chart.marks ?? []).map(
      (mark) =>
        `<g><title>${escapeMarkup(mark.text)}</title><path class="line s${mark.index % SERIES_COUNT}" stroke-dasharray="1 4" d="M${px(x(mark.x))} ${TOP}V${HEIGHT - BOTTOM}"/></g>`
    ),
    ...chart.series.flatMap((series) => series.runs.map((run) => runSvg(series.index, run, x, y))),
    '</svg>'
  ].join('\n')
}

function runSvg(
  index: number,
  run: readonly { x: number; y: number }[],
  x: (value: number) => number,
  y: (value: number) => number
): string {
  const name = `s${index % SERIES_COUNT}`
  const [only] = run
  if (run.length === 1 && only !== undefined) {
    return `<circle class="point ${name}" cx="${px(x(only.x))}" cy="${px(y(only.y))}" r="2.5"/>`
  }
  const points = run.map((point) => `${px(x(point.x))},${px(y(point.y))}`).join(' ')
  return `<polyline class="line ${name}"${dash(index)} points="${points}"/>`
}

/** A short stroke in a transport's colour and dash, for tables and legends. */
export function swatchSvg(index: number): string {
  return `<svg class="swatch s${index % SERIES_COUNT}" viewBox="0 0 24 10" aria-hidden="true"><path class="line"${dash(index)} d="M0 5H24"/></svg>`
}

function dash(index: number): string {
  const pattern = seriesStyle(index).dash
  return pattern.length === 0 ? '' : ` stroke-dasharray="${pattern.join(' ')}"`
}

interface Axis {
  logarithmic: boolean
  ticks: number[]
  /** 0 at the foot, 1 at the top. */
  place(value: number): number
}

function yAxis(values: readonly number[]): Axis {
  const most = values.reduce((a, b) => Math.max(a, b), 0)
  const least = values.reduce((a, b) => (b > 0 ? Math.min(a, b) : a), Infinity)
  if (most / least >= LOG_FROM_RATIO && values.every((value) => value > 0)) {
    const [from, to] = [Math.floor(Math.log10(least)), Math.ceil(Math.log10(most))]
    return {
      logarithmic: true,
      ticks: Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index)),
      place: (value) => (Math.log10(value) - from) / (to - from)
    }
  }
  const step = linearStep(most > 0 ? most : 1)
  const top = Math.max(1, Math.ceil(most / step - 1e-9)) * step
  return {
    logarithmic: false,
    ticks: Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step),
    place: (value) => value / top
  }
}

/** Step of an axis from zero with about five ticks. */
function linearStep(most: number): number {
  const rough = most / 5
  const decade = 10 ** Math.floor(Math.log10(rough))
  return ([1, 2, 2.5, 5].find((factor) => factor * decade >= rough) ?? 10) * decade
}

/** A length in an SVG, to a hundredth of a pixel. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100)
}
