import type { Page } from '@playwright/test'
import { startFailingServers } from '../../support/failing-servers.ts'
import { sandboxPlanInput } from '../../support/sandbox-plan.ts'
import { expect, test } from '../fixtures.ts'
import { pastePlan, resultHeading, startButton } from './screen.ts'

/** Opens the only error, and finds in it when it came, on which connection, and what was said. */
async function lookInto(page: Page): Promise<void> {
  const look = page.getByRole('button', { name: /^Look into rejected 550 5\.7\.1 of smtp$/ })
  await look.click()
  await expect(look).toHaveAttribute('aria-expanded', 'true')
  await expect(page.getByText(/^The first came .* into the run, the last .*had carried 3 to/)).toBeVisible()
  const [first, second] = [0, 1].map((place) => page.locator('details', { hasText: /^At / }).nth(place))
  await expect(first!.getByText(/connection \d, after 3 messages$/)).toBeVisible()
  await expect(first!.getByText('RCPT TO:<sink@example.com>')).toBeVisible()
  await expect(first!.getByRole('listitem').filter({ hasText: '550 5.7.1 enough' })).toBeVisible()
  await expect(second!.getByText('RCPT TO:<sink@example.com>')).toBeHidden()
}

test('an error opens to when it came, on which connection, and what was said: live, and in the result', async ({
  page
}) => {
  await using servers = await startFailingServers(3)
  await pastePlan(
    page,
    sandboxPlanInput({
      load: { model: 'closed', concurrency: 1, durationSeconds: 600 },
      rounds: 1,
      warmupSeconds: 0,
      transports: [
        { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: servers.smtpPort, security: 'none' }
      ]
    })
  )
  await startButton(page).click()
  await lookInto(page)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await expect(resultHeading(page)).toBeVisible()
  await lookInto(page)
  await page.keyboard.press('2')
  await lookInto(page)
})
