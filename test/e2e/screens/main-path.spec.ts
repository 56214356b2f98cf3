import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { figure } from '../../../shared/text/format.ts'
import { runRecordSchema } from '../../../shared/record/run-record.ts'
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

const NO_JSON = /cannot be imported.*JSON/
const NO_RECORD = /cannot be imported.*found/

test('first start, one click: both protocols race, and the result says why one is ahead', async ({
  page
}) => {
  test.setTimeout(480_000)
  await expect(page.getByRole('heading', { level: 1 })).toContainText('5 transports')
  await startButton(page).click()

  const bar = page.getByRole('progressbar', { name: 'Progress of the run' })
  await expect(bar).toBeVisible()
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(0)
  const chart = page.locator('canvas')
  await expect(chart).toBeVisible()
  const drawn = (): Promise<string> =>
    chart.evaluate((canvas) => (canvas as unknown as HTMLCanvasElement).toDataURL())
  const before = await drawn()
  await expect.poll(async () => (await drawn()) === before).toBe(false)

  await expect(resultHeading(page)).toBeVisible({ timeout: 360_000 })
  await expect(page.getByText(/takes .* a message/).first()).toBeVisible()
  await expect(page.getByText('sandbox, RTT')).toBeVisible()
})

test('what is saved is what was measured, and a second run is compared with the first', async ({
  page,
  mode,
  dataFolder
}) => {
  await pastePlan(page, sandboxPlanInput({ name: 'first of two' }))
  await runToResult(page)

  const csv = await exportText(page, /^Summary/, { mode, fileName: /summary.*\.csv$/ })
  const [id] = await historyIds(page, 1)
  expect(csv).toBe(await readFile(join(dataFolder, 'runs', id ?? '', 'summary.csv'), 'utf8'))

  await page.getByRole('link', { name: 'first of two' }).click()
  await expect(resultHeading(page)).toBeVisible()
  const json = await exportText(page, /^Run record/, { mode, fileName: /\.json$/ })
  const record = runRecordSchema.parse(JSON.parse(json))
  expect(record.id).toBe(id)

  const distance = page.getByRole('region', { name: 'As measured' })
  for (const { name, service } of record.transports) {
    const p50 = distance.getByRole('row', { name: new RegExp(`^${name} `) }).getByRole('cell')
    await expect(p50.first()).toHaveText(figure(service.p50 ?? NaN))
  }

  await throughLive(page, page.getByRole('button', { name: 'Run again' }))
  await expect(resultHeading(page)).toBeVisible({ timeout: 120_000 })
  await historyIds(page, 2)
  for (const box of await page.getByRole('checkbox').all()) await box.check()
  await page.getByRole('button', { name: 'Compare the two' }).click()
  await expect(page.getByRole('heading', { name: 'From the first to the second' })).toBeVisible()
  await expect(page.getByRole('row', { name: /^smtp / })).toBeVisible()
  await expect(page.getByRole('row', { name: /^api / })).toBeVisible()

  // Runs of one plan share their name.
  await historyIds(page, 2)
  const file = { name: 'run.json', mimeType: 'application/json', buffer: Buffer.from(json) }
  await page.getByLabel('Run record to import').setInputFiles(file)
  await historyIds(page, 3)
  const toasts = page.getByRole('status').locator('.toast > span')
  for (const [index, text] of ['no JSON', '[]', 'no JSON'].entries()) {
    await page.getByLabel('Run record to import').setInputFiles({ ...file, buffer: Buffer.from(text) })
    await expect(toasts.last()).toHaveText(index === 1 ? NO_RECORD : NO_JSON)
  }
  await expect(toasts.filter({ hasText: NO_JSON })).toHaveCount(1)
  await page.getByRole('link', { name: 'first of two' }).first().click()
  await page.getByRole('button', { name: 'Compare…' }).click()
  await expect(page.getByRole('menuitem', { name: /^first of two/ })).toHaveCount(2)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'From the first to the second' })).toBeVisible()
})

