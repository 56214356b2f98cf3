import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startSweep } from '../../electron/engine/sweep.ts'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { type PlanInput } from '../../shared/plan/plan.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import { type SweepPoint, type SweepTransport } from '../../shared/record/sweep-record.ts'
import { fitCells } from '../../shared/insight/sweep-fit.ts'
import { temporaryFolder } from '../support/cli.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'

const MESSAGES = 10
/** A row of few turns shows them to 3 % only over a longer way: what a busy machine adds is as much for every row. */
const COLD_RTTS_MS = [20, 100, 180]
const KEPT_RTTS_MS = [20, 200, 400]

/** A transport's settings, and the turns that the table of turns gives for it. */
interface Row {
  turns: number
  transport: PlanInput['transports'][number]
}

/** Sweeps the rows of each distance one after the other: side by side they would be each other's load. */
async function sweepAll(rows: [name: string, Row][]): Promise<SweepTransport[]> {
  const isCold = ([, { transport }]: [string, Row]): boolean =>
    transport.messagesPerConnection === 1 ||
    (transport.protocol === 'http' && transport.http?.keepAlive === false)
  const cold = await sweep(rows.filter(isCold), COLD_RTTS_MS)
  const kept = await sweep(
    rows.filter((row) => !isCold(row)),
    KEPT_RTTS_MS
  )
  return [...cold, ...kept]
}

async function sweep(rows: [name: string, Row][], rttsMs: readonly number[]): Promise<SweepTransport[]> {
  if (rows.length === 0) return []
  const parsed = parsePlan({
    schema: 1,
    name: 'sweep',
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 1024 },
    load: { model: 'closed', concurrency: 5, messages: MESSAGES },
    warmupSeconds: 0.01,
    rounds: 1,
    transports: rows.map(([name, { transport }]) => ({ ...transport, name }))
  })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  const { done } = startSweep(
    { plan: parsed.plan, rttsMs, keychain: noKeychain, workers: 1 },
    () => undefined
  )
  return (await done).record.transports
}

/** How often rows that are off are measured again. */
const ATTEMPTS = 5

/**
 * Load elsewhere on the machine only ever adds time, so that of several measurements of a point the least is nearest
 * to the truth. A slope that is really wrong is wrong every time.
 */
async function expectTable(table: Record<string, Row>): Promise<void> {
  const best = new Map<string, SweepTransport>()
  let faults = Object.entries(table)
  for (let attempt = 1; attempt <= ATTEMPTS && faults.length > 0; attempt++) {
    for (const found of await sweepAll(faults)) best.set(found.name, leastOf(found, best.get(found.name)))
    faults = faults.filter(([name, { turns }]) => !isRight(best.get(name)!, turns))
  }
  expect(faults.map(([name]) => inWords(best.get(name)!))).toEqual([])
  expect([...best.keys()].sort()).toEqual(Object.keys(table).sort())
}

function inWords({ name, turnsCounted, turnsFitted, r2, points }: SweepTransport): string {
  const measured = points.map(({ n, rttMs, serviceP50 }) => `${n} sends at ${rttMs} ms took ${serviceP50} ms`)
  return `${name}: ${turnsCounted} turns counted, ${turnsFitted} fitted, R² ${r2}, ${measured.join(', ')}`
}

function isRight({ turnsCounted, turnsFitted, r2, points }: SweepTransport, turns: number): boolean {
  return (
    turnsCounted === turns &&
    points.every(({ n }) => n === MESSAGES) &&
    Math.abs(turnsFitted! - turns) <= 0.1 &&
    Math.abs(turnsFitted! / turnsCounted - 1) <= 0.03 &&
    r2! >= 0.99
  )
}

function leastOf(sweep: SweepTransport, before: SweepTransport | undefined): SweepTransport {
  const points = sweep.points.map((point, index): SweepPoint => {
    const earlier = before?.points[index]
    return earlier !== undefined && earlier.serviceP50! < point.serviceP50! ? earlier : point
  })
  return fitCells(sweep.name, {
    ...{ turnsCounted: sweep.turnsCounted, statistic: 'p50', baseRttMs: null, isClosed: true, points },
    cells: points.map(({ rttMs, serviceP50 }) => [rttMs, serviceP50!])
  })
}

