import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { SCREENS } from '../../../shared/page/screens.ts'
import { sandboxPlanInput } from '../../support/sandbox-plan.ts'
import { expect, test } from '../fixtures.ts'
import { pastePlan, resultHeading, runToResult, startButton } from './screen.ts'

/** What axe finds, of any weight: rule and first place. */
async function findings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  return violations.map(({ id, impact, nodes }) => `${impact ?? ''} ${id}: ${String(nodes[0]?.target)}`)
}

test('axe finds nothing on any screen, light and dark', async ({ page }) => {
  test.setTimeout(480_000)
  const empty: [key: string, heading: string][] = [
    ['2', 'Nothing runs now'],
    ['3', 'Nothing measured yet'],
    ['4', 'No host was looked at yet'],
    ['5', 'No runs yet']
  ]
  for (const [key, heading] of empty) {
    await page.keyboard.press(key)
    await expect(page.getByRole('heading', { name: heading })).toBeVisible()
    expect(await findings(page), heading).toEqual([])
  }
  await pastePlan(page, sandboxPlanInput())
  await page.locator('button[aria-expanded]').first().click()
  await runToResult(page)
  for (const theme of ['Light', 'Dark']) {
    await page.getByRole('radio', { name: theme }).check({ force: true })
    for (const [index, { id }] of SCREENS.entries()) {
      const key = String(index + 1)
      await page.keyboard.press(key)
      await expect(page).toHaveURL(new RegExp(`#/${id}$`))
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
      if (key === '3') await expect(resultHeading(page)).toBeVisible()
      expect(await findings(page), `screen ${key}, ${theme}`).toEqual([])
    }
  }
})

test('the keyboard alone is enough: start, watch, read a block, export, compare screens', async ({
  page
}) => {
  await pastePlan(page, sandboxPlanInput())
  // What is disabled is passed over.
  await expect(startButton(page)).toBeEnabled()
  await tabTo(page, 'Start')
  await page.keyboard.press('Enter')
  await expect(resultHeading(page)).toBeVisible({ timeout: 120_000 })

  await tabTo(page, /^Turn 1: /)
  await page.keyboard.press('ArrowRight')
  await expect.poll(() => focusedName(page)).toMatch(/^Turn 2: /)
  await page.keyboard.press('ArrowDown')
  await expect.poll(() => focusedName(page)).toMatch(/^Turn 1: POST/)

  await page.locator('#main').focus()
  await tabTo(page, 'Export')
  await page.keyboard.press('Enter')
  await expect.poll(() => focusedName(page)).toMatch(/^Report/)
  await page.keyboard.press('Escape')
  await expect.poll(() => focusedName(page)).toMatch(/^Export/)

  for (const [key, heading] of [
    ['4', 'Which port should I use from here?'],
    ['5', '1 run measured']
  ] as const) {
    await page.keyboard.press(key)
    await expect(page.getByRole('heading', { name: heading })).toBeVisible()
  }
})

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let presses = 0; presses < 120; presses++) {
    const focused = await focusedName(page)
    if (typeof name === 'string' ? focused === name : name.test(focused)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never came to ${String(name)}`)
}

async function focusedName(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement } = document
    return (activeElement?.getAttribute('aria-label') ?? activeElement?.textContent ?? '').trim()
  })
}

test('charts take the colours of the scheme that is chosen while they are looked at', async ({ page }) => {
  await pastePlan(
    page,
    sandboxPlanInput({ rounds: 2, load: { model: 'closed', concurrency: 2, messages: 24 } })
  )
  await runToResult(page)
  const lanes = page.locator('.lanes canvas')
  const drawn = (): Promise<string> =>
    lanes.evaluate((canvas) => (canvas as unknown as HTMLCanvasElement).toDataURL())
  await page.getByRole('radio', { name: 'Dark' }).check({ force: true })
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark')
  const switched = await drawn()
  await page.keyboard.press('5')
  await expect(lanes).toBeHidden()
  await page.keyboard.press('3')
  await expect(lanes).toBeVisible()
  await expect.poll(drawn).toBe(switched)
})
