import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startRun, type Run } from '../../electron/engine/run.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import type { Plan, PlanInput } from '../../shared/plan/plan.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { startCli, temporaryFolder } from '../support/cli.ts'
import { deliveries } from '../support/deliveries.ts'
import { startDovecot, type Dovecot } from '../support/dovecot.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'
import { startRelay, type CheckedRelay } from '../support/sink-relay.ts'
import { until } from '../support/until.ts'

const MESSAGES = 20
/** How long a queue is kept back before it is flushed. */
const HELD_MS = 2000
let dovecot: Dovecot
let relay: CheckedRelay
beforeAll(async () => {
  dovecot = await startDovecot()
  relay = await startRelay(`lmtp:inet:127.0.0.1:${dovecot.lmtpPort}`)
})
afterAll(async () => {
  await relay.postfix.stop()
  await dovecot.stop()
})

function planTo(delivery: object = {}, password = dovecot.password): Plan {
  process.env.IMAP_PASSWORD = password
  const smtp = { protocol: 'smtp', host: '127.0.0.1', port: relay.postfix.port, security: 'none' } as const
  return sandboxPlan({
    load: { model: 'closed', concurrency: 2, messages: MESSAGES },
    delivery: {
      ...{ receiver: 'imap', host: 'localhost', port: dovecot.imapPort, security: 'starttls' },
      auth: { user: 'sink@example.com', password: { env: 'IMAP_PASSWORD' } },
      ...{ checkSeconds: 0.2, tls: { caFile: dovecot.caFile }, deadlineSeconds: 60 },
      ...delivery
    } as PlanInput['delivery'],
    transports: [
      { name: 'kept', ...smtp },
      { name: 'cold', ...smtp, messagesPerConnection: 1 }
    ]
  })
}

function start(plan: Plan, folder = join(temporaryFolder(), 'run')): Run {
  const run = startRun({ plan, folder, force: false, collectSends: false, keychain: noKeychain, workers: 1 })
  // A test that fails before it looks is not to fail twice.
  run.done.catch(() => undefined)
  return run
}

/** When Dovecot says that it had stored the first copy of each message, ms since 1970, by message and folder. */
function storedMs(log: string): Map<string, number> {
  const line = /^(\d+\.\d{6}) .*msgid=<\w+\.(\d{10})@[^>]*>: saved mail to (\S+)$/gm
  const stored = new Map<string, number>()
  for (const [, at, seq, folder] of log.matchAll(line)) {
    const message = `${Number(seq)} ${folder}`
    if (!stored.has(message)) stored.set(message, Number(at) * 1000)
  }
  return stored
}

// Dovecot writes its line when it comes to run: on a machine that is busy with something else, later.
const AGAIN = { retry: 1 }
const FILED =
  'every message is found once in the folder it was filed to, and its time holds what the log of Dovecot says'
test(FILED, AGAIN, async () => {
  // Every tenth message is lost, every tenth comes twice, and every tenth is filed as junk.
  await relay.check([
    String.raw`/^X-Chattermark-Id: <?[0-9a-f]+\.[0-9]*3@/ DISCARD`,
    String.raw`/^X-Chattermark-Id: <?[0-9a-f]+\.[0-9]*5@/ BCC copy@example.com`,
    String.raw`/^X-Chattermark-Id: <?[0-9a-f]+\.[0-9]*7@/ REDIRECT sink+Junk@example.com`
  ])
  const { record, folder } = await start(planTo({ deadlineSeconds: 30 })).done
  await relay.check([])
  const total = (key: 'arrived' | 'lost' | 'duplicates' | 'junk' | 'pending'): number =>
    record.transports.reduce((sum, { delivery }) => sum + (delivery?.[key] ?? 0), 0)
  const tenth = (2 * MESSAGES) / 10
  expect({
    ...{ arrived: total('arrived'), lost: total('lost'), twice: total('duplicates'), junk: total('junk') },
    pending: total('pending')
  }).toEqual({ arrived: 9 * tenth, lost: tenth, twice: tenth, junk: tenth, pending: 0 })
  for (const { delivery } of record.transports) {
    expect(delivery?.hops.map(({ name }) => name)).toEqual([
      'by postfix.test with ESMTP',
      expect.stringMatching(/ with LMTP$/) as string
    ])
  }

  const rows = deliveries(folder).filter(({ arrived_ms: at }) => at !== '')
  const stored = storedMs(dovecot.log())
  const originMs = Date.parse(record.startedAt)
  expect(rows).toHaveLength(9 * tenth)
  const beyond = rows.map((row) => {
    const at = stored.get(`${Number(row.seq)} ${row.folder === 'junk' ? 'Junk' : 'INBOX'}`) ?? Number.NaN
    return { row, at }
  })
  expect(beyond.every(({ at }) => at > originMs)).toBe(true)
  // One offset between both clocks fits every message's interval: the log's line is written as the message is stored.
  const earliest = Math.max(
    ...beyond.map(({ row, at }) => Number(row.arrived_ms) - Number(row.resolution_ms) - at)
  )
  const latest = Math.min(...beyond.map(({ row, at }) => Number(row.arrived_ms) - at))
  expect(latest - earliest).toBeGreaterThan(-LOG_DELAY_MS)
  const most = Math.max(...rows.map((row) => Number(row.resolution_ms)))
  expect(Math.max(...record.transports.map(({ delivery }) => delivery?.resolutionMs ?? 0))).toBeCloseTo(
    most,
    2
  )
  for (const { internaldate_ms: date, arrived_ms: at } of rows)
    expect(Math.abs(Number(date) - Number(at))).toBeLessThan(1000 + most + LOG_DELAY_MS)
})