describe('the fitted slope is the table of turns', { timeout: 300_000 }, () => {
  describe('on the sandbox', () => {
    let sandbox: Sandbox
    beforeAll(async () => {
      sandbox = await startSandbox()
      process.env.SWEEP_TEST_SMTP = sandbox.password
      process.env.SWEEP_TEST_API = sandbox.apiKey
    })
    afterAll(() => sandbox.stop())

    test('within 3 % of the turns counted and 0.1 of the table, R² at least 0.99', async () => {
      const tls = { caFile: sandbox.caFile, serverName: 'localhost' }
      const auth = { method: 'plain', user: sandbox.user, password: { env: 'SWEEP_TEST_SMTP' } } as const
      const smtp = { name: '', protocol: 'smtp', host: sandbox.host, auth, tls } as const
      const submission = { ...smtp, port: sandbox.smtpPort, security: 'starttls' } as const
      const implicit = { ...smtp, port: sandbox.smtpsPort, security: 'tls' } as const
      const api = {
        name: '',
        protocol: 'http',
        url: sandbox.apiTlsUrl,
        domain: sandbox.domain,
        auth: { user: 'api', password: { env: 'SWEEP_TEST_API' } },
        tls
      } as const
      const table: Record<string, Row> = {
        'smtp-587-cold': {
          turns: 11,
          transport: { ...submission, messagesPerConnection: 1, pipelining: 'off' }
        },
        'smtp-465-cold': {
          turns: 9,
          transport: { ...implicit, messagesPerConnection: 1, pipelining: 'off' }
        },
        'smtp-465-cold-chunked': {
          turns: 6,
          transport: { ...implicit, messagesPerConnection: 1, chunking: 'auto' }
        },
        'smtp-kept': { turns: 4, transport: { ...submission, pipelining: 'off' } },
        'smtp-kept-pipelined': { turns: 2, transport: submission },
        'smtp-kept-chunked': { turns: 1, transport: { ...submission, chunking: 'auto' } },
        'smtp-kept-overlapped': { turns: 1, transport: { ...submission, overlap: true } },
        'api-cold': { turns: 3, transport: { ...api, http: { keepAlive: false } } },
        'api-kept': { turns: 1, transport: api },
        'api-http2-kept': { turns: 1, transport: { ...api, http: { version: '2' } } }
      }
      await expectTable(table)
    })
  })

  describe('on real Postfix', () => {
    let postfix: Postfix
    beforeAll(async () => {
      postfix = await startPostfix()
    })
    afterAll(() => postfix.stop())

    test('for every row that it offers', async () => {
      const caFile = join(temporaryFolder(), 'ca.pem')
      writeFileSync(caFile, postfix.caPem)
      const plain = {
        name: '',
        protocol: 'smtp',
        host: '127.0.0.1',
        port: postfix.port,
        security: 'none'
      } as const
      const starttls = { ...plain, security: 'starttls', tls: { caFile, verify: false } } as const
      const table: Record<string, Row> = {
        'plain-cold': { turns: 7, transport: { ...plain, messagesPerConnection: 1, pipelining: 'off' } },
        'plain-cold-pipelined': { turns: 5, transport: { ...plain, messagesPerConnection: 1 } },
        'plain-cold-chunked': {
          turns: 4,
          transport: { ...plain, messagesPerConnection: 1, chunking: 'auto' }
        },
        // As the table's row of 587, without the turn of AUTH, which this Postfix does not offer.
        'starttls-cold-pipelined': { turns: 8, transport: { ...starttls, messagesPerConnection: 1 } },
        kept: { turns: 4, transport: { ...plain, pipelining: 'off' } },
        'kept-pipelined': { turns: 2, transport: plain },
        'kept-chunked': { turns: 1, transport: { ...plain, chunking: 'auto' } },
        'kept-overlapped': { turns: 1, transport: { ...starttls, overlap: true } }
      }
      await expectTable(table)
    })
  })
})