test('a run that is stopped in the middle keeps what was measured', async ({ page, dataFolder }) => {
  await pastePlan(
    page,
    sandboxPlanInput({
      load: { model: 'closed', concurrency: 2, durationSeconds: 600 },
      emulate: { rttMs: 20 }
    })
  )
  await startButton(page).click()
  const accepted = page
    .getByRole('row', { name: /^smtp / })
    .getByRole('cell')
    .nth(3)
  await expect(accepted).toHaveText(/^[1-9]/, { timeout: 60_000 })
  await page.getByRole('button', { name: 'Stop', exact: true }).click()

  await expect(page.getByText(/^Stopped by you after/)).toBeVisible({ timeout: 60_000 })
  const [id] = await historyIds(page, 1)
  const text = await readFile(join(dataFolder, 'runs', id ?? '', 'run.json'), 'utf8')
  const record = runRecordSchema.parse(JSON.parse(text))
  expect(record.state).toBe('stopped')
  expect(record.transports[0]?.counts.accepted).toBeGreaterThan(0)
})

test('a run goes on over a reload of its page', async ({ page }) => {
  await pastePlan(
    page,
    sandboxPlanInput({
      load: { model: 'closed', concurrency: 2, durationSeconds: 180 },
      emulate: { rttMs: 20 }
    })
  )
  await startButton(page).click()
  const bar = page.getByRole('progressbar', { name: 'Progress of the run' })
  await expect.poll(async () => Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(0)
  await page.reload()
  await expect(bar).toBeVisible()
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(page.getByText(/^Stopped by you after/)).toBeVisible({ timeout: 60_000 })
})

test('a run is renamed, deleted, and comes back by Undo', async ({ page }) => {
  await pastePlan(page, sandboxPlanInput({ name: 'to be renamed' }))
  await runToResult(page)
  await historyIds(page, 1)
  await page.getByRole('button', { name: 'Rename to be renamed' }).click()
  await page.getByLabel('New name of the run').fill('renamed')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('link', { name: 'renamed', exact: true })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Rename renamed' })).toBeFocused()
  await page.getByRole('button', { name: 'Delete renamed' }).click()
  await expect(page.getByRole('heading', { name: 'No runs yet' })).toBeVisible()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(page.getByRole('link', { name: 'renamed', exact: true })).toBeVisible()
})

test('an assertion that is written twice is answered twice, and the rest of the result stands', async ({
  page
}) => {
  const text = 'api.failed == 0'
  await pastePlan(
    page,
    sandboxPlanInput({
      rounds: 1,
      load: { model: 'closed', concurrency: 2, messages: 12 },
      assert: [text, text]
    })
  )
  await runToResult(page)
  await expect(page.getByText('All 2 hold.')).toBeVisible()
  await expect(page.getByText(text, { exact: true })).toHaveCount(2)
  await expect(page.getByRole('heading', { name: 'Environment, settings, notes' })).toBeVisible()
})

test('a search that is stopped before its first message says that nothing was measured', async ({ page }) => {
  await pastePlan(page, {
    // The first look at each transport takes so long that Stop comes in it.
    ...sandboxPlanInput({ emulate: { rttMs: 1000 } }),
    study: { kind: 'capacity' }
  })
  await startButton(page).click()
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(page.getByText('Stopped by you, before anything was sent.')).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('heading', { name: 'Nothing was measured' })).toBeVisible()
  await expect(page.getByRole('button', { name: /^Stop/ })).toBeHidden()
})

test('a note is kept, however its field is left', async ({ page }) => {
  await pastePlan(
    page,
    sandboxPlanInput({ rounds: 1, load: { model: 'closed', concurrency: 2, messages: 12 } })
  )
  await runToResult(page)
  await page.getByLabel('Note', { exact: true }).fill('over the train’s network')
  await page.goBack()
  // While the field is there, a key is typed into it.
  await expect(page.getByLabel('Note', { exact: true })).toBeHidden()
  await historyIds(page, 1)
  await expect(page.locator('tr[data-run]')).toContainText('over the train’s network')
})
