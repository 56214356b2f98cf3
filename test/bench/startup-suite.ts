import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { median } from '../../shared/insight/statistics.ts'
import buildIfStale from '../e2e/build-if-stale.ts'
import { inTurn, milliseconds, type Row, seconds, type Suite } from './bench.ts'
import { BUILT_CLI, httpTransport, planOf } from './chattermark.ts'
import { output, temporaryFolder } from './processes.ts'

const REPEATS = 15

/** What a user waits for before the command line answers at all. */
export const startupSuite: Suite = {
  name: 'startup',
  async *run() {
    buildIfStale()
    yield await startRow('--help', ['--help'], 60)
    const plan = join(temporaryFolder(), 'plan.json')
    const transport = httpTransport('http://127.0.0.1:8080')
    writeFileSync(plan, JSON.stringify(planOf({ transport, concurrency: 10, messages: 1000 })))
    yield await startRow('validate', ['validate', plan], 150)
  }
}

async function startRow(name: string, args: string[], allowedMs: number): Promise<Row> {
  const measured = await inTurn(
    () => seconds(() => output(process.execPath, [BUILT_CLI, ...args])),
    () => seconds(() => output(process.execPath, ['-e', '0'])),
    REPEATS
  )
  const extraMs = Math.round((median(measured.ours) - median(measured.peer)) * 1000)
  return {
    what: `start-up of the built command line, \`${name}\``,
    against: 'bare `node -e 0`',
    bound: null,
    ratios: measured.ratios,
    figures: `${milliseconds(measured.ours)} against ${milliseconds(measured.peer)}`,
    met: { ok: extraMs <= allowedMs, demand: `at most ${allowedMs} ms more; ${extraMs} ms more` }
  }
}
