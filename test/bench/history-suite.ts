import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { median } from '../../shared/insight/statistics.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { startSandbox } from '../../electron/sandbox/sandbox.ts'
import buildIfStale from '../e2e/build-if-stale.ts'
import { launchServe } from '../e2e/launch.ts'
import { findBrowser } from '../support/browser.ts'
import { inTurn, milliseconds, type Row, seconds, type Suite } from './bench.ts'
import { BUILT_CLI, chattermarkRun, smtpTransport } from './chattermark.ts'
import { output, temporaryFolder } from './processes.ts'

const MANY_RUNS = 5000
const FEW_RUNS = 10
const ALLOWED_MS = 300
const REPEATS = 9

/** What a user waits for who has measured much. */
export const historySuite: Suite = {
  name: 'history',
  async *run() {
    buildIfStale()
    const sandbox = await startSandbox()
    const record = await chattermarkRun({
      transport: smtpTransport(sandbox.smtpPort),
      concurrency: 1,
      messages: 10
    })
    await sandbox.stop()
    const few = history(record, FEW_RUNS)
    const many = history(record, MANY_RUNS)
    yield await listRow(few, many)
    yield* pageRows(few, many)
  }
}

async function listRow(few: string, many: string): Promise<Row> {
  const list = (data: string): Promise<number> =>
    seconds(() => output(process.execPath, [BUILT_CLI, 'runs', 'list'], { CHATTERMARK_DATA: data }))
  // The first one finds no index yet.
  await list(few)
  await list(many)
  const measured = await inTurn(
    () => list(many),
    () => list(few),
    REPEATS
  )
  return historyRow('`runs list`, the whole command,', measured)
}

/** What History takes in an app that is open, and from the app's address on; in a browser that runs and has its window open. */
async function* pageRows(few: string, many: string): AsyncGenerator<Row> {
  const browser = await chromium.launch({ executablePath: await findBrowser() })
  const [ofFew, ofMany] = [await launchServe(few), await launchServe(many)]
  try {
    const [fewPage, manyPage] = [await browser.newPage(), await browser.newPage()]
    const fromAddress = await inTurn(
      () => opened(manyPage, ofMany.url, MANY_RUNS),
      () => opened(fewPage, ofFew.url, FEW_RUNS),
      REPEATS
    )
    const fromSetUp = await inTurn(
      () => shown(manyPage, MANY_RUNS),
      () => shown(fewPage, FEW_RUNS),
      REPEATS
    )
    yield historyRow('the screen History, chosen in the app,', fromSetUp)
    yield comparisonRow('the same with the whole app, from its address on,', fromAddress)
  } finally {
    await browser.close()
    await ofFew.close()
    await ofMany.close()
  }
}

/** Time from an address until the page shows its first rows, s. */
async function opened(page: Page, url: string, runs: number): Promise<number> {
  await page.goto('about:blank')
  return seconds(async () => {
    await page.goto(`${url}#/history`, { waitUntil: 'commit' })
    await rowsShown(page, runs)
  })
}

/** Time from a key until the first rows show, s. */
async function shown(page: Page, runs: number): Promise<number> {
  await page.keyboard.press('1')
  await page.getByRole('button', { name: 'Start', exact: true }).waitFor()
  return seconds(async () => {
    await page.keyboard.press('5')
    await rowsShown(page, runs)
  })
}

async function rowsShown(page: Page, runs: number): Promise<void> {
  await page.getByRole('heading', { name: `${runs.toLocaleString('en')} runs measured` }).waitFor()
  await page.locator('tr[data-run]').first().waitFor()
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)))
}

function historyRow(what: string, measured: Awaited<ReturnType<typeof inTurn>>): Row {
  const met = { ok: median(measured.ours) * 1000 <= ALLOWED_MS, demand: `at most ${ALLOWED_MS} ms` }
  return { ...comparisonRow(what, measured), met }
}

function comparisonRow(what: string, measured: Awaited<ReturnType<typeof inTurn>>): Row {
  return {
    what: `${what} with ${MANY_RUNS.toLocaleString('en')} runs`,
    against: `${FEW_RUNS} runs`,
    bound: null,
    ratios: measured.ratios,
    figures: `${milliseconds(measured.ours)} against ${milliseconds(measured.peer)}`
  }
}

/** A data folder with so many runs, a minute apart. */
function history(record: RunRecord, count: number): string {
  const data = temporaryFolder()
  for (let index = 0; index < count; index++) {
    const startedAt = new Date(Date.parse(record.startedAt) - index * 60_000).toISOString()
    const id = `${startedAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}-${index.toString(16).padStart(6, '0')}`
    const folder = join(data, 'runs', id)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'run.json'), JSON.stringify({ ...record, id, startedAt }))
  }
  return data
}
