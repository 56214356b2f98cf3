import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRun } from '../../electron/engine/run.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { SANDBOX_API, SANDBOX_SUBMISSION } from '../../shared/plan/demo-plan.ts'
import type { Plan, PlanInput } from '../../shared/plan/plan.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import { temporaryFolder } from '../support/cli.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'

const RTT_MS = 50
const THINK_MS = 20

async function run(plan: Plan): Promise<TransportRecord[]> {
  const folder = join(temporaryFolder(), 'run')
  const { done } = startRun({ plan, folder, force: false, collectSends: false, keychain: noKeychain })
  return (await done).record.transports
}

const kept = SANDBOX_SUBMISSION
const cold = { messagesPerConnection: 1 } as const
const every: PlanInput['transports'] = [
  { name: 'smtp-587-cold', ...kept, ...cold },
  { name: 'smtp-465-cold', ...kept, ...cold, port: 465, security: 'tls' },
  { name: 'smtp-kept', ...kept, pipelining: 'off' },
  { name: 'smtp-kept-overlapped', ...kept, overlap: true },
  { name: 'nodemailer-cold', ...kept, ...cold, client: 'nodemailer' },
  { name: 'nodemailer-kept', ...kept, client: 'nodemailer' },
  { name: 'api-cold', ...SANDBOX_API, http: { keepAlive: false } },
  { name: 'api-kept', ...SANDBOX_API },
  { name: 'api-http2', ...SANDBOX_API, http: { version: '2' } },
  { name: 'undici-cold', ...SANDBOX_API, client: 'undici', http: { keepAlive: false } },
  { name: 'undici-kept', ...SANDBOX_API, client: 'undici' }
]

describe('service time is chatter, server and client time', () => {
  test.each([
    ['emulated', 20],
    ['measured', 0]
  ])('within 2 %% for every transport, with an %s round trip', async (_, rttMs) => {
    const load = { model: 'closed', concurrency: 2, messages: 8 } as const
    const transports = await run(
      sandboxPlan({ transports: every, load, rounds: 2, warmupSeconds: 0.01, emulate: { rttMs } })
    )
    expect(transports.map(({ counts }) => counts.accepted)).toEqual(every.map(() => 8))
    for (const { name, service, chatterMs, serverMs, clientMs, residualMs } of transports) {
      const parts = [chatterMs!, serverMs!, clientMs!]
      for (const part of parts) expect(part, name).toBeGreaterThanOrEqual(0)
      const share = parts.reduce((sum, part) => sum + part, 0) / service.mean!
      expect(Math.abs(share - 1), `${name}: residual ${residualMs} ms of ${service.mean} ms`).toBeLessThan(
        0.02
      )
    }
  })
})

// A server that stands still takes the time of a server.
test.each([1, 2])(
  'what HTTP/2’s own window holds back is on its way, and not at the server: %i at a time on a connection',
  { retry: 3 },
  async (concurrency) => {
    const http = { version: '2' } as const
    const [record, untold] = await run(
      sandboxPlan({
        transports: [
          { name: 'api', ...SANDBOX_API, http },
          { name: 'undici', ...SANDBOX_API, client: 'undici', http }
        ],
        message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 400_000 },
        load: { model: 'closed', concurrency, messages: 6 },
        ...{ rounds: 1, warmupSeconds: 0.01, emulate: { rttMs: 40 } }
      })
    )
    const { counts, service, chatterMs, transferMs, serverMs, notes } = record!
    expect(counts.accepted).toBe(6)
    // It takes 64 KB until the server has read them, and TCP's window is open by then.
    expect(transferMs).toBeGreaterThan(5 * 40)
    expect(chatterMs! + transferMs! + serverMs!).toBeGreaterThan(0.97 * service.mean!)
    expect(serverMs).toBeLessThan(0.2 * service.mean!)
    expect(notes.join(' ')).toContain('HTTP/2’s own window')
    expect(untold!.notes.join(' ')).toContain('undici does not tell')
  }
)

