import { resolve } from 'node:path'
import { chromium, type Browser, type CDPSession, type Page } from 'playwright-core'
import { startServe } from '../../electron/serve/serve.ts'
import buildIfStale from '../e2e/build-if-stale.ts'
import { findBrowser } from '../support/browser.ts'
import { createFakeServices } from '../support/fake-services.ts'
import { median } from '../../shared/insight/statistics.ts'
import { type Row, type Suite } from './bench.ts'
import { unwatchPage, watchPage, type PageFigures } from './ui-page-probe.ts'
import { RECORDED_TRANSPORTS, RUN_RATE, RUN_SECONDS, recordRun } from './ui-recording.ts'
import { ReplayRunner } from './ui-replay.ts'

/** How many times faster than it happened the run is replayed; 1 takes ten minutes. */
const SPEED = Number(process.env.UI_REPLAY_SPEED ?? 10)
/** Shares of the run: the page joins, its figures begin to count. They count to the end. */
const JOIN = 0.05
const EARLY = 0.2
const COUNTED_SECONDS = (1 - EARLY) * RUN_SECONDS
/** The page has drawn the end of the run by then, or figures of it mean nothing. */
const SHOWN_WITHIN_MS = 2000
const VIEWPORT = { width: 1280, height: 860 }
const LEAST_FPS = 50
const LONGEST_TASK_MS = 100
const ALLOWED_MB = 5
const ALLOWED_KB_PER_SECOND = 50
const REPLAY = `${RUN_SECONDS / 60} minutes at ${RUN_RATE.toLocaleString('en')}/s, replayed ${SPEED} times as fast`

/** Whether the Live screen stays smooth and small however long and fast the run. */
export const uiSuite: Suite = {
  name: 'ui',
  async *run() {
    buildIfStale()
    const runner = new ReplayRunner(recordRun())
    const serving = await startServe({
      port: 0,
      services: { ...createFakeServices(), runner },
      rendererDir: resolve(import.meta.dirname, '../../out/renderer')
    })
    const browser = await chromium.launch({ executablePath: await findBrowser() })
    try {
      yield* await wholeRun(browser, serving.url, runner)
      yield await lateJoin(browser, serving.url)
    } finally {
      await browser.close()
      await serving.close()
    }
  }
}

async function wholeRun(browser: Browser, url: string, runner: ReplayRunner): Promise<Row[]> {
  await runner.playUntil(JOIN, Infinity)
  const page = await browser.newPage({ viewport: VIEWPORT })
  const cdp = await page.context().newCDPSession(page)
  await openLive(page, url)
  await runner.playUntil(EARLY, SPEED)
  const earlyMb = await heapMb(cdp)
  await watchPage(page)
  const received = await countReceived(cdp)
  await runner.playUntil(1, SPEED)
  const bytes = received()
  const figures = await unwatchPage(page)
  await page.locator('[role="progressbar"][aria-valuenow="100"]').waitFor({ timeout: SHOWN_WITHIN_MS })
  const lateMb = await heapMb(cdp)
  await page.close()
  return [
    frameRow(figures),
    taskRow(figures),
    {
      what: 'ui: heap of the Live screen at the end of the run',
      against: `its own at ${EARLY * 100} % of it`,
      bound: null,
      ratios: [lateMb / earlyMb],
      figures: `${lateMb.toFixed(1)} MB against ${earlyMb.toFixed(1)} MB, garbage collected; ${REPLAY}`,
      met: { ok: lateMb - earlyMb <= ALLOWED_MB, demand: `at most ${ALLOWED_MB} MB more` }
    },
    streamRow(bytes / 1000 / COUNTED_SECONDS)
  ]
}

function frameRow({ framesMs }: PageFigures): Row {
  const fps = 1000 / median(framesMs)
  const slowMs = framesMs.toSorted((a, b) => a - b)[Math.floor(framesMs.length * 0.99)] ?? NaN
  const lowFps = 1000 / slowMs
  const worst = Math.min(...framesOfSeconds(framesMs))
  return {
    what: 'ui: frames a second of the Live screen',
    against: `${LEAST_FPS}`,
    bound: null,
    ratios: [fps / LEAST_FPS, lowFps / LEAST_FPS],
    figures: `median ${fps.toFixed(1)}, 1 % low ${lowFps.toFixed(1)}, ${worst} in the worst second, ${framesMs.length} frames; ${REPLAY}`,
    met: { ok: fps > LEAST_FPS && lowFps > LEAST_FPS, demand: `median and 1 % low above ${LEAST_FPS}` }
  }
}

