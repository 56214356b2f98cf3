import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { JOURNAL_FILE } from '../../electron/record/journal-file.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import { finished, startCli, temporaryFolder } from '../support/cli.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

test.skipIf(process.platform === 'win32')(
  'a process that stood still does not blame its peer: the sends across it are left out, and the record says so',
  async () => {
    const root = temporaryFolder()
    const out = join(root, 'run')
    const plan = sandboxPlanInput({
      rounds: 1,
      warmupSeconds: 0,
      timeoutSeconds: 2,
      load: { model: 'closed', concurrency: 2, durationSeconds: 6 }
    })
    writeFileSync(
      join(root, 'plan.json'),
      JSON.stringify({ ...plan, transports: plan.transports.slice(0, 1) })
    )
    const child = startCli(['run', join(root, 'plan.json'), '--out', out])
    const end = finished(child)
    const journal = join(out, JOURNAL_FILE)
    await until('results', () => existsSync(journal) && readFileSync(journal, 'utf8').includes('"delta"'))
    child.kill('SIGSTOP')
    // The time that it stands still is what is tested.
    await wait(3500)
    child.kill('SIGCONT')
    expect((await end).exitCode).toBe(0)
    const [transport] = (await readRun(out)).transports
    expect(transport?.counts.failed).toBe(0)
    expect(transport?.gaps?.[0]?.seconds).toBeGreaterThan(3)
    expect(transport?.response.max).toBeLessThan(2000)
    expect(transport?.notes.join(' ')).toMatch(/stood still for \d+ s/)
    expect(transport?.durationSeconds).toBeLessThan(4)
  }
)
