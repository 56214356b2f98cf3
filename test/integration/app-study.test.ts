import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { KnownSecrets } from '../../electron/store/known-secrets.ts'
import { AppRunner } from '../../electron/api/app-runner.ts'
import { RunFolderHistory } from '../../electron/api/run-history.ts'
import { startStudy } from '../../electron/api/study-run.ts'
import { studySchema } from '../../shared/plan/study.ts'
import type { LiveStudy } from '../../shared/page/live-study.ts'
import type { RunEnd } from '../../shared/record/snapshot.ts'
import { STUDY_FILE } from '../../electron/record/study-folder.ts'
import { isStudy, type StudyRecord } from '../../shared/record/study-record.ts'
import { sandboxPlan, sandboxPlanInput } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

const CONSENT = { remote: false, realRecipients: false, secrets: false, maxMessages: 10_000 }
const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** Asks the app a question of the sandbox's plan, and waits for the answer. */
async function ask(
  study: unknown,
  onStudy: (study: LiveStudy, runner: AppRunner, runsFolder: string) => void = () => undefined
): Promise<{ end: RunEnd; record: StudyRecord; runs: RunFolderHistory }> {
  const runsFolder = await mkdtemp(join(tmpdir(), 'chattermark-study-'))
  folders.push(runsFolder)
  const runner = new AppRunner({
    known: new KnownSecrets(runsFolder),
    runsFolder,
    keychain: () => Promise.resolve(null),
    server: () => null
  })
  const ended = new Promise<RunEnd>((resolve) => runner.onEnd(resolve))
  runner.onStudy((live) => onStudy(live, runner, runsFolder))
  const plan = sandboxPlanInput({
    rounds: 1,
    warmupSeconds: 0,
    load: { model: 'closed', concurrency: 4, messages: 8 }
  })
  expect(await runner.start(plan, CONSENT, study)).toMatchObject({ ok: true })
  const end = await ended
  const runs = new RunFolderHistory(runsFolder)
  const record = await runs.get(end.runId)
  if (!isStudy(record)) throw new Error('the history holds no study')
  return { end, record, runs }
}

it('sweeps over distance in the app: live points, a record with its kind, its table', async () => {
  const lives: LiveStudy[] = []
  const { end, record, runs } = await ask({ kind: 'distance', rttsMs: [2, 12] }, (live) =>
    lives.push(structuredClone(live))
  )
  expect(end).toMatchObject({ state: 'finished', hasRecord: true })
  expect(record.sweep?.transports.map(({ points }) => points.length)).toEqual([2, 2])
  const [summary] = await runs.list()
  expect(summary).toMatchObject({ kind: 'distance', conditions: { rttsMs: [2, 12] }, state: 'finished' })
  const points = lives.map((live) =>
    live.kind === 'distance' ? (live.transports[0]?.points.length ?? 0) : -1
  )
  expect(points).toContain(1)
  const table = Buffer.from((await runs.export(end.runId, 'sweep.csv')).base64, 'base64').toString()
  expect(table.trim().split('\r\n')).toHaveLength(5)
})

it('finds the limit in the app; a stop keeps the steps made', async () => {
  const study = { kind: 'capacity', holdSeconds: 0.3, startRate: 20, ceilingRate: 1e6 }
  let isStopped = false
  const { end, record, runs } = await ask(study, (live, runner) => {
    const steps = live.kind === 'capacity' ? (live.transports[0]?.steps.length ?? 0) : 0
    if (isStopped || live.state !== 'running' || steps < 2) return
    isStopped = true
    runner.stop()
  })
  expect(end.state).toBe('stopped')
  expect(record.capacity?.transports[0]?.steps.length).toBeGreaterThanOrEqual(2)
  expect(record.verdict).toContain('smtp')
  await runs.mark(end.runId, { note: 'before the move', baseline: true })
  expect(await runs.list()).toMatchObject([{ kind: 'capacity', note: 'before the move', baseline: true }])
})

it('is no history while it goes on: in no list, and neither renamed nor deleted', async () => {
  let looked: Promise<unknown> | undefined
  const look = async (id: string, folder: string): Promise<void> => {
    const others = new RunFolderHistory(folder)
    await until('a first record', () => existsSync(join(folder, id, STUDY_FILE)))
    expect(await others.list()).toEqual([])
    await expect(others.rename(id, 'another name')).rejects.toThrow(/still goes on/)
    await expect(others.delete(id)).rejects.toThrow(/still goes on/)
  }
  const study = { kind: 'capacity', holdSeconds: 0.3, startRate: 20, ceilingRate: 1e6 }
  const { end, runs } = await ask(study, (live, runner, folder) => {
    looked ??= look(live.runId, folder)
      .catch((error: unknown) => error)
      .finally(() => runner.stop())
  })
  expect(await looked).toBeUndefined()
  expect(end).toMatchObject({ state: 'stopped', hasRecord: true })
  expect(await runs.list()).toMatchObject([{ id: end.runId, name: 'test', state: 'stopped' }])
})

it('sends nothing where its record could not be kept', async () => {
  const runsFolder = await mkdtemp(join(tmpdir(), 'chattermark-study-'))
  folders.push(runsFolder)
  const file = join(runsFolder, 'file')
  await writeFile(file, '')
  const lives: LiveStudy[] = []
  const run = startStudy({
    plan: sandboxPlan({ rounds: 1 }),
    study: studySchema.parse({ kind: 'distance', rttsMs: [0, 5] }),
    id: 'study',
    folder: join(file, 'study'),
    keychain: () => Promise.resolve(null),
    maxMessages: 10
  })
  run.onLive((live) => lives.push(live))
  await expect(run.done).rejects.toThrow(/cannot be made.*nothing was sent/)
  expect(lives).toEqual([])
})
