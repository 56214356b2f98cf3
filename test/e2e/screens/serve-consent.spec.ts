import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { startSandbox } from '../../../electron/sandbox/sandbox.ts'
import type { SocketRequest } from '../../../shared/page/socket.ts'
import type { PlanInput } from '../../../shared/plan/plan.ts'
import { runRecordSchema } from '../../../shared/record/run-record.ts'
import { sandboxPlanInput } from '../../support/sandbox-plan.ts'
import { expect, test } from '../fixtures.ts'
import { historyIds, pastePlan, resultHeading } from './screen.ts'

type Call = Extract<SocketRequest, { kind: 'call' }>

/** What the page says to the other side, whose answers about plans can be held back. */
async function overhear(page: Page): Promise<{ calls: Call[]; holdChecks: () => () => void }> {
  const calls: Call[] = []
  let checked = Promise.resolve()
  await page.routeWebSocket(/.*/, (socket) => {
    const server = socket.connectToServer()
    socket.onMessage((text) => {
      const request = JSON.parse(String(text)) as SocketRequest
      if (request.kind === 'call') calls.push(request)
      const isCheck = request.kind === 'call' && request.channel === 'plan.check'
      void (isCheck ? checked : Promise.resolve()).then(() => server.send(text))
    })
  })
  await page.reload()
  return {
    calls,
    holdChecks: () => {
      const { promise, resolve } = Promise.withResolvers<undefined>()
      checked = promise.then(() => undefined)
      return () => resolve(undefined)
    }
  }
}

/** A plan that is asked about, since its recipient may be real: to a server of this machine in two ways. */
function planFor(name: string, recipient: string, port: number): PlanInput {
  const kept = { name: 'kept', protocol: 'smtp', host: '127.0.0.1', port, security: 'none' } as const
  return sandboxPlanInput({
    name,
    message: { from: 'bench@example.com', to: [recipient] },
    load: { model: 'closed', concurrency: 2, messages: 10 },
    rounds: 1,
    transports: [kept, { ...kept, name: 'new', messagesPerConnection: 1 }]
  })
}

async function agree(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('They expect these messages').check()
  await dialog.getByRole('button', { name: /^Send/ }).click()
}

let sandbox: Awaited<ReturnType<typeof startSandbox>>

test.beforeEach(async () => {
  sandbox = await startSandbox()
})

test.afterEach(async () => {
  await sandbox.stop()
})

test('what is sent is the plan that was asked about, whichever is shown meanwhile', async ({
  page,
  dataFolder
}) => {
  const { calls, holdChecks } = await overhear(page)
  await pastePlan(page, planFor('the other', 'other@chattermark.dev', sandbox.smtpPort))
  await pastePlan(page, planFor('the one', 'one@chattermark.dev', sandbox.smtpPort))
  const release = holdChecks()
  await page.getByRole('button', { name: 'Start…' }).click()
  await page.getByRole('button', { name: 'the other', exact: true }).click()
  await expect(page.getByLabel('Name of the plan')).toHaveValue('the other')
  release()
  await expect(page.getByRole('dialog')).toContainText('one@chattermark.dev')
  await agree(page)
  await expect(resultHeading(page)).toBeVisible({ timeout: 120_000 })
  const [id = ''] = await historyIds(page, 1)
  const record = runRecordSchema.parse(
    JSON.parse(await readFile(join(dataFolder, 'runs', id, 'run.json'), 'utf8'))
  )
  expect(record.plan).toMatchObject({ name: 'the one', message: { to: ['one@chattermark.dev'] } })
  expect(calls.filter(({ channel }) => channel === 'run.start')).toHaveLength(1)
})

test('the connection that is tried is that of the plan it was pressed for', async ({ page }) => {
  const { calls, holdChecks } = await overhear(page)
  await pastePlan(page, planFor('the other', 'other@chattermark.dev', sandbox.smtpsPort))
  await pastePlan(page, planFor('the one', 'one@chattermark.dev', sandbox.smtpPort))
  const release = holdChecks()
  await page.getByRole('button', { name: 'Test connection' }).click()
  await page.getByRole('button', { name: 'the other', exact: true }).click()
  await expect(page.getByLabel('Name of the plan')).toHaveValue('the other')
  release()
  const tried = (): Call[] => calls.filter(({ channel }) => channel === 'connection.test')
  await expect.poll(tried).toHaveLength(1)
  expect(tried()[0]?.args[0]).toMatchObject({ transports: [{ port: sandbox.smtpPort }] })
  // What came of it is not said of another server.
  await expect(page.getByRole('button', { name: 'Test connection' })).toBeEnabled()
  await expect(page.getByText(/^It works/)).toBeHidden()
  await page.getByRole('button', { name: 'the one', exact: true }).click()
  await expect(page.getByText(/^It works/)).toBeVisible()
})

test('what is explained stays the plan that was agreed to, whatever is done to it meanwhile', async ({
  page
}) => {
  // The offer to undo would go away in its time.
  await page.clock.install()
  const { calls } = await overhear(page)
  await pastePlan(page, planFor('explained', 'one@chattermark.dev', sandbox.smtpPort))
  const fresh = page.getByRole('checkbox', { name: 'pipelined, wire, new connection' })
  await page.clock.pauseAt(Date.now() + 60_000)
  await fresh.uncheck()
  await page.getByRole('button', { name: 'Explain one message' }).click()
  await agree(page)
  await expect(page.getByRole('region', { name: 'kept' })).toHaveCount(2)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: 'Again' }).click()
  const explained = (): string[][] =>
    calls
      .filter(({ channel }) => channel === 'explain.start')
      .map(({ args: [plan] }) => (plan as PlanInput).transports.map(({ name }) => name))
  await expect.poll(() => explained().length).toBeGreaterThan(1)
  await expect(page.getByRole('region', { name: 'kept' })).toHaveCount(2)
  expect(explained()).toEqual([['kept'], ['kept']])
  await page.getByRole('button', { name: 'Back to Set up' }).click()
  await expect(fresh).toBeChecked()
})
