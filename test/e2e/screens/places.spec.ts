import { startAgentProcess } from '../../support/agents.ts'
import { NatsServer } from '../../support/nats-server.ts'
import { sandboxPlanInput } from '../../support/sandbox-plan.ts'
import { expect, test } from '../fixtures.ts'
import { pastePlan, runToResult } from './screen.ts'

const PLACES = ['fra', 'iad']

test('agents are listed and ticked, the plan runs there, and the result has a row for each place', async ({
  page
}) => {
  const nats = await NatsServer.start()
  const agents = await Promise.all(PLACES.map((place) => startAgentProcess(nats, place)))
  try {
    await pastePlan(
      page,
      sandboxPlanInput({ rounds: 1, load: { model: 'closed', concurrency: 2, messages: 12 } })
    )
    await page.getByText('Other places').click()
    await page.getByLabel('NATS server').fill('nats://somebody:secret@127.0.0.1')
    await page.getByRole('button', { name: 'List agents' }).click()
    await expect(page.getByRole('alert')).toContainText('credentials file')
    await page.getByLabel('NATS server').fill(nats.url)
    await page.getByRole('button', { name: 'List agents' }).click()
    await expect(page.getByRole('group', { name: '2 agents' })).toBeVisible()
    for (const place of PLACES) await page.getByRole('checkbox', { name: new RegExp(`^${place} `) }).check()
    await expect(page.getByText('Sent from fra and iad.')).toBeVisible()
    await runToResult(page)
    await expect(page.getByRole('heading', { name: 'The same, place by place' })).toBeVisible()
    for (const place of PLACES) {
      await expect(page.getByRole('group', { name: new RegExp(`^smtp, ${place}: `) })).toBeVisible()
      await expect(page.getByRole('row', { name: new RegExp(`^smtp ${place} 6 of 6 `) })).toBeVisible()
    }

    await agents[1]?.stop()
    await page.keyboard.press('1')
    const gone = page.getByRole('checkbox', { name: 'iad not there' })
    await expect(async () => {
      await page.getByRole('button', { name: 'List agents' }).click()
      await expect(gone).toBeVisible({ timeout: 1000 })
    }).toPass()
    await expect(page.getByText('Sent from fra and iad.')).toBeVisible()
    // Its row goes with the tick.
    await gone.click()
    await expect(page.getByText('Sent from fra.')).toBeVisible()
  } finally {
    await Promise.all(agents.map((agent) => agent.stop()))
    await nats.stop()
  }
})
