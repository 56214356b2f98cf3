import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv2020 from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { newRunId } from '../../electron/record/run-id.ts'
import { startRun, type Run } from '../../electron/engine/run.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { forkNode, type ChildHandle } from '../../electron/sandbox/fork.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import { SANDBOX_API, SANDBOX_SUBMISSION } from '../../shared/plan/demo-plan.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { runRecordJsonSchema, type Counts, type RunRecord } from '../../shared/record/run-record.ts'
import type { Snapshot } from '../../shared/record/snapshot.ts'
import { temporaryFolder } from '../support/cli.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

function start(plan: Plan, options: Partial<Parameters<typeof startRun>[0]> = {}): Run {
  return startRun({
    plan,
    id: newRunId(),
    folder: join(temporaryFolder(), 'run'),
    force: false,
    collectSends: false,
    keychain: noKeychain,
    ...options
  })
}

function sumOfOutcomes({ accepted, rejected, failed, aborted }: Counts): number {
  return accepted + rejected + failed + aborted
}

function expectSumsKept(record: RunRecord): void {
  for (const transport of record.transports) {
    expect(sumOfOutcomes(transport.counts)).toBe(transport.counts.sent)
    expect(transport.rounds.reduce((sum, round) => sum + round.counts.sent, 0)).toBe(transport.counts.sent)
    const timeline = transport.timeline.reduce(
      (sum, row) => sum + row.accepted + row.rejected + row.failed + row.aborted,
      0
    )
    expect(timeline).toBe(transport.counts.sent)
    const errors = transport.errors.filter((error) => error.class !== 'recipient')
    const wrong = transport.counts.sent - transport.counts.accepted
    expect(errors.reduce((sum, error) => sum + error.count, 0)).toBe(wrong)
  }
}

const longLoad = { model: 'closed', concurrency: 4, durationSeconds: 60 } as const

/** Resolves once the run has measured something. */
async function underWay(run: Run): Promise<void> {
  await until('the first measured sends', () =>
    run.snapshot().transports.some(({ counts }) => counts.sent > 20)
  )
}

