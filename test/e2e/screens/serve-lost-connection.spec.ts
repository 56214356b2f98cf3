import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { WebSocketRoute } from '@playwright/test'
import { sandboxPlanInput } from '../../support/sandbox-plan.ts'
import { expect, test } from '../fixtures.ts'
import { pastePlan, resultHeading, startButton } from './screen.ts'

test('a run that ends while the connection is lost shows its result when it is back', async ({
  page,
  dataFolder
}) => {
  let lost = false
  const sockets = new Set<WebSocketRoute>()
  await page.routeWebSocket(/.*/, async (socket) => {
    if (lost) {
      await socket.close()
      return
    }
    sockets.add(socket)
    socket.connectToServer()
  })
  await page.reload()
  await pastePlan(
    page,
    sandboxPlanInput({
      load: { model: 'closed', concurrency: 2, durationSeconds: 5 },
      emulate: { rttMs: 20 }
    })
  )
  await startButton(page).click()
  await expect(page.getByRole('progressbar', { name: 'Progress of the run' })).toBeVisible()

  lost = true
  for (const socket of sockets) await socket.close()
  await expect(page.getByText(/^The connection to Chattermark is lost/)).toBeVisible()
  const runs = join(dataFolder, 'runs')
  const [id = ''] = await readdir(runs)
  await expect.poll(() => readdir(join(runs, id)), { timeout: 120_000 }).toContain('run.json')

  lost = false
  await expect(resultHeading(page)).toBeVisible()
  await expect(page.getByText(/^The connection to Chattermark is lost/)).toBeHidden()
})
