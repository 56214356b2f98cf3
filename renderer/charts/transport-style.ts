import type { PointStyle } from 'chart.js'
import { type SeriesStyle, seriesStyle } from '../../shared/page/palette.ts'

/** chart.js names of the markers. */
const POINT_STYLE: Record<SeriesStyle['marker'], PointStyle> = {
  circle: 'circle',
  square: 'rect',
  triangle: 'triangle',
  diamond: 'rectRot',
  cross: 'crossRot'
}

/** A transport's colour, dash and marker as a canvas takes them. */
export function transportStyle(
  index: number,
  dark: boolean
): { color: string; dash: number[]; marker: PointStyle } {
  const { color, dash, marker } = seriesStyle(index)
  return { color: dark ? color.dark : color.light, dash: [...dash], marker: POINT_STYLE[marker] }
}
