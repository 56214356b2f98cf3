import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startRun } from '../../electron/engine/run.ts'
import { startSweep } from '../../electron/engine/sweep.ts'
import type { Plan, PlanInput } from '../../shared/plan/plan.ts'
import type { SweepTransport } from '../../shared/record/sweep-record.ts'
import { temporaryFolder } from '../support/cli.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'
import { validPlan } from '../support/records.ts'

// A Postfix holds its greeting back until the tickets of a full TLS handshake are acknowledged, and a Linux client that has
// nothing to say delays that by 40 ms.
let postfix: Postfix
beforeAll(async () => {
  postfix = await startPostfix()
})
afterAll(() => postfix.stop())

function planOf(client: 'wire' | 'nodemailer', changes: Partial<PlanInput> = {}): Plan {
  const caFile = join(temporaryFolder(), 'ca.pem')
  writeFileSync(caFile, postfix.caPem)
  return validPlan({
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 1000 },
    ...{ warmupSeconds: 0, rounds: 1, load: { model: 'closed', concurrency: 1, messages: 8 } },
    transports: [
      {
        ...{
          name: '465',
          protocol: 'smtp',
          client,
          host: '127.0.0.1',
          port: postfix.tlsPort,
          security: 'tls'
        },
        ...{ messagesPerConnection: 1, tls: { caFile, verify: false, resume: false } }
      }
    ],
    ...changes
  })
}

async function delayedAck(client: 'wire' | 'nodemailer') {
  const run = startRun({
    ...{ plan: planOf(client), workers: 1, folder: temporaryFolder(), force: false, collectSends: false },
    keychain: noKeychain
  })
  const { record } = await run.done
  return { found: record.transports[0]?.tcp?.delayedAck ?? null, notes: record.transports[0]?.notes ?? [] }
}

test.runIf(process.platform === 'linux')('the wire client acknowledges at once', async () => {
  const { found, notes } = await delayedAck('wire')
  expect(found).toBeNull()
  expect(notes.join()).not.toContain('delayedAck')
})

test.runIf(process.platform === 'linux')('a library that does not is told of', async () => {
  const { found, notes } = await delayedAck('nodemailer')
  expect(found).toMatchObject({ phase: 'greeting' })
  expect(found?.waits).toBeGreaterThanOrEqual(4)
  expect(notes.join()).toContain('delayedAck: in greeting the server held back')
})

async function line(): Promise<SweepTransport | undefined> {
  const sweep = startSweep(
    {
      plan: planOf('wire', { load: { model: 'closed', concurrency: 4, messages: 12 }, rounds: 3 }),
      ...{ rttsMs: [0, 20, 60], keychain: noKeychain, workers: 1 }
    },
    () => undefined
  )
  return (await sweep.done).record.transports[0]
}

/** How often a line is measured at most. */
const ATTEMPTS = 4

/** One line in twenty differs by chance, more of them on a busy machine; one that is really bent does every time. */
test('the line over distance is straight all the same', async () => {
  let found = await line()
  for (let attempt = 2; attempt <= ATTEMPTS && found?.finding === 'differs'; attempt++) found = await line()
  expect(found?.turnsCounted).toBe(6)
  expect(found?.finding).not.toBe('differs')
})
