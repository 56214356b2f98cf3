/** A colour in both themes. Text on it and beside it keeps contrast AA. */
export interface ThemedColor {
  light: string
  dark: string
}

/** How a transport is drawn, everywhere: never by colour alone. */
export interface SeriesStyle {
  color: ThemedColor
  /** SVG `stroke-dasharray` and canvas `setLineDash`; empty is a solid line. */
  dash: readonly number[]
  marker: 'circle' | 'square' | 'triangle' | 'diamond' | 'cross'
}

/** Hues of Okabe and Ito's set, made darker on white and lighter on black until each has a contrast of 3 to 1 and more. */
const SERIES: readonly [SeriesStyle, ...SeriesStyle[]] = [
  { color: { light: '#c75300', dark: '#ff8a3d' }, dash: [], marker: 'circle' },
  { color: { light: '#946500', dark: '#e6b450' }, dash: [7, 3], marker: 'square' },
  { color: { light: '#00795a', dark: '#3ecf9f' }, dash: [2, 3], marker: 'triangle' },
  { color: { light: '#2f83b8', dark: '#8fcaf0' }, dash: [9, 3, 2, 3], marker: 'diamond' },
  { color: { light: '#004f86', dark: '#4da3e6' }, dash: [12, 4], marker: 'cross' },
  { color: { light: '#a84b82', dark: '#e39ac2' }, dash: [4, 2], marker: 'circle' },
  { color: { light: '#5b5b5b', dark: '#b9c1cc' }, dash: [1, 2], marker: 'square' },
  { color: { light: '#6b4fa0', dark: '#b7a1ec' }, dash: [9, 3, 2, 3, 2, 3], marker: 'triangle' }
]

/** Markers in the order in which they take turns where colours begin again. */
const MARKERS: readonly SeriesStyle['marker'][] = ['circle', 'square', 'triangle', 'diamond', 'cross']

/**
 * The style of a run's transport by its place in the plan. After eight the colours begin again, each with another dash
 * and another marker than before, so that no two of forty are drawn alike.
 */
export function seriesStyle(index: number): SeriesStyle {
  const cycle = Math.floor(index / SERIES.length)
  const own = SERIES[index % SERIES.length] ?? SERIES[0]
  if (cycle === 0) return own
  const other = SERIES[(index + 3 * cycle) % SERIES.length] ?? SERIES[0]
  const marker = MARKERS[(MARKERS.indexOf(own.marker) + cycle) % MARKERS.length] ?? own.marker
  return { color: own.color, dash: other.dash, marker }
}

/** Surfaces, text and the parts of a message's time. Orange stands for round trips and nothing else but the first series. */
export const THEME = {
  background: { light: '#f5f6f8', dark: '#0e1217' },
  surface: { light: '#ffffff', dark: '#161c23' },
  ink: { light: '#141a22', dark: '#e7ebf0' },
  muted: { light: '#5a6675', dark: '#9aa7b6' },
  line: { light: '#e2e6ec', dark: '#28313b' },
  grid: { light: '#e9ecf1', dark: '#222b34' },
  accent: { light: '#0b63c5', dark: '#6cb2ff' },
  chatter: { light: '#c24e00', dark: '#ff8a3d' },
  chatterAlternate: { light: '#a84300', dark: '#f0a36b' },
  onChatter: { light: '#ffffff', dark: '#1a1005' },
  server: { light: '#4f7396', dark: '#7fa6cc' },
  client: { light: '#8b96a3', dark: '#5f6c7b' },
  queue: { light: '#8a6fa8', dark: '#a58cc4' },
  lookup: { light: '#5f8f76', dark: '#6fa98b' },
  transfer: { light: '#c7763b', dark: '#c47a3e' },
  good: { light: '#00795a', dark: '#3ecf9f' },
  warn: { light: '#9a5b00', dark: '#e8b04a' },
  bad: { light: '#b3261e', dark: '#ff8f85' }
} as const satisfies Record<string, ThemedColor>

export type ThemeName = keyof ThemedColor
export type ThemePart = keyof typeof THEME
