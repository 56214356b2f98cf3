import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startRun, type Run } from '../../electron/engine/run.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import { runRecordSchema, type RunRecord } from '../../shared/record/run-record.ts'
import { cli, startCli, temporaryFolder } from '../support/cli.ts'
import { deliveries } from '../support/deliveries.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'
import { startSinkRelay, type SinkRelay } from '../support/sink-relay.ts'
import { until } from '../support/until.ts'

const MESSAGES = 40
/** Longer than a busy machine takes for all of them. */
const DEADLINE_SECONDS = 60
let relay: SinkRelay
beforeAll(async () => {
  relay = await startSinkRelay()
})
afterAll(async () => {
  await relay.postfix.stop()
})

function planTo({ postfix, sinkPort }: SinkRelay, deadlineSeconds = DEADLINE_SECONDS): Plan {
  const smtp = { protocol: 'smtp', host: '127.0.0.1', port: postfix.port, security: 'none' } as const
  return sandboxPlan({
    load: { model: 'closed', concurrency: 2, messages: MESSAGES },
    rounds: 4,
    delivery: { receiver: 'sink', port: sinkPort, deadlineSeconds },
    transports: [
      { name: 'kept', ...smtp },
      { name: 'cold', ...smtp, messagesPerConnection: 1 }
    ]
  })
}

function start(plan: Plan, folder = join(temporaryFolder(), 'run')): Run {
  return startRun({ plan, folder, force: false, collectSends: false, keychain: noKeychain, workers: 1 })
}

test('every message that Postfix accepted is found once, with the way that it came', async () => {
  const { record, folder } = await start(planTo(relay)).done
  for (const { counts, delivery } of record.transports) {
    expect(counts.accepted).toBe(MESSAGES)
    expect(delivery).toMatchObject({
      ...{ arrived: MESSAGES, lost: 0, pending: 0, duplicates: 0, junk: 0, unaccepted: 0 },
      resolutionMs: 0.001
    })
    const { mean, responseMs, inbox } = delivery ?? {}
    expect((mean ?? 0) + (responseMs ?? 0)).toBeCloseTo(inbox?.mean ?? 0, 6)
  }
  expect(deliveries(folder)).toHaveLength(2 * MESSAGES)
  for (const { delivery } of record.transports) {
    expect(delivery?.hops).toMatchObject([{ hop: 1, name: 'by postfix.test with ESMTP', count: MESSAGES }])
  }
  expect(record.comparison.some(({ metric }) => metric === 'inbox.p50')).toBe(true)
})

test('a lost message, and one that comes twice, are each told as what they are', async () => {
  await relay.check([
    String.raw`/^X-Chattermark-Id: <?[0-9a-f]+\.[0-9]*3@/ DISCARD`,
    String.raw`/^X-Chattermark-Id: <?[0-9a-f]+\.[0-9]*5@/ BCC copy@example.com`
  ])
  const { record, folder } = await start(planTo(relay, 20)).done
  await relay.check([])
  const total = (key: 'arrived' | 'lost' | 'duplicates' | 'pending'): number =>
    record.transports.reduce((sum, { delivery }) => sum + (delivery?.[key] ?? 0), 0)
  const tenth = (2 * MESSAGES) / 10
  expect({ arrived: total('arrived'), lost: total('lost'), twice: total('duplicates') }).toEqual({
    ...{ arrived: 9 * tenth, lost: tenth, twice: tenth }
  })
  expect(total('pending')).toBe(0)
  const rows = deliveries(folder)
  expect(rows.filter(({ arrived_ms: at }) => at === '').every(({ seq }) => seq?.endsWith('3'))).toBe(true)
  expect(rows.filter(({ copies }) => copies === '2').every(({ seq }) => seq?.endsWith('5'))).toBe(true)
})

test('what waits in a queue is waited for, and its delay is delivery time and no part of the response', async () => {
  await relay.postfix.configure({ defer_transports: 'smtp' })
  const run = start(planTo(relay))
  await until('all to be accepted', () => run.snapshot().dueDeliveries === 2 * MESSAGES)
  await until('the run to wait for them', () => run.snapshot().stage === 'delivering')
  const flushedMs = performance.now()
  await relay.postfix.configure({ defer_transports: '' })
  const { record } = await run.done
  for (const { delivery, response } of record.transports) {
    expect(delivery).toMatchObject({ arrived: MESSAGES, lost: 0 })
    expect(delivery?.inbox.p50).toBeGreaterThan((delivery?.p50 ?? 0) * 0.99)
    expect(response.p50).toBeLessThan(delivery?.p50 ?? 0)
  }
  expect(performance.now() - flushedMs).toBeLessThan((1000 * DEADLINE_SECONDS) / 2)
})

test('a run that is killed while deliveries are due leaves what had arrived by then', async () => {
  // Every second message waits in the queue for ever.
  await relay.check([String.raw`/^X-Chattermark-Id: <?[0-9a-f]+\.[0-9]*[13579]@/ HOLD`])
  const folder = temporaryFolder()
  const out = join(folder, 'run')
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(planTo(relay)))
  const child = startCli(['run', join(folder, 'plan.json'), '--out', out, '--workers', '1'])
  try {
    await until('half of it in the journal', async () => {
      const record = await readRun(out).catch(() => null)
      // The last to be accepted is one that waits.
      return arrivedOf(record) === MESSAGES && pendingOf(record) === MESSAGES
    })
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
    await relay.check([])
  }
  const shown = await cli(['report', out, '--format', 'json'])
  expect(shown.exitCode, shown.stderr).toBe(0)
  const record = runRecordSchema.parse(JSON.parse(shown.stdout))
  expect(record.state).toBe('crashed')
  expect(arrivedOf(record)).toBe(MESSAGES)
  expect(record.transports.map(({ delivery }) => delivery?.lost)).toEqual([0, 0])
  expect(pendingOf(record)).toBe(MESSAGES)
})

function arrivedOf(record: RunRecord | null): number {
  return record?.transports.reduce((sum, { delivery }) => sum + (delivery?.arrived ?? 0), 0) ?? 0
}

function pendingOf(record: RunRecord | null): number {
  return record?.transports.reduce((sum, { delivery }) => sum + (delivery?.pending ?? 0), 0) ?? 0
}

test('a stop ends the waiting, and what is still due is pending and not lost', async () => {
  await relay.postfix.configure({ defer_transports: 'smtp' })
  const run = start(planTo(relay))
  await until('the run to wait', () => run.snapshot().stage === 'delivering')
  run.stop()
  const { record, state } = await run.done
  expect(state).toBe('stopped')
  for (const { delivery } of record.transports) {
    expect(delivery).toMatchObject({ arrived: 0, lost: 0, pending: MESSAGES, p50: null })
  }
})
