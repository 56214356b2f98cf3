import { sandboxPlanInput } from '../../support/sandbox-plan.ts'
import { expect, test } from '../fixtures.ts'
import { pastePlan } from './screen.ts'

const message = { from: 'bench@example.com', to: ['sink@example.com'] }
const smtp = { name: 'smtp', protocol: 'smtp', host: 'sandbox', port: 587, security: 'starttls' }
const api = { name: 'api', protocol: 'http', url: 'https://sandbox' }

/** One fault each: what is wrong, and the path of the field beside which it must stand. */
const FAULTS: [what: string, changes: Record<string, unknown>, path: string][] = [
  ['an empty name', { name: '' }, 'name'],
  ['a sender that is no mailbox', { message: { from: 'nobody', to: ['a@example.com'] } }, 'message.from'],
  ['no recipient', { message: { from: 'a@example.com', to: [] } }, 'message.to'],
  [
    'a size below zero',
    { message: { from: 'a@example.com', to: ['b@example.com'], sizeBytes: -1 } },
    'message.sizeBytes'
  ],
  [
    'an attachment without a name',
    {
      message: {
        from: 'a@example.com',
        to: ['b@example.com'],
        attachments: [{ filename: '', sizeBytes: 1 }]
      }
    },
    'message.attachments[0].filename'
  ],
  [
    'a concurrency that is a word',
    { load: { model: 'closed', concurrency: 'ten', messages: 10 } },
    'load.concurrency'
  ],
  [
    'fewer messages than rounds',
    { load: { model: 'closed', concurrency: 1, messages: 1 }, rounds: 6 },
    'load.messages'
  ],
  ['a rate of nothing', { load: { model: 'open', rate: 0, durationSeconds: 5 } }, 'load.rate'],
  [
    'a stage that takes no time',
    { load: { model: 'stages', stages: [{ rate: 5, durationSeconds: 0 }] } },
    'load.stages[0].durationSeconds'
  ],
  ['no rounds', { rounds: 0 }, 'rounds'],
  ['a timeout of nothing', { timeoutSeconds: 0 }, 'timeoutSeconds'],
  ['an RTT below zero', { emulate: { rttMs: -5 } }, 'emulate.rttMs'],
  ['a port that cannot be', { transports: [{ ...smtp, port: 70_000 }, api] }, 'transports[0].port'],
  ['a name twice', { transports: [smtp, { ...api, name: 'smtp' }] }, 'transports[1].name'],
  ['an address of another kind', { transports: [smtp, { ...api, url: 'ftp://x' }] }, 'transports[1].url'],
  [
    'overlap on a new connection each',
    { transports: [{ ...smtp, overlap: true, messagesPerConnection: 1 }, api] },
    'transports[0].overlap'
  ],
  [
    'an extension that is neither on nor off',
    { transports: [{ ...smtp, pipelining: 'yes' }, api] },
    'transports[0].pipelining'
  ],
  [
    'TLS versions the wrong way round',
    {
      transports: [{ ...smtp, tls: { minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' } }, api]
    },
    'transports[0].tls.minVersion'
  ],
  [
    'a password in plain text',
    { transports: [{ ...smtp, host: '127.0.0.1', auth: { user: 'u', password: 'secret' } }, api] },
    'transports[0].auth.password'
  ],
  [
    'a template that is no JSON',
    { transports: [smtp, { ...api, provider: 'generic', template: { body: '{"to": ' } }] },
    'transports[1].template.body'
  ],
  [
    'a placeholder that does not exist',
    { transports: [smtp, { ...api, provider: 'generic', template: { body: { to: '{{too}}' } } }] },
    'transports[1].template.body'
  ],
  ['an assertion that says nothing', { assert: ['nope'] }, 'assert']
]

test('every fault of a plan stands at its field and is counted at the button', async ({ page }) => {
  test.setTimeout(480_000)
  for (const [what, changes, path] of FAULTS) {
    await test.step(what, async () => {
      await pastePlan(page, { ...sandboxPlanInput(), ...changes })
      await expect(page.getByRole('button', { name: /^\d+ faults?$/ })).toBeDisabled()
      const fault = page.locator(`[data-fault="${path}"]`)
      await expect(fault).toHaveCount(1)
      await expect(fault).not.toBeEmpty()
      await expect(page.locator(`[data-path="${path}"]`).first()).toBeAttached()
    })
  }
})

test('a field that no screen has is named where the plan begins', async ({ page }) => {
  await pastePlan(page, { ...sandboxPlanInput(), colour: 'red' })
  await expect(page.locator('[data-fault="colour"]')).toContainText('Unknown field')
})

test('a fault that is mended in its field is gone, and the plan can start', async ({ page }) => {
  await pastePlan(page, {
    ...sandboxPlanInput(),
    load: { model: 'closed', concurrency: 'ten', messages: 10 }
  })
  await expect(page.getByRole('button', { name: '1 fault', exact: true })).toBeDisabled()
  await page.getByLabel('At the same time').fill('10')
  await expect(page.getByRole('button', { name: 'Start', exact: true })).toBeEnabled()
})

test('a transport stays open under the keyboard when its last fault goes', async ({ page }) => {
  await pastePlan(page, { ...sandboxPlanInput(), transports: [{ ...smtp, host: '' }, api] })
  const host = page.locator('[data-path="transports[0].host"]')
  await host.click()
  await page.keyboard.type('127.0.0.1')
  await expect(host).toHaveValue('127.0.0.1')
  await expect(host).toBeFocused()
})

test('a target elsewhere is named and asked about before anything is sent', async ({ page }) => {
  await pastePlan(
    page,
    sandboxPlanInput({
      message: { from: 'bench@example.com', to: ['person@chattermark.dev'] },
      transports: [
        { name: 'away', protocol: 'smtp', host: 'mail.chattermark.invalid', port: 587, security: 'starttls' }
      ]
    })
  )
  await page.getByRole('button', { name: 'Start…' }).click()
  const dialog = page.getByRole('dialog')
  await expect(dialog).toContainText('mail.chattermark.invalid:587')
  await expect(dialog).toContainText('person@chattermark.dev')
  await expect(dialog).toContainText('It has no test mode')
  await expect(dialog.getByRole('button', { name: /^Send/ })).toBeDisabled()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await expect(dialog).toBeHidden()
  await expect(page.getByRole('button', { name: 'Start…' })).toBeFocused()
  await page.keyboard.press('2')
  await expect(page.getByRole('heading', { name: 'Nothing runs now' })).toBeVisible()
})

test('a field that is emptied to be filled anew takes what is typed and nothing before it', async ({
  page
}) => {
  await pastePlan(page, sandboxPlanInput({ message: { ...message, sizeBytes: 50 } }))
  const size = page.locator('input[data-path="message.sizeBytes"]')
  await size.click()
  await page.keyboard.press('End')
  for (let left = 2; left > 0; left--) await page.keyboard.press('Backspace')
  await expect(size).toHaveValue('')
  await page.keyboard.type('700')
  await expect(size).toHaveValue('700')
  for (let left = 3; left > 0; left--) await page.keyboard.press('Backspace')
  await page.keyboard.press('Tab')
  // Left empty, it shows what holds then.
  await expect(size).not.toHaveValue('')
})