/** Frames in every whole second. */
function framesOfSeconds(framesMs: readonly number[]): number[] {
  const seconds: number[] = []
  let atMs = 0
  for (const frameMs of framesMs) {
    atMs += frameMs
    const second = Math.floor(atMs / 1000)
    seconds[second] = (seconds[second] ?? 0) + 1
  }
  return Array.from(seconds.slice(0, -1), (frames) => frames ?? 0)
}

function taskRow({ longTasksMs }: PageFigures): Row {
  const longestMs = Math.max(0, ...longTasksMs)
  return {
    what: 'ui: longest task of the Live screen’s main thread',
    against: `${LONGEST_TASK_MS} ms`,
    bound: null,
    ratios: [longestMs / LONGEST_TASK_MS],
    figures: `${longTasksMs.length === 0 ? 'none above 50 ms' : `${longestMs} ms, ${longTasksMs.length} above 50 ms`}; ${REPLAY}`,
    met: { ok: longestMs <= LONGEST_TASK_MS, demand: `at most ${LONGEST_TASK_MS} ms` }
  }
}

function streamRow(kbPerSecond: number): Row {
  return {
    what: 'ui: snapshot stream on the WebSocket',
    against: `${ALLOWED_KB_PER_SECOND} KB/s`,
    bound: null,
    ratios: [kbPerSecond / ALLOWED_KB_PER_SECOND],
    figures: `${kbPerSecond.toFixed(1)} KB for a second of the run`,
    met: { ok: kbPerSecond < ALLOWED_KB_PER_SECOND, demand: `below ${ALLOWED_KB_PER_SECOND} KB/s` }
  }
}

/** A page that is opened when the run is as good as over shows all of it. */
async function lateJoin(browser: Browser, url: string): Promise<Row> {
  const page = await browser.newPage({ viewport: VIEWPORT })
  const startMs = performance.now()
  await openLive(page, url)
  const shownMs = performance.now() - startMs
  const drawn = await page.evaluate(drawnQuarters, RECORDED_TRANSPORTS)
  await page.close()
  return {
    what: 'ui: a page opened at the end of the run shows all of it',
    against: 'the whole run',
    bound: null,
    ratios: [Math.min(...drawn.map((quarters) => quarters / 4))],
    figures: `shown after ${Math.round(shownMs)} ms; lines in ${drawn.join(', ')} of 4 quarters of the lanes`,
    met: {
      ok: drawn.length === RECORDED_TRANSPORTS && drawn.every((quarters) => quarters === 4),
      demand: 'lines in every quarter'
    }
  }
}

/** Runs in the page: in how many quarters of its width each of the lanes has colour, which only lines have. */
function drawnQuarters(lanes: number): number[] {
  const canvas = document.querySelector('canvas')
  if (canvas === null) return []
  const [width, height] = [canvas.width / 4, canvas.height / lanes]
  return Array.from({ length: lanes }, (_, lane) => {
    const quarters = [0, 1, 2, 3].filter((quarter) => {
      const pixels =
        canvas.getContext('2d')?.getImageData(quarter * width, lane * height, width, height).data ?? []
      for (let at = 0; at < pixels.length; at += 4) {
        const [red = 0, green = 0, blue = 0, alpha = 0] = pixels.slice(at, at + 4)
        if (alpha > 200 && Math.max(red, green, blue) - Math.min(red, green, blue) > 60) return true
      }
      return false
    })
    return quarters.length
  })
}

/** Opens the Live screen and waits until it shows the run. */
async function openLive(page: Page, url: string): Promise<void> {
  await page.goto(`${url}#/live`)
  await page.getByRole('heading', { name: / is ahead: / }).waitFor()
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
}

/** Live bytes of the page's JavaScript heap. */
async function heapMb(cdp: CDPSession): Promise<number> {
  await cdp.send('Performance.enable')
  await cdp.send('HeapProfiler.collectGarbage')
  const { metrics } = await cdp.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN) / 1e6
}

/** Counts what comes over WebSockets from now on; the function that comes back says how many bytes it was. */
async function countReceived(cdp: CDPSession): Promise<() => number> {
  let bytes = 0
  cdp.on('Network.webSocketFrameReceived', ({ response }) => {
    bytes += Buffer.byteLength(response.payloadData)
  })
  await cdp.send('Network.enable')
  return () => bytes
}
