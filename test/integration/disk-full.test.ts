import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { JOURNAL_FILE } from '../../electron/store/journal.ts'
import { readRun, RECORD_FILE } from '../../electron/store/run-folder.ts'
import type { PlanInput } from '../../shared/plan.ts'
import { cli, finished, startCli, temporaryFolder } from '../support/cli.ts'
import { mountSmallDisk } from '../support/disk.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

/** Pages of 4 KB on a disk of 256 KB. */
const disk = mountSmallDisk(256)
if (disk === null)
  console.warn('SKIPPED: no small disk can be mounted here (needs root), so full disks are not tested')
afterAll(() => disk?.[Symbol.dispose]())

function planFile(changes: Partial<PlanInput>): string {
  const file = join(temporaryFolder(), 'plan.json')
  writeFileSync(file, JSON.stringify(sandboxPlanInput({ rounds: 1, ...changes })))
  return file
}

describe.runIf(disk !== null)('on a full disk', () => {
  const root = disk?.folder ?? ''
  const ballast = join(root, 'ballast')
  const out = join(root, 'run')
  /** Takes all room but for `bytes`. */
  const fill = (bytes: number): void => {
    const { bavail, bsize } = statfsSync(root)
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - bytes)))
  }
  afterEach(() => {
    for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true })
  })

  test('a run that cannot begin its journal sends nothing and says why', async () => {
    fill(0)
    const { exitCode, stdout, stderr } = await cli(['run', planFile({}), '--out', out])
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
    expect(stderr).toMatch(/ENOSPC/)
    expect(stderr).toMatch(/nothing was sent/)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(existsSync(out)).toBe(false)
  })

  test('a run whose record has no room ends with 3, keeps its journal and leaves no half a file', async () => {
    const load = { model: 'closed', concurrency: 2, durationSeconds: 2 } as const
    const child = startCli(['run', planFile({ load }), '--out', out])
    const end = finished(child)
    await until('a first second in the journal', () => {
      const { bavail, bsize, blocks } = statfsSync(root)
      return existsSync(join(out, JOURNAL_FILE)) && (blocks - bavail) * bsize > 8192
    })
    fill(0)
    const { exitCode, stdout, stderr } = await end
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' })
    expect(stderr).toMatch(/could not be written to .*ENOSPC/)
    expect(existsSync(join(out, RECORD_FILE))).toBe(false)
    expect(readdirSync(out).filter((name) => name.endsWith('.part'))).toEqual([])
    const { state, transports } = await readRun(out)
    expect(state).toBe('crashed')
    expect(transports[0]?.counts.accepted).toBeGreaterThan(0)
    for (const { counts } of transports)
      expect(counts.sent).toBe(counts.accepted + counts.rejected + counts.failed + counts.aborted)
  })

  test('a line that a full disk took only a part of is whole once there is room again', async () => {
    const load = { model: 'closed', concurrency: 2, durationSeconds: 8 } as const
    const child = startCli(['run', planFile({ load }), '--out', out])
    const end = finished(child)
    const journal = join(out, JOURNAL_FILE)
    await until('the journal', () => existsSync(journal))
    fill(0)
    // What is left of its last page is all that a write can get.
    await until('a write that was cut short', () => statSync(journal).size % statfsSync(root).bsize === 0)
    const { size } = statSync(journal)
    rmSync(ballast)
    await until('more lines', () => statSync(journal).size > size)
    child.kill('SIGKILL')
    await end
    const lines = readFileSync(journal, 'utf8').split('\n').slice(0, -1)
    expect(lines.length).toBeGreaterThan(1)
    for (const line of lines) expect(JSON.parse(line)).toHaveProperty('kind')
    expect((await readRun(out)).state).toBe('crashed')
  })

  test('sends.csv that is not complete is told of, and the record is whole', async () => {
    const load = { model: 'closed', concurrency: 4, messages: 4000 } as const
    const { exitCode, stderr } = await cli(['run', planFile({ load }), '--sends', '--out', out])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/sends\.csv is not complete \(ENOSPC\)|could not be written to .*ENOSPC/)
    expect(stderr).not.toMatch(/\n\s+at /)
    const { transports } = await readRun(out)
    for (const { counts } of transports)
      expect(counts.sent).toBe(counts.accepted + counts.rejected + counts.failed + counts.aborted)
  })
})