/** What of the truth the wait of a server is measured to. */
const PRECISION = 0.03

// Load elsewhere on the machine only ever adds time: of many short rounds the least disturbed one is nearest to the
// truth. The same server without the wait says what it takes by itself.
describe('a server that waits a known time before each reply', { retry: 3 }, () => {
  let thinking: Sandbox
  let quick: Sandbox
  beforeAll(async () => {
    ;[thinking, quick] = await Promise.all([startSandbox({ thinkMs: THINK_MS }), startSandbox()])
    process.env.DECOMPOSITION_TEST_API = quick.apiKey
    process.env.DECOMPOSITION_TEST_SMTP = quick.password
  })
  afterAll(async () => {
    await thinking.stop()
    await quick.stop()
  })

  const smtp = (sandbox: Sandbox, name: string) =>
    ({
      name,
      protocol: 'smtp',
      host: sandbox.host,
      port: sandbox.smtpsPort,
      security: 'tls',
      auth: { method: 'plain', user: sandbox.user, password: { env: 'DECOMPOSITION_TEST_SMTP' } },
      pipelining: 'off',
      tls: { caFile: sandbox.caFile, serverName: 'localhost' }
    }) as const
  const api = (sandbox: Sandbox, name: string) =>
    ({
      name,
      protocol: 'http',
      url: sandbox.apiTlsUrl,
      domain: sandbox.domain,
      auth: { user: 'api', password: { env: 'DECOMPOSITION_TEST_API' } },
      tls: { caFile: sandbox.caFile, serverName: 'localhost' }
    }) as const
  const rows = [
    { sentence: 'four replies to a message on a kept connection', replies: 4, of: smtp },
    { sentence: 'one reply of the API', replies: 1, of: api }
  ]

  test('a bare server, without a delay link: its wait is the server time within 3 %', async () => {
    const file = join(import.meta.dirname, '../support/known-delay-server.ts')
    const server = spawn(process.execPath, [file, String(THINK_MS)], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      const [port] = (await once(createInterface({ input: server.stdout }), 'line')) as [string]
      const [transport] = await run(
        sandboxPlan({
          transports: [
            { name: 'api', protocol: 'http', url: `http://127.0.0.1:${port}`, domain: 'example.com' }
          ],
          load: { model: 'closed', concurrency: 1, messages: 80 },
          rounds: 8,
          warmupSeconds: 0.1
        })
      )
      const { turns, rttMs, chatterMs, rounds } = transport!
      expect(turns.perMessage).toBe(1)
      expect(chatterMs).toBeCloseTo(rttMs!, 6)
      const serverMs = Math.min(...rounds.map((round) => round.serverMs!))
      expect(Math.abs(serverMs / THINK_MS - 1)).toBeLessThan(PRECISION)
    } finally {
      server.kill()
    }
  })

  test.each(rows)('$sentence: server time within 3 %, chatter that of the round trip alone', async (row) => {
    const transports = await run(
      sandboxPlan({
        transports: [row.of(thinking, 'thinking'), row.of(quick, 'quick')],
        load: { model: 'closed', concurrency: 1, messages: 16 },
        rounds: 8,
        warmupSeconds: 0.01,
        emulate: { rttMs: RTT_MS }
      })
    )
    for (const { turns, chatterMs } of transports) {
      expect(turns.perMessage).toBe(row.replies)
      expect(chatterMs).toBeCloseTo(row.replies * RTT_MS, 6)
    }
    const [thinkingMs, quickMs] = transports.map(({ rounds }) =>
      Math.min(...rounds.map(({ serverMs }) => serverMs!))
    )
    const truthMs = row.replies * THINK_MS
    expect(thinkingMs).toBeGreaterThan(truthMs * (1 - PRECISION))
    expect(Math.abs((thinkingMs! - quickMs!) / truthMs - 1)).toBeLessThan(PRECISION)
  })
})
