import { existsSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { JOURNAL_FILE } from '../../electron/record/journal-file.ts'
import { readRun, RECORD_FILE } from '../../electron/record/run-folder.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { cli, finished, startCli, temporaryFolder } from '../support/cli.ts'
import { mountSmallDisk } from '../support/disk.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

/** Pages of 4 KB on a disk of 256 KB. */
const disk = mountSmallDisk(256)
if (disk === null)
  console.warn('SKIPPED: no small disk can be mounted here (needs root), so full disks are not tested')
afterAll(() => disk?.[Symbol.dispose]())

/** Resolves when a command has said something on stderr. */
function tellsOf(child: ReturnType<typeof startCli>, what: RegExp): Promise<void> {
  let said = ''
  return new Promise((resolve) => {
    child.stderr?.on('data', (text: string) => {
      said += text
      if (what.test(said)) resolve()
    })
  })
}

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

  /** A run whose disk is full before its end, once it has said so. */
  async function stuckRun(): Promise<{
    child: ReturnType<typeof startCli>
    end: ReturnType<typeof finished>
  }> {
    const load = { model: 'closed', concurrency: 2, durationSeconds: 5 } as const
    const child = startCli(['run', planFile({ load, emulate: { rttMs: 20 } }), '--out', out])
    const end = finished(child)
    await until('a first second in the journal', () => {
      const { bavail, bsize, blocks } = statfsSync(root)
      return existsSync(join(out, JOURNAL_FILE)) && (blocks - bavail) * bsize > 8192
    })
    fill(0)
    await tellsOf(child, /could not be written to .*ENOSPC/)
    return { child, end }
  }

  test('a record that has no room is printed, and written once there is some', async () => {
    const { end } = await stuckRun()
    rmSync(ballast)
    const { exitCode, stdout, stderr } = await end
    expect(exitCode, stderr).toBe(0)
    expect(JSON.parse(stdout)).toEqual(await readRun(out))
  })

  test('a record that has no room until the user stops leaves its journal and no half a file', async () => {
    const { child, end } = await stuckRun()
    child.kill('SIGINT')
    const { exitCode, stdout, stderr } = await end
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/chattermark report /)
    expect(JSON.parse(stdout)).toHaveProperty('schema', 1)
    expect(existsSync(join(out, RECORD_FILE))).toBe(false)
    expect(readdirSync(out)).toContain(JOURNAL_FILE)
    expect(readdirSync(out).filter((name) => name.endsWith('.part'))).toEqual([])
    const { state, transports } = await readRun(out)
    expect(state).toBe('crashed')
    expect(transports[0]?.counts.accepted).toBeGreaterThan(0)
    for (const { counts } of transports)
      expect(counts.sent).toBe(counts.accepted + counts.rejected + counts.failed + counts.aborted)
  })

  test('a line that a full disk took only a part of is whole once there is room again', async () => {
    const load = { model: 'closed', concurrency: 2, durationSeconds: 8 } as const
    const child = startCli(['run', planFile({ load, emulate: { rttMs: 20 } }), '--out', out])
    const end = finished(child)
    const journal = join(out, JOURNAL_FILE)
    await until('a first line in the journal', () => existsSync(journal) && statSync(journal).size > 0)
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
    const child = startCli(['run', planFile({ load }), '--sends', '--out', out])
    const end = finished(child)
    void tellsOf(child, /could not be written to/).then(() => child.kill('SIGINT'))
    const { exitCode, stderr } = await end
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(
      /sends\.csv is not complete \(ENOSPC, no space left on device\)|could not be written to .*ENOSPC/
    )
    expect(stderr).not.toMatch(/\n\s+at /)
    const { transports } = await readRun(out)
    for (const { counts } of transports)
      expect(counts.sent).toBe(counts.accepted + counts.rejected + counts.failed + counts.aborted)
  })
})
