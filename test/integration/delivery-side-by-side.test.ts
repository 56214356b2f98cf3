import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startRun } from '../../electron/engine/run.ts'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { temporaryFolder } from '../support/cli.ts'
import { deliveries } from '../support/deliveries.ts'
import { sandboxPlan, sandboxPlanInput } from '../support/sandbox-plan.ts'
import { startSinkRelay, type SinkRelay } from '../support/sink-relay.ts'
import { freePort } from '../support/free-port.ts'

const MESSAGES = 60
const ROUNDS = 3
/** Before each reply: SMTP waits for four a message, the API for one. */
const THINK_MS = 40
let relay: SinkRelay
let sandbox: Sandbox
beforeAll(async () => {
  relay = await startSinkRelay()
  sandbox = await startSandbox({ thinkMs: THINK_MS, relay: { host: '127.0.0.1', port: relay.postfix.port } })
})
afterAll(async () => {
  await sandbox.stop()
  await relay.postfix.stop()
})

async function run(changes: Partial<PlanInput>): Promise<{ record: RunRecord; folder: string }> {
  const plan = sandboxPlan({
    load: { model: 'closed', concurrency: 2, messages: MESSAGES },
    rounds: ROUNDS,
    ...changes
  })
  const folder = join(temporaryFolder(), 'run')
  const options = { force: false, collectSends: false, keychain: noKeychain, workers: 1 }
  return { record: (await startRun({ plan, folder, ...options }).done).record, folder }
}

test('SMTP and the API feed one relay in one run, and what it says of both is what came out of it', async () => {
  process.env.SANDBOX_KEY = sandbox.apiKey
  const { record, folder } = await run({
    delivery: { receiver: 'sink', port: relay.sinkPort, deadlineSeconds: 60 },
    transports: [
      { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: sandbox.smtpPort, security: 'none' },
      {
        ...{ name: 'api', protocol: 'http', url: sandbox.apiUrl, domain: sandbox.domain },
        auth: { user: 'api', password: { env: 'SANDBOX_KEY' } }
      }
    ]
  })
  const rows = deliveries(folder)
  for (const { name, counts, delivery, response } of record.transports) {
    expect(counts.accepted).toBe(MESSAGES)
    expect(delivery).toMatchObject({ arrived: MESSAGES, lost: 0, duplicates: 0, unaccepted: 0 })
    expect(delivery?.hops.at(-1)).toMatchObject({ name: 'by postfix.test with ESMTP', count: MESSAGES })
    const mine = rows.filter(({ transport }) => transport === name).map((row) => Number(row.delivery_ms))
    expect(mine).toHaveLength(MESSAGES)
    expect(mean(mine)).toBeCloseTo(delivery?.mean ?? 0, 2)
    expect((response.mean ?? 0) + mean(mine)).toBeCloseTo(delivery?.inbox.mean ?? 0, 0)
  }

  const compared = (metric: string): RunRecord['comparison'][number] | undefined =>
    record.comparison.find((each) => each.a === 'smtp' && each.b === 'api' && each.metric === metric)
  const [accepted, arrived] = [compared('response.p50'), compared('inbox.p50')]
  for (const each of [accepted, arrived]) {
    expect(each?.low).toBeLessThanOrEqual(each?.ratio ?? 0)
    expect(each?.high).toBeGreaterThanOrEqual(each?.ratio ?? 0)
  }
  // Three replies more than the API's one stand before SMTP's acceptance, and the relay is the same behind both.
  expect(accepted?.low).toBeGreaterThan(1)
  expect(accepted?.difference).toBeGreaterThan(2.5 * THINK_MS)
  expect(record.verdict).toMatch(/Mail of api is accepted [\d.]+\s?ms sooner than that of smtp, (and|but) /)
})

test('with nothing else at hand, the sandbox passes its messages on to the sink of the run', async () => {
  const { record } = await run({
    delivery: { receiver: 'sink', port: await freePort(), deadlineSeconds: 60 },
    message: {
      ...{ from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 3000 },
      attachments: [{ filename: 'a.pdf', sizeBytes: 5000 }]
    },
    transports: [
      ...sandboxPlanInput().transports,
      ...([
        { ...sandboxPlanInput().transports[1], name: 'mime', http: { body: 'mime' } }
      ] as PlanInput['transports'])
    ]
  })
  expect(record.transports.map(({ name }) => name)).toEqual(['smtp', 'api', 'mime'])
  for (const { delivery } of record.transports)
    expect(delivery).toMatchObject({ arrived: MESSAGES, lost: 0, duplicates: 0 })
})

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length
}
