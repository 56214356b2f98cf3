import type { WindowState } from '../store/settings-file.ts'

interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

const DEFAULT_SIZE = { width: 1280, height: 860 }
/** The page is usable down to this. */
export const MIN_SIZE = { width: 900, height: 600 }
/** So much of a window must be on a display to be found again. */
const VISIBLE_PX = 80

/** Where a window opens: as it was left, unless the display that it was on is gone. */
export function windowBounds(state: WindowState | null, displays: readonly Rectangle[]): Partial<Rectangle> {
  if (state === null) return DEFAULT_SIZE
  const { x, y } = state
  const width = Math.max(state.width, MIN_SIZE.width)
  const height = Math.max(state.height, MIN_SIZE.height)
  const isVisible = displays.some(
    (display) =>
      overlap(x, width, display.x, display.width) >= VISIBLE_PX &&
      y >= display.y &&
      overlap(y, height, display.y, display.height) >= VISIBLE_PX
  )
  return isVisible ? { x, y, width, height } : { width, height }
}

function overlap(start: number, length: number, otherStart: number, otherLength: number): number {
  return Math.min(start + length, otherStart + otherLength) - Math.max(start, otherStart)
}
