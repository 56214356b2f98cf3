import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startRun } from '../../electron/engine/run.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { htmlReport } from '../../shared/report/html-report.ts'
import type { ErrorRecord, RunRecord } from '../../shared/record/run-record.ts'
import { temporaryFolder } from '../support/cli.ts'
import { startFailingServers, type FailingServers } from '../support/failing-servers.ts'
import { findSecrets, plantedSecret } from '../support/planted-secrets.ts'
import { validPlan } from '../support/records.ts'

/** Messages that a connection takes before the servers say no, or hang up. */
const TAKEN = 3
const SECRET = plantedSecret('login')
const USER = 'tester'

let servers: FailingServers
let record: RunRecord
let folder: string
let snapshots = ''
let live: ErrorRecord[] = []

beforeAll(async () => {
  process.env['FAILING_PASSWORD'] = SECRET
  servers = await startFailingServers(TAKEN)
  folder = temporaryFolder()
  const run = startRun({
    plan: validPlan({
      load: { model: 'closed', concurrency: 1, messages: 16 },
      warmupSeconds: 0,
      rounds: 1,
      timeoutSeconds: 10,
      transports: transports(servers)
    }),
    folder: `${folder}/run`,
    force: false,
    collectSends: false,
    keychain: noKeychain
  })
  run.onSnapshot((snapshot) => {
    snapshots += JSON.stringify(snapshot)
    live = run.errors()
  })
  record = (await run.done).record
})
afterAll(async () => {
  delete process.env['FAILING_PASSWORD']
  await servers[Symbol.asyncDispose]()
})

function transports({ smtpPort, httpUrl, http2Url, hangUpPort }: FailingServers): PlanInput['transports'] {
  const password = { env: 'FAILING_PASSWORD' }
  const auth = { method: 'plain', user: USER, password } as const
  const smtp = { protocol: 'smtp', host: '127.0.0.1', port: smtpPort, security: 'none', auth } as const
  const http = { protocol: 'http', provider: 'postmark', auth: { password } } as const
  return [
    { ...smtp, name: 'smtp-wire' },
    { ...smtp, name: 'smtp-nodemailer', client: 'nodemailer' },
    { ...smtp, name: 'smtp-hangs-up', port: hangUpPort },
    { ...http, name: 'http-wire-1', url: httpUrl },
    { ...http, name: 'http-undici-1', client: 'undici', url: httpUrl },
    { ...http, name: 'http-wire-2', url: http2Url, http: { version: '2' } },
    { ...http, name: 'http-undici-2', client: 'undici', url: http2Url, http: { version: '2' } }
  ]
}

function errorOf(name: string): ErrorRecord {
  const error = record.transports.find((transport) => transport.name === name)?.errors[0]
  if (error === undefined) throw new Error(`${name} has no error`)
  return error
}

const REFUSED = [
  ['smtp-wire', /^RCPT TO:<sink@example\.com>/, /^550 5\.7\.1 enough/m],
  ['smtp-nodemailer', /^RCPT TO:<sink@example\.com>/, /^550 5\.7\.1 enough/m],
  ['http-wire-1', /^POST \/email/, /429/],
  ['http-undici-1', /^POST \/email/, /429/],
  ['http-wire-2', /^POST \/email/, /429/],
  ['http-undici-2', /^POST \/email/, /429/]
] as const

describe('a refusal can be looked into', () => {
  test.each(REFUSED)(
    'of %s: when, on which connection after how many messages, and what was said',
    (name, said, heard) => {
      const error = errorOf(name)
      const [first, ...others] = error.examples ?? []
      if (first === undefined) throw new Error('no conversation was kept')
      // Sixteen messages, of which one connection takes three: the first few of many refusals are kept.
      expect(error.count).toBe(16 - TAKEN)
      expect(others).toHaveLength(2)
      expect(first).toMatchObject({ connection: 1, carriedBefore: TAKEN, round: 1 })
      expect(error).toMatchObject({ carriedLeast: TAKEN, carriedMost: 15, firstMs: first.atMs })
      expect(error.lastMs).toBeGreaterThan(first.atMs)
      const lines = (kind: string): string[] =>
        first.events.filter((event) => event.kind === kind).map(({ text }) => text)
      expect(lines('sent').some((line) => said.test(line))).toBe(true)
      expect(lines('heard').join('\n')).toMatch(heard)
      expect(first.events.some(({ kind, waitedMs }) => kind === 'turn' && (waitedMs ?? 0) > 0)).toBe(true)
      // In order, within the send's own time.
      const times = first.events.filter(({ kind }) => kind !== 'turn').map(({ atMs }) => atMs)
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect(first.events.at(-1)?.atMs).toBeLessThanOrEqual(first.serviceMs + 0.001)
    }
  )
})

test('a connection that breaks is told to its end, its opening included', () => {
  const error = errorOf('smtp-hangs-up')
  const [first] = error.examples ?? []
  const texts = first?.events.map(({ kind, text }) => `${kind} ${text}`) ?? []
  expect(error.class).toBe('failed')
  expect(first?.carriedBefore).toBe(0)
  expect(texts).toContain('sent AUTH PLAIN ***')
  expect(texts).toContainEqual(expect.stringMatching(/^sent EHLO /))
  expect(texts).toContainEqual(expect.stringMatching(/bytes of content\)$/))
  expect(texts.at(-1)).toBe(`closed ${error.sample}`)
})

test('the servers repeat the login, and neither record nor report shows it', () => {
  expect(findSecrets(new Map([['servers', servers.said.join('\n')]]), { login: SECRET }, [USER])).not.toEqual(
    []
  )
  const texts = new Map([
    ['record', JSON.stringify(record)],
    ['report', htmlReport(record)],
    ['live', JSON.stringify(live)],
    ['snapshots', snapshots]
  ])
  expect(findSecrets(texts, { login: SECRET }, [USER])).toEqual([])
  for (const [name] of REFUSED) expect(JSON.stringify(errorOf(name).examples)).toContain('***')
})

test('the record as it was written holds the same, and the report shows it', async () => {
  const written = await readRun(`${folder}/run`)
  expect(written.transports.map(({ errors }) => errors)).toEqual(
    record.transports.map(({ errors }) => errors)
  )
  expect(htmlReport(record)).toContain('550 5.7.1 enough')
  expect(htmlReport(record)).toContain('connection 1, after 3 messages')
})

test('no snapshot carries a conversation, and whoever asks gets them', () => {
  expect(snapshots).toContain('"errors":[{')
  expect(snapshots).not.toContain('examples')
  expect(live.some(({ examples }) => (examples?.length ?? 0) > 0)).toBe(true)
})
