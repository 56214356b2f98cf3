import { sandboxPlanInput } from '../../support/sandbox-plan.ts'
import { expect, test } from '../fixtures.ts'
import { historyIds, pastePlan, runToResult, startButton } from './screen.ts'

test('what one tab does to the history, the other one shows', async ({ page }) => {
  const second = await page.context().newPage()
  await second.goto(page.url())
  await second.keyboard.press('5')
  await expect(second.getByText('No runs yet')).toBeVisible()
  await pastePlan(
    page,
    sandboxPlanInput({ name: 'before', rounds: 1, load: { model: 'closed', concurrency: 2, messages: 12 } })
  )
  await runToResult(page)
  await expect(second.getByRole('link', { name: 'before' })).toBeVisible()

  await historyIds(page, 1)
  await page.getByRole('button', { name: 'Rename before' }).click()
  await page.getByLabel('New name of the run').fill('after')
  await page.keyboard.press('Enter')
  await expect(second.getByRole('link', { name: 'after' })).toBeVisible()
  await page.getByRole('button', { name: 'Delete after' }).click()
  await expect(second.getByText('No runs yet')).toBeVisible()
  await page.getByRole('button', { name: 'Undo' }).click()
  await expect(second.getByRole('link', { name: 'after' })).toBeVisible()
})

test('a result stays on the screen when another tab measures a newer one', async ({ page }) => {
  const small = { rounds: 1, load: { model: 'closed', concurrency: 2, messages: 12 } } as const
  await pastePlan(page, sandboxPlanInput({ ...small, name: 'looked at' }))
  await runToResult(page)
  const second = await page.context().newPage()
  await second.goto(page.url())
  await second.keyboard.press('3')
  await expect(second.getByRole('heading', { level: 1, name: 'looked at' })).toBeVisible()
  await pastePlan(page, sandboxPlanInput({ ...small, name: 'newer' }))
  await runToResult(page)
  await expect(second.getByText('The run has ended.')).toBeVisible()
  await expect(second.getByRole('heading', { level: 1, name: 'looked at' })).toBeVisible()
  await second.keyboard.press('5')
  await expect(second.getByRole('link', { name: 'newer' })).toBeVisible()
  await second.keyboard.press('3')
  await expect(second.getByRole('heading', { level: 1, name: 'newer' })).toBeVisible()
})

test('Stop says what it does next, whichever tab it was pressed in', async ({ page }) => {
  const second = await page.context().newPage()
  await second.goto(page.url())
  await pastePlan(
    page,
    sandboxPlanInput({
      rounds: 1,
      load: { model: 'closed', concurrency: 1, durationSeconds: 60 },
      // What is in flight takes a while to end in order.
      emulate: { rttMs: 1000 }
    })
  )
  await startButton(page).click()
  await second.keyboard.press('2')
  await expect(second.getByText(/^Measuring/)).toBeVisible({ timeout: 60_000 })
  await second.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(page.getByRole('button', { name: 'Stop at once' })).toBeVisible()
  await page.getByRole('button', { name: 'Stop at once' }).click()
  await expect(page.getByText(/^Stopped by you after/)).toBeVisible({ timeout: 30_000 })
})

test('a run that cannot start says so on every screen', async ({ page }) => {
  const second = await page.context().newPage()
  await second.goto(page.url())
  await second.keyboard.press('4')
  await pastePlan(
    page,
    sandboxPlanInput({
      transports: [{ name: 'nobody', protocol: 'smtp', host: '127.0.0.1', port: 1, security: 'none' }]
    })
  )
  await startButton(page).click()
  await expect(page.getByRole('heading', { name: 'The run failed' })).toBeVisible()
  await expect(second.getByRole('status').getByText(/^The run failed: .*nobody/)).toBeVisible()
})
