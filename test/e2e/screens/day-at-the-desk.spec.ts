import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { figure } from '../../../shared/text/format.ts'
import { fittedMs } from '../../../shared/insight/sweep-words.ts'
import { studyRecordSchema, type StudyRecord } from '../../../shared/record/study-record.ts'
import { sandboxPlanInput } from '../../support/sandbox-plan.ts'
import { expect, test } from '../fixtures.ts'
import {
  exportText,
  historyIds,
  pastePlan,
  resultHeading,
  runToResult,
  startButton,
  throughLive
} from './screen.ts'

/** What the server below can do, messages a second. */
const TRUTH = 200

/** An API that takes a message every 5 ms on a clock of its own: late timers of a busy machine take nothing from its rate. */
function limitedApi(): Promise<Server> {
  let freeAtMs = 0
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      const nowMs = performance.now()
      freeAtMs = Math.max(nowMs, freeAtMs) + 1000 / TRUTH
      setTimeout(() => {
        response.setHeader('content-type', 'application/json')
        response.end('{"id":"<1@example.com>","message":"Queued. Thank you."}')
      }, freeAtMs - nowMs)
    })
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

async function readStudy(folder: string, id: string): Promise<StudyRecord> {
  return studyRecordSchema.parse(JSON.parse(await readFile(join(folder, 'runs', id, 'study.json'), 'utf8')))
}

async function startStudy(page: Page, plan: object, study: object): Promise<void> {
  await pastePlan(page, { ...plan, study })
  await throughLive(page, startButton(page))
}

