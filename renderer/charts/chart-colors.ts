const TOKENS = ['ink', 'muted', 'grid', 'line', 'surface', 'bad', 'queue'] as const

/** The page's colours as a canvas takes them. */
export type ChartColors = Record<(typeof TOKENS)[number], string>

/** Reads the tokens as they are now, in the theme of the element. */
export function chartColors(element: HTMLElement): ChartColors {
  const probe = document.createElement('span')
  element.append(probe)
  const colors = TOKENS.map((token) => {
    probe.style.color = `var(--${token})`
    return [token, getComputedStyle(probe).color] as const
  })
  probe.remove()
  return Object.fromEntries(colors) as ChartColors
}
