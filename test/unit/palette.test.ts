import { expect, test } from 'vitest'
import { seriesStyle, THEME, type ThemeName } from '../../shared/page/palette.ts'

/** Contrast of two colours after WCAG 2.2. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string): number => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const value = parseInt(hex.slice(at, at + 2), 16) / 255
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
    }) as [number, number, number]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

const themes: ThemeName[] = ['light', 'dark']

test.each(themes)('text in the %s theme has a contrast of 4.5 to 1 and more', (theme) => {
  for (const back of ['background', 'surface'] as const) {
    for (const text of ['ink', 'muted', 'accent', 'good', 'warn', 'bad'] as const) {
      expect(contrast(THEME[text][theme], THEME[back][theme]), `${text} on ${back}`).toBeGreaterThanOrEqual(
        4.5
      )
    }
  }
  for (const block of ['chatter', 'chatterAlternate', 'server'] as const) {
    expect(contrast(THEME.onChatter[theme], THEME[block][theme]), block).toBeGreaterThanOrEqual(4.5)
  }
})

test.each(themes)(
  'lines and blocks in the %s theme stand out from the surface by 3 to 1 and more',
  (theme) => {
    const colors = [
      ...Array.from({ length: 8 }, (_, index) => seriesStyle(index).color),
      THEME.server,
      THEME.queue,
      THEME.lookup,
      THEME.transfer
    ]
    for (const color of colors) {
      expect(contrast(color[theme], THEME.surface[theme]), color[theme]).toBeGreaterThanOrEqual(3)
    }
  }
)

test('no two of the eight series share colour, or dash and marker', () => {
  const styles = Array.from({ length: 8 }, (_, index) => seriesStyle(index))
  expect(new Set(styles.map(({ color }) => color.light)).size).toBe(8)
  expect(new Set(styles.map(({ dash, marker }) => `${dash.join()} ${marker}`)).size).toBe(8)
})

test('transports 9 to 40 repeat neither dash nor marker with their colour', () => {
  const styles = Array.from({ length: 40 }, (_, index) => seriesStyle(index))
  const drawn = styles.map(({ color, dash, marker }) => `${color.light} ${dash.join()} ${marker}`)
  expect(new Set(drawn).size).toBe(40)
  for (let index = 8; index < 16; index++) {
    expect(styles[index]!.marker).not.toBe(styles[index - 8]!.marker)
    expect(styles[index]!.dash).not.toEqual(styles[index - 8]!.dash)
  }
})
