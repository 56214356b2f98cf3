import { afterEach, expect, test } from 'vitest'
import { startRun } from '../../electron/engine/run.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { networkUnderLoad } from '../../shared/insight/loaded-rtt.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { temporaryFolder } from '../support/cli.ts'
import { validPlan } from '../support/records.ts'

const RTT_MS = 20

let sandbox: Sandbox | undefined
afterEach(async () => {
  await sandbox?.stop()
  sandbox = undefined
})

/** An open load of 40 messages of 10 KB a second through an emulated link: 3.3 Mbit/s. */
async function underLoad(thinkMs: number, mbitPerSecond: number | null): Promise<RunRecord> {
  sandbox = await startSandbox({ thinkMs })
  process.env.UNDER_LOAD_KEY = sandbox.apiKey
  const plan = validPlan({
    warmupSeconds: 0,
    rounds: 1,
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 10_000 },
    emulate: { rttMs: RTT_MS, mbitPerSecond },
    load: { model: 'open', rate: 40, durationSeconds: 5, arrivals: 'constant', maxConcurrency: 4 },
    transports: [
      {
        ...{ name: 'api', protocol: 'http', url: sandbox.apiUrl, domain: sandbox.domain },
        auth: { user: 'api', password: { env: 'UNDER_LOAD_KEY' } }
      }
    ]
  })
  const run = startRun({
    ...{ plan, workers: 1, folder: temporaryFolder(), force: false, collectSends: false },
    keychain: noKeychain
  })
  return (await run.done).record
}

test('packets that queue on the way show in the round trip of a connection that says nothing', async () => {
  const { transports, verdict } = await underLoad(0, 2)
  const loaded = transports[0]?.loadedRtt ?? null
  expect(loaded?.idleMs).toBe(RTT_MS)
  expect(networkUnderLoad(loaded)).toBe('queued')
  expect(verdict).toContain('Under the load of api the round trip grew from 20\u202fms to')
  expect(verdict).toContain('bufferbloat')
})

test('a busy server shows in its answers alone', async () => {
  const { transports, verdict } = await underLoad(400, null)
  const loaded = transports[0]?.loadedRtt ?? null
  expect(loaded?.medianMs).toBeGreaterThanOrEqual(RTT_MS - 1)
  expect(networkUnderLoad(loaded)).toBe('level')
  expect(verdict).toContain('api did not keep up')
  expect(verdict).toContain('the peer was busy, not the network')
})
