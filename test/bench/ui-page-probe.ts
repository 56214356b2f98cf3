import type { Page } from 'playwright-core'

/** What a page did while it was watched, ms. */
export interface PageFigures {
  /** Between one frame and the next. */
  framesMs: number[]
  /** Tasks of the main thread that took longer than 50 ms, the least that browsers tell of. */
  longTasksMs: number[]
}

/** Most frames that are noted; above it nothing more is. */
const MAX_FRAMES = 200_000

interface ProbeScope {
  probe?: { frames: Float64Array; seen: number; longTasksMs: number[]; observer: PerformanceObserver }
}

/** Watches frames and long tasks of a page from now on. Frames go where they do not count as the page's heap. */
export async function watchPage(page: Page): Promise<void> {
  await page.evaluate((maxFrames) => {
    const scope = globalThis as ProbeScope
    const longTasksMs: number[] = []
    const observer = new PerformanceObserver((list) => {
      longTasksMs.push(...list.getEntries().map(({ duration }) => duration))
    })
    const probe = { frames: new Float64Array(maxFrames), seen: 0, longTasksMs, observer }
    scope.probe = probe
    observer.observe({ type: 'longtask' })
    const onFrame = (atMs: number): void => {
      if (scope.probe !== probe) return
      if (probe.seen < maxFrames) probe.frames[probe.seen++] = atMs
      requestAnimationFrame(onFrame)
    }
    requestAnimationFrame(onFrame)
  }, MAX_FRAMES)
}

/** What was seen since {@link watchPage}, which ends. */
export async function unwatchPage(page: Page): Promise<PageFigures> {
  return page.evaluate(() => {
    const scope = globalThis as ProbeScope
    const { probe } = scope
    if (probe === undefined) throw new Error('the page was loaded anew')
    delete scope.probe
    probe.observer.disconnect()
    const at = probe.frames.subarray(0, probe.seen)
    return {
      framesMs: Array.from(at.subarray(1), (ms, index) => ms - (at[index] ?? 0)),
      longTasksMs: probe.longTasksMs
    }
  })
}
