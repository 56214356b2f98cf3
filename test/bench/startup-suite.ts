import { median } from '../../shared/statistics.ts'
import { inTurn, seconds, type Suite } from './bench.ts'
import { CLI } from './chattermark.ts'
import { output } from './processes.ts'

/** What a user waits for before the command line answers at all. */
export const startupSuite: Suite = {
  name: 'startup',
  async *run() {
    const measured = await inTurn(
      () => seconds(() => output(process.execPath, [CLI, '--help'])),
      () => seconds(() => output(process.execPath, ['-e', '0'])),
      15
    )
    const extraMs = (median(measured.ours) - median(measured.peer)) * 1000
    yield {
      what: 'start-up of the command line (`--help`)',
      against: 'bare `node -e 0`',
      bound: null,
      ratios: measured.ratios,
      figures: `${Math.round(median(measured.ours) * 1000)} ms against ${Math.round(median(measured.peer) * 1000)} ms`,
      met: { ok: extraMs <= 150, demand: `at most 150 ms more; ${Math.round(extraMs)} ms more` }
    }
  }
}