test('a day at the desk: limit, distance, size, a stop, a second tab, what changed, and export', async ({
  page,
  mode,
  dataFolder
}) => {
  test.setTimeout(1_200_000)
  const server = await limitedApi()
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  const api = { name: 'api', protocol: 'http', url, domain: 'example.com', auth: null } as const
  const limited = sandboxPlanInput({
    name: 'limit of the desk',
    transports: [api],
    load: { model: 'closed', concurrency: 100, messages: 20 },
    rounds: 1
  })

  let runs = 0
  await test.step('the limit is found within 5 %, and every step is in the table', async () => {
    let found: NonNullable<StudyRecord['capacity']>['transports'][number] | undefined
    const off = (): number => Math.abs((found?.rate ?? 0) - TRUTH) / TRUTH
    // A search that a busy machine disturbed in the middle is made again.
    for (let attempt = 1; attempt <= 5 && off() >= 0.05; attempt++) {
      await startStudy(page, limited, {
        kind: 'capacity',
        objectives: ['response.p50 < 400'],
        ...{
          holdSeconds: 2,
          confirmSeconds: 2,
          startRate: 150,
          ceilingRate: 250,
          precisionPercent: 4,
          coolDownSeconds: 0.2
        }
      })
      await expect(page.getByRole('heading', { name: 'What one message waits for' })).toBeHidden()
      await expect(page.getByRole('heading', { name: 'Steps' })).toBeVisible()
      await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible({ timeout: 400_000 })
      const [id = ''] = await historyIds(page, ++runs)
      found = (await readStudy(dataFolder, id)).capacity?.transports[0]
    }
    expect(off()).toBeLessThan(0.05)
    await page.getByRole('link', { name: 'limit of the desk' }).first().click()
    await expect(page.getByText(/^api keeps/)).toBeVisible()
    for (const step of found?.steps.slice(0, 3) ?? []) {
      await expect(page.getByRole('cell', { name: figure(step.rate), exact: true }).first()).toBeVisible()
    }
    const csv = await exportText(page, /^Steps/, { mode, fileName: /limit-of-the-desk-.*capacity\.csv$/ })
    expect(csv.trim().split('\r\n')).toHaveLength(1 + (found?.steps.length ?? 0))
  })

  const near = sandboxPlanInput({
    name: 'desk',
    rounds: 1,
    load: { model: 'closed', concurrency: 4, messages: 24 }
  })
  await test.step('a sweep over distance fits the turns that were counted', async () => {
    await startStudy(page, near, { kind: 'distance', rttsMs: [5, 25, 45] })
    await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible({ timeout: 120_000 })
    const [id = ''] = await historyIds(page, ++runs)
    const record = await readStudy(dataFolder, id)
    expect(record.sweep?.transports).toHaveLength(2)
    await page.getByRole('link', { name: 'desk', exact: true }).first().click()
    for (const transport of record.sweep?.transports ?? []) {
      const { name, turnsFitted, points } = transport
      const row = page.getByRole('row', { name: new RegExp(`^${name} `) })
      await expect(row).toContainText((turnsFitted ?? NaN).toFixed(2))
      for (const point of points) {
        await expect(row).toContainText(figure(fittedMs(transport, point) ?? NaN))
      }
    }
    const csv = await exportText(page, /^Points/, { mode, fileName: /desk-.*sweep\.csv$/ })
    expect(csv.trim().split('\r\n')).toHaveLength(1 + 2 * 3)
  })

  await test.step('a sweep over size sends each size, and shows the rounds of the window', async () => {
    const sizesBytes = [2_000, 200_000]
    await startStudy(page, { ...near, emulate: { rttMs: 10 } }, { kind: 'size', sizesBytes })
    await expect(page.getByRole('button', { name: 'Run again' })).toBeVisible({ timeout: 120_000 })
    const [id = ''] = await historyIds(page, ++runs)
    const record = await readStudy(dataFolder, id)
    expect(record.sweep?.transports).toHaveLength(2)
    await page.getByRole('link', { name: 'desk', exact: true }).first().click()
    for (const { name, points, sizes } of record.sweep?.transports ?? []) {
      expect(points.map((point) => point.sizeBytes)).toEqual(sizesBytes)
      const row = page.getByRole('row', { name: new RegExp(`^${name} `) })
      for (const { serviceP50 } of points) await expect(row).toContainText(figure(serviceP50 ?? NaN))
      for (const { roundsFitted } of sizes) await expect(row).toContainText((roundsFitted ?? NaN).toFixed(2))
    }
  })

  await test.step('broken off in the middle, it keeps what was measured, in a second tab too', async () => {
    const long = { ...near, load: { model: 'closed', concurrency: 4, messages: 4000 } }
    await startStudy(page, long, { kind: 'distance', rttsMs: [1, 50, 100] })
    await expect(page.getByRole('heading', { name: /of 3 distances/ })).toBeVisible({ timeout: 120_000 })
    // The desktop has one window alone.
    const second = mode === 'serve' ? await page.context().newPage() : page
    await second.goto(page.url())
    if (mode === 'desktop') await page.reload()
    await expect(second.getByRole('heading', { name: /of 3 distances/ })).toBeVisible({ timeout: 120_000 })
    await second.getByRole('button', { name: 'Stop', exact: true }).click()
    await expect(page.getByText(/^Stopped by you after/)).toBeVisible({ timeout: 120_000 })
    await historyIds(page, ++runs)
    await expect(page.locator('tr[data-run]').first()).toContainText('stopped')
  })

  await test.step('two runs say what differs in their plans, and by how much the second is slower', async () => {
    await pastePlan(page, { ...near, name: 'before' })
    await runToResult(page)
    await pastePlan(page, { ...near, name: 'after', rounds: 2, emulate: { rttMs: 20 } })
    await runToResult(page)
    await page.getByRole('button', { name: 'Compare…' }).click()
    await page.getByRole('menuitem', { name: /^before/ }).click()
    await expect(page.getByRole('heading', { name: 'What differs between the runs' })).toBeVisible()
    await expect(page.getByRole('row', { name: /emulate round trip 0 20/ })).toBeVisible()
    await expect(resultHeading(page)).toBeVisible()
  })
  server.close()
})
