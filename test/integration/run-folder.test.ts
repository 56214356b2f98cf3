import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { LOCK_FILE, lockFolder } from '../../electron/record/folder-lock.ts'
import { claimRunFolder, readRun, RECORD_FILE, writeRun } from '../../electron/record/run-folder.ts'
import { JOURNAL_FILE } from '../../electron/record/journal-file.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { runRecordSchema } from '../../shared/record/run-record.ts'
import { cli, finished, startCli, temporaryFolder } from '../support/cli.ts'
import { runRecord, transportRecord } from '../support/records.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

let root: string
let out: string

beforeEach(() => {
  root = temporaryFolder()
  out = join(root, 'run')
})

function planFile(changes: Partial<PlanInput> = {}): string {
  const file = join(root, `plan-${Math.random()}.json`)
  const load = { model: 'closed', concurrency: 1, messages: 20 } as const
  writeFileSync(file, JSON.stringify(sandboxPlanInput({ rounds: 1, warmupSeconds: 0, load, ...changes })))
  return file
}

/** A run that is stopped before leaves nothing. */
async function untilMeasured(folder = (): string => out): Promise<void> {
  await until('something measured in the journal', async () => {
    const record = await readRun(folder()).catch(() => null)
    return record?.transports.some(({ counts }) => counts.accepted > 0) ?? false
  })
}

const deadPeer: PlanInput['transports'] = [
  { name: 'gone', protocol: 'smtp', host: '127.0.0.1', port: 1, security: 'none' }
]