/** Dovecot writes its line when the message is stored; on a machine that does much else, a little later. */
const LOG_DELAY_MS = 500

test('what a queue kept back until it was flushed took at least as long to arrive, and its wait is no part of the response', async () => {
  await relay.postfix.configure({ defer_transports: 'lmtp' })
  const run = start(planTo())
  await until('the run to wait for all', () => run.snapshot().dueDeliveries === 2 * MESSAGES)
  await pause(HELD_MS)
  await relay.postfix.configure({ defer_transports: '' })
  const { record, folder } = await run.done
  const rows = deliveries(folder)
  expect(rows).toHaveLength(2 * MESSAGES)
  for (const { delivery_ms: tookMs } of rows) expect(Number(tookMs)).toBeGreaterThan(HELD_MS)
  for (const { delivery, response } of record.transports) {
    expect(delivery).toMatchObject({ arrived: MESSAGES, lost: 0, pending: 0 })
    expect(response.p50).toBeLessThan(delivery?.p50 ?? 0)
  }
})

test('what waits in a queue is waited for, and a kill leaves what had arrived by then', async () => {
  // Every second message waits in the queue until it is released.
  await relay.check([String.raw`/^X-Chattermark-Id: <?[0-9a-f]+\.[0-9]*[13579]@/ HOLD`])
  const folder = temporaryFolder()
  const out = join(folder, 'run')
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(planTo()))
  const child = startCli(['run', join(folder, 'plan.json'), '--out', out, '--workers', '1'])
  const total = (record: RunRecord | null, key: 'arrived' | 'pending'): number =>
    record?.transports.reduce((sum, { delivery }) => sum + (delivery?.[key] ?? 0), 0) ?? 0
  try {
    await until('half of it in the journal', async () => {
      const record = await readRun(out).catch(() => null)
      // The last to be accepted is one that waits.
      return total(record, 'arrived') === MESSAGES && total(record, 'pending') === MESSAGES
    })
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
    await relay.check([])
  }
  const record = await readRun(out)
  expect(record.state).toBe('crashed')
  expect(record.transports.map(({ delivery }) => delivery?.lost)).toEqual([0, 0])
  expect(total(record, 'pending')).toBe(MESSAGES)
})

test.each([
  ['a password that is refused', {}, /delivery: localhost: the login is refused: .*; nothing was sent/],
  [
    'a certificate that nobody vouches for',
    { tls: {} },
    /delivery: localhost: .*self-signed.*nothing was sent/
  ],
  ['a folder that is not there', { folders: ['Elsewhere'] }, /delivery: localhost: .*nothing was sent/],
  ['a port where nobody listens', { port: 1 }, /delivery: localhost: .*ECONNREFUSED.*nothing was sent/]
])('%s is told before anything is sent, and without the password', async (_what, change, told) => {
  const isRefused = Object.keys(change).length === 0
  const error: unknown = await start(planTo(change, isRefused ? 'another-password' : undefined)).done.catch(
    (reason: unknown) => reason
  )
  expect(String(error)).toMatch(told)
  expect(String(error)).not.toMatch(/another-password|the-password-of/)
})
