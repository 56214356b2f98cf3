import { readFile } from 'node:fs/promises'
import { expect, type Locator, type Page } from '@playwright/test'
import type { PlanInput } from '../../../shared/plan/plan.ts'

/** Puts a plan into Set up the way a user can: by pasting its JSON. */
export async function pastePlan(page: Page, plan: PlanInput | Record<string, unknown>): Promise<void> {
  await page.keyboard.press('1')
  await page.getByRole('button', { name: 'Paste…' }).click()
  await page.getByLabel("The plan's JSON").fill(JSON.stringify(plan))
  await page.getByRole('button', { name: 'Use it' }).click()
}

/** Starts what Set up holds and waits for its result to show. */
export async function runToResult(page: Page): Promise<void> {
  await startButton(page).click()
  await expect(resultHeading(page)).toBeVisible({ timeout: 120_000 })
}

/** Presses what starts a run, and sees Live come; a short run may be over, and its result there, before anybody looks. */
export async function throughLive(page: Page, start: Locator): Promise<void> {
  await Promise.all([page.waitForURL(/#\/live/, { waitUntil: 'commit' }), start.click()])
}

export function startButton(page: Page): ReturnType<Page['getByRole']> {
  return page.getByRole('button', { name: 'Start', exact: true })
}

export function resultHeading(page: Page): ReturnType<Page['getByRole']> {
  return page.getByRole('heading', { name: 'What one message waits for' })
}

/** Chooses something in the Export menu; answers the text of the file that is saved. */
export async function exportText(
  page: Page,
  item: RegExp,
  at: { mode: 'serve' | 'desktop'; fileName: RegExp }
): Promise<string> {
  await page.getByRole('button', { name: 'Export' }).click()
  if (at.mode === 'serve') {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: item }).click()
    ])
    expect(download.suggestedFilename()).toMatch(at.fileName)
    return readFile(await download.path(), 'utf8')
  }
  await page.getByRole('menuitem', { name: item }).click()
  const toast = page
    .getByRole('status')
    .getByText(/^Saved /)
    .filter({ hasText: at.fileName })
  await expect(toast).toBeVisible()
  return readFile((await toast.innerText()).replace(/^Saved /, ''), 'utf8')
}

/** The ids of the history's runs, newest first, once there are so many. */
export async function historyIds(page: Page, count: number): Promise<string[]> {
  await page.keyboard.press('5')
  const rows = page.locator('tr[data-run]')
  await expect(rows).toHaveCount(count)
  return rows.evaluateAll((all) => all.map((row) => row.getAttribute('data-run') ?? ''))
}