describe('a folder that a run is writing to', () => {
  test.each([[], ['--force']])('is not touched by a second start with [%s]', async (...flags) => {
    const load = { model: 'closed', concurrency: 1, durationSeconds: 60 } as const
    const first = startCli(['run', planFile({ load, emulate: { rttMs: 20 } }), '--out', out])
    const end = finished(first)
    await untilMeasured()
    const second = await cli(['run', planFile(), '--out', out, ...flags])
    expect(second.exitCode).toBe(3)
    expect(second.stderr).toMatch(/another run is writing to/)
    expect(existsSync(join(out, JOURNAL_FILE))).toBe(true)
    first.kill('SIGINT')
    expect((await end).exitCode).toBe(130)
    expect((await readRun(out)).state).toBe('stopped')
    expect(readdirSync(out)).not.toContain(LOCK_FILE)
  })

  test('is never taken by two at once, however they race for it', async () => {
    const claims = await Promise.allSettled(Array.from({ length: 20 }, () => claimRunFolder(out, true)))
    expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('is free again when its writer was killed, and what was measured can be read', async () => {
    const load = { model: 'closed', concurrency: 1, durationSeconds: 60 } as const
    const first = startCli(['run', planFile({ load, emulate: { rttMs: 20 } }), '--out', out])
    const end = finished(first)
    await untilMeasured()
    first.kill('SIGKILL')
    await end
    const refused = await cli(['run', planFile(), '--out', out])
    expect(refused.stderr).toMatch(/broke off[^]*chattermark report/)
    expect((await readRun(out)).state).toBe('crashed')
    expect((await cli(['run', planFile(), '--out', out, '--force'])).exitCode).toBe(0)
    expect((await readRun(out)).state).toBe('finished')
    expect(readdirSync(out)).not.toContain(JOURNAL_FILE)
  })

  test('is free although a later process has the number of its dead writer', async () => {
    mkdirSync(out)
    const release = await lockFolder(out)
    const lock = JSON.parse(readFileSync(join(out, LOCK_FILE), 'utf8')) as { began: string | null }
    await release()
    writeFileSync(join(out, LOCK_FILE), JSON.stringify({ ...lock, began: 'another boot 1' }))
    await expect(lockFolder(out)).resolves.toBeTypeOf('function')
  })
})

describe('an earlier run in the folder', () => {
  let before: string
  beforeEach(async () => {
    expect((await cli(['run', planFile(), '--out', out])).exitCode).toBe(0)
    before = readFileSync(join(out, RECORD_FILE), 'utf8')
  })

  test('outlives a night with the server down, --force or not', async () => {
    for (const flags of [[], ['--force']]) {
      const night = await cli(['run', planFile({ transports: deadPeer }), '--out', out, ...flags])
      expect(night.exitCode).toBe(3)
      expect(readFileSync(join(out, RECORD_FILE), 'utf8')).toBe(before)
    }
    expect(readdirSync(out).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('outlives a kill in the middle of what was to replace it, which can be read as well', async () => {
    const load = { model: 'closed', concurrency: 1, durationSeconds: 60 } as const
    const child = startCli([
      'run',
      planFile({ load, emulate: { rttMs: 20 }, name: 'the new one' }),
      '--out',
      out,
      '--force'
    ])
    const end = finished(child)
    const beside = (): string =>
      join(out, readdirSync(out).find((name) => name.startsWith('.new-')) ?? 'nothing beside')
    await untilMeasured(beside)
    child.kill('SIGKILL')
    await end
    expect(readFileSync(join(out, RECORD_FILE), 'utf8')).toBe(before)
    expect((await readRun(beside())).name).toBe('the new one')
  })

  test('is replaced by one that has finished, and what the user put beside it stays', async () => {
    writeFileSync(join(out, 'notes.txt'), 'mine')
    // Not of a sweep, although they begin as its folders do.
    writeFileSync(join(out, 'rtt-notes.md'), 'mine')
    mkdirSync(join(out, 'size-charts'))
    mkdirSync(join(out, 'rtt-20-2026-11'))
    writeFileSync(join(out, 'sends.csv'), 'of the old run')
    const again = await cli(['run', planFile({ name: 'the new one' }), '--out', out, '--force'])
    expect(again.exitCode, again.stderr).toBe(0)
    expect((await readRun(out)).name).toBe('the new one')
    expect(readdirSync(out).sort()).toEqual(
      [
        ...[
          'errors.csv',
          'notes.txt',
          'phases.csv',
          'rtt-20-2026-11',
          'rtt-notes.md',
          'run.json',
          'size-charts'
        ],
        ...['summary.csv', 'timeline.csv']
      ].sort()
    )
  })
})

test('a run is found in a folder that is called like a file', async () => {
  const folder = join(root, 'night.json')
  mkdirSync(folder)
  await writeRun(folder, runRecord([transportRecord('api', [[1000], [1100]])]))
  expect(await cli(['report', folder])).toMatchObject({ exitCode: 0, stderr: '' })
})

test('a merge calls a place as the folder of its run, however that was named, and tells a taken folder from misuse', async () => {
  for (const place of ['fra', 'iad']) {
    mkdirSync(join(root, place))
    await writeRun(join(root, place), runRecord([transportRecord('api', [[1000], [1100]])]))
  }
  const args = ['merge', `${join(root, 'fra')}/.`, join(root, 'iad', '..', 'iad', RECORD_FILE)]
  const { stdout, stderr } = await cli([...args, '--format', 'json'])
  expect(stderr).toBe('')
  const { places } = runRecordSchema.parse(JSON.parse(stdout))
  expect(places.map(({ name }) => name)).toEqual(['fra', 'iad'])
  // The runs can be merged; that there is no room for the result is no fault of how it was asked for.
  const taken = await cli([...args, '--out', root])
  expect(taken.exitCode).toBe(3)
  expect(taken.stderr).toContain('exists and is not empty')
  const twice = await cli(['merge', join(root, 'fra'), join(root, 'fra')])
  expect([twice.exitCode, twice.stdout]).toEqual([2, ''])
})

test('a folder that the user made stays when a run fails in it, and one that the run made goes', async () => {
  mkdirSync(out)
  const other = join(root, 'a', 'b')
  for (const folder of [out, other]) {
    const result = await cli(['run', planFile({ transports: deadPeer }), '--out', folder])
    expect(result.exitCode).toBe(3)
  }
  expect(readdirSync(out)).toEqual([])
  expect(existsSync(join(root, 'a'))).toBe(false)
})

test('the files of a run can be read by their owner alone', async () => {
  await cli(['run', planFile(), '--sends', '--out', out])
  const files = readdirSync(out)
  expect(files).toContain('sends.csv')
  for (const name of files) expect(statSync(join(out, name)).mode & 0o077, name).toBe(0)
  expect(statSync(out).mode & 0o077).toBe(0)
})

test('an earlier sweep outlives one that cannot be made, and goes when the next has finished', async () => {
  const sweep = (file: string, ...flags: string[]): ReturnType<typeof cli> =>
    cli(['sweep', file, '--rtt', '0,2', '--out', out, ...flags])
  expect((await sweep(planFile())).exitCode).toBe(0)
  const before = readFileSync(join(out, 'rtt-0', RECORD_FILE), 'utf8')
  expect((await sweep(planFile({ transports: deadPeer }), '--force')).exitCode).toBe(3)
  expect(readFileSync(join(out, 'rtt-0', RECORD_FILE), 'utf8')).toBe(before)
  expect((await cli(['sweep', planFile(), '--rtt', '2,4', '--out', out, '--force'])).exitCode).toBe(0)
  expect(readdirSync(out).sort()).toEqual(['rtt-2', 'rtt-4', 'sweep.csv', 'sweep.json'])
})
