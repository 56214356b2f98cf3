import type { Chart, Plugin } from 'chart.js'
import type { ChartColors } from './chart-colors.ts'
import type { ChartGuide } from './chart-line.ts'
import { transportStyle } from './transport-style.ts'

/** Room that the text beside an upright guide takes, px: those nearer to each other stand beneath one another. */
const LABEL_ROOM = 120
const LABEL_LINE = 14

/** Draws guides over a chart. They are read at each drawing, so that they may change without a new chart. */
export function guidePlugin(
  guides: () => readonly ChartGuide[],
  colors: () => ChartColors,
  dark: () => boolean
): Plugin<'line'> {
  return {
    id: 'guides',
    afterDatasetsDraw(chart: Chart) {
      const { ctx, chartArea, scales } = chart
      const [x, y] = [scales.x, scales.y]
      if (x === undefined || y === undefined) return
      ctx.save()
      ctx.font = `11px ${String(chart.options.font?.family ?? 'sans-serif')}`
      ctx.setLineDash([5, 4])
      ctx.lineWidth = 1.25
      const labelled: number[] = []
      for (const guide of guides()) {
        const color = guide.index === undefined ? colors().muted : transportStyle(guide.index, dark()).color
        ctx.strokeStyle = color
        ctx.fillStyle = color
        const scale = guide.axis === 'x' ? x : y
        if (guide.value < scale.min || guide.value > scale.max) continue
        const at = scale.getPixelForValue(guide.value)
        ctx.beginPath()
        if (guide.axis === 'y') {
          ctx.moveTo(chartArea.left, at)
          ctx.lineTo(chartArea.right, at)
          ctx.textAlign = 'left'
          ctx.fillText(guide.text, chartArea.left + 6, at - 5)
        } else {
          ctx.moveTo(at, chartArea.top)
          ctx.lineTo(at, chartArea.bottom)
          const room = chartArea.right - at > LABEL_ROOM
          ctx.textAlign = room ? 'left' : 'right'
          const near = labelled.filter((other) => Math.abs(other - at) < LABEL_ROOM).length
          labelled.push(at)
          ctx.fillText(guide.text, room ? at + 5 : at - 5, chartArea.top + 10 + near * LABEL_LINE)
        }
        ctx.stroke()
      }
      ctx.restore()
    }
  }
}
