/** The page's colours as a canvas takes them. */
export interface ChartColors {
  ink: string
  muted: string
  grid: string
  line: string
  surface: string
}

/** Reads the tokens as they are now, in the theme of the element. */
export function chartColors(element: HTMLElement): ChartColors {
  const probe = document.createElement('span')
  element.append(probe)
  const read = (token: string): string => {
    probe.style.color = `var(${token})`
    return getComputedStyle(probe).color
  }
  const colors = {
    ink: read('--ink'),
    muted: read('--muted'),
    grid: read('--grid'),
    line: read('--line'),
    surface: read('--surface')
  }
  probe.remove()
  return colors
}
