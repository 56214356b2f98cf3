import { startSandbox } from '../../../electron/sandbox/sandbox.ts'
import { sandboxPlanInput } from '../../support/sandbox-plan.ts'
import { expect, test } from '../fixtures.ts'
import { pastePlan } from './screen.ts'

test('Ports tells what a real server offers, which port to use and why', async ({ page }) => {
  const sandbox = await startSandbox()
  try {
    await page.keyboard.press('4')
    await page.getByLabel('Host').fill('127.0.0.1')
    await page.getByLabel('Ports').fill(`${sandbox.smtpPort}, ${sandbox.smtpsPort}, 1`)
    await page.getByLabel('API address, optional').fill(sandbox.apiTlsUrl)
    await page.getByRole('button', { name: 'Look' }).click()
    const row = (port: number) => page.locator(`tr[data-port="${port}"]`)
    await expect(row(sandbox.smtpPort)).toContainText('SMTP')
    await expect(row(sandbox.smtpPort)).toContainText('STARTTLS')
    await expect(row(sandbox.smtpPort)).toContainText('PIPELINING')
    await expect(row(sandbox.smtpsPort)).toContainText('SMTP in TLS')
    await expect(row(1)).toContainText('refused')
    await expect(page.getByText('HTTP API')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Measure this port' })).toBeVisible()
    await expect(page.getByRole('heading', { level: 1 })).toContainText(/^Use port \d+: /)
  } finally {
    await sandbox.stop()
  }
})

test('Explain shows every turn of one message, on a new connection and on a kept one', async ({ page }) => {
  await pastePlan(page, sandboxPlanInput())
  await page.getByRole('button', { name: 'Explain one message' }).click()
  const smtp = page.getByRole('region', { name: 'smtp' })
  await expect(smtp).toHaveCount(2)
  await expect(page.getByRole('group', { name: /^smtp, new: 9 turns/ })).toBeVisible()
  await expect(page.getByRole('group', { name: /^smtp, kept: 2 turns/ })).toBeVisible()
  await expect(smtp.first()).toContainText('9 turns')
  await expect(smtp.first()).toContainText('EHLO')
  await expect(smtp.last()).toContainText('2 turns')
  const api = page.getByRole('region', { name: 'api' })
  await expect(api.first()).toContainText('3 turns')
  await expect(api.last()).toContainText('1 turn')
  await expect(page.getByText('not-a-secret')).toHaveCount(0)
})

test('Explain asks before a message leaves this machine', async ({ page }) => {
  await pastePlan(
    page,
    sandboxPlanInput({
      transports: [
        { name: 'away', protocol: 'smtp', host: 'mail.chattermark.invalid', port: 587, security: 'starttls' }
      ]
    })
  )
  await page.getByRole('button', { name: 'Explain one message' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('mail.chattermark.invalid:587')
  await expect(dialog).toContainText('2 messages')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('heading', { name: 'What one message says and waits for' })).toBeHidden()
  await page.getByRole('button', { name: 'Explain one message' }).click()
  await dialog.getByRole('button', { name: 'Send 2' }).click()
  await expect(page.getByText(/mail\.chattermark\.invalid/)).toBeVisible({ timeout: 60_000 })
  await expect(page.getByRole('region', { name: 'away' }).or(page.getByRole('alert'))).toBeVisible()
})