describe('a run on the sandbox', () => {
  test('sends what the plan says, over every transport and round, and its files agree with its record', async () => {
    const run = start(sandboxPlan(), { collectSends: true })
    const { record, state, folder } = await run.done
    expect(state).toBe('finished')
    expectSumsKept(record)
    for (const transport of record.transports) {
      expect(transport.counts).toEqual({ sent: 200, accepted: 200, rejected: 0, failed: 0, aborted: 0 })
      expect(transport.rounds.map(({ counts }) => counts.accepted)).toEqual([100, 100])
      expect(transport.connections.opened).toBe(8)
      const { chatterMs, serverMs, clientMs, service } = transport
      const parts = (chatterMs ?? 0) + (serverMs ?? 0) + (clientMs ?? 0)
      expect(Math.abs(parts / (service.mean ?? 0) - 1)).toBeLessThan(0.02)
    }
    expect(record.transports[0]?.turns).toMatchObject({ cold: 9, warm: 2 })
    expect(record.transports[1]?.turns).toMatchObject({ cold: 3, warm: 1 })
    expect(await readRun(folder)).toEqual(record)

    const lines = readFileSync(join(folder, 'sends.csv'), 'utf8').trimEnd().split('\r\n')
    expect(lines).toHaveLength(1 + 400)
    const rows = lines.slice(1).map((line) => line.split(','))
    expect(new Set(rows.map((row) => row[2])).size).toBe(400)
    expect(rows.filter((row) => row[11] === 'accepted')).toHaveLength(400)

    const summary = readFileSync(join(folder, 'summary.csv'), 'utf8').trimEnd().split('\r\n')
    expect(summary).toHaveLength(1 + 2 * 3)
    const all = summary.find((line) => line.includes(',smtp,smtp,wire,all,'))?.split(',') ?? []
    expect(Number(all[14])).toBe(record.transports[0]?.response.p50)
    expect(Number(all[22])).toBe(record.transports[0]?.turns.perMessage)
  })

  test('a warm-up of whatever length opens every connection before anything is measured', async () => {
    const plan = sandboxPlan({
      load: { model: 'closed', concurrency: 16, messages: 64 },
      warmupSeconds: 0.000_001,
      rounds: 1,
      transports: [
        { ...SANDBOX_SUBMISSION, name: 'smtp' },
        { ...SANDBOX_SUBMISSION, name: 'overlapped', overlap: true },
        { ...SANDBOX_SUBMISSION, name: 'nodemailer', client: 'nodemailer' },
        { ...SANDBOX_API, name: 'api' }
      ]
    })
    const { record } = await start(plan, { workers: 2 }).done
    for (const { name, counts, turns, connections } of record.transports) {
      expect({ name, counts, connections, cold: turns.coldCount }).toMatchObject({
        name,
        counts: { sent: 64, accepted: 64 },
        connections: { opened: 16 },
        cold: 0
      })
    }
  })

  test('a load by time is measured for all of it, however long its first sends take', async () => {
    const plan = sandboxPlan({
      load: { model: 'closed', concurrency: 4, durationSeconds: 1 },
      emulate: { rttMs: 150 },
      warmupSeconds: 0.01,
      rounds: 1,
      transports: [
        { ...SANDBOX_SUBMISSION, name: 'smtp' },
        { ...SANDBOX_SUBMISSION, name: 'overlapped', overlap: true }
      ]
    })
    // The first send opens its connection, which takes 9 turns: longer than the load.
    for (const { name, counts, turns, durationSeconds } of (await start(plan).done).record.transports) {
      expect(durationSeconds, name).toBeGreaterThan(0.9)
      expect([counts.accepted >= 12, turns.coldCount], name).toEqual([true, 0])
    }
  })

  test('run.json validates against the published schema', async () => {
    const { folder } = await start(
      sandboxPlan({ rounds: 1, load: { model: 'closed', concurrency: 2, messages: 20 } })
    ).done
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(
      runRecordJsonSchema() as object
    )
    expect(
      validate(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8'))),
      JSON.stringify(validate.errors)
    ).toBe(true)
  })

  test('several workers share the load without losing or doubling a message', async () => {
    const plan = sandboxPlan({ load: { model: 'closed', concurrency: 5, messages: 301 }, rounds: 3 })
    const { record, folder } = await start(plan, { workers: 3, collectSends: true }).done
    expectSumsKept(record)
    expect(record.transports.map(({ counts }) => counts.accepted)).toEqual([301, 301])
    const numbers = readFileSync(join(folder, 'sends.csv'), 'utf8')
      .trimEnd()
      .split('\r\n')
      .slice(1)
      .map((line) => line.split(',')[2])
    expect(new Set(numbers).size).toBe(602)
  })

  test('snapshots come while it runs, and their size does not grow', async () => {
    const sizes: number[] = []
    const run = start(
      sandboxPlan({ load: { model: 'closed', concurrency: 4, durationSeconds: 3 }, emulate: { rttMs: 20 } })
    )
    run.onSnapshot((snapshot: Snapshot) => sizes.push(JSON.stringify(snapshot).length))
    await run.done
    expect(sizes.length).toBeGreaterThan(5)
    expect(Math.max(...sizes)).toBeLessThan(2000)
  })
})

describe('a run that is cut short', () => {
  test('a first stop lets the sends in flight end and keeps what was measured', async () => {
    const run = start(sandboxPlan({ load: longLoad, emulate: { rttMs: 20 } }))
    await underWay(run)
    run.stop()
    const { record, state } = await run.done
    expect(state).toBe('stopped')
    expectSumsKept(record)
    expect(record.transports[0]?.counts.aborted).toBe(0)
    expect(record.transports[0]?.counts.accepted).toBeGreaterThan(0)
  })

  test('a second stop cuts the sends in flight: they are aborted, and counted', async () => {
    const run = start(sandboxPlan({ load: longLoad, emulate: { rttMs: 400 } }))
    await underWay(run)
    run.stop()
    run.stop()
    const { record } = await run.done
    expectSumsKept(record)
    expect(record.transports[0]?.counts.aborted).toBe(4)
  })

  test('a server that dies in the middle leaves failures, and every sum is kept', async () => {
    const children: ChildHandle[] = []
    const run = start(sandboxPlan({ load: { model: 'closed', concurrency: 4, durationSeconds: 2 } }), {
      fork: (module, args) => {
        const child = forkNode(module, args)
        children.push(child)
        return child
      }
    })
    await underWay(run)
    children[0]?.kill()
    const { record, state } = await run.done
    expect(state).toBe('finished')
    expectSumsKept(record)
    expect(record.transports[0]?.counts.failed).toBeGreaterThan(0)
    expect(record.transports[0]?.errors.map(({ code }) => code)).toContain('ECONNREFUSED')
  })
})
