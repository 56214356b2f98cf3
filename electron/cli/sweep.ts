import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sweepCsv } from '../../shared/csv.ts'
import { LADDER_PLAN } from '../../shared/ladder-plan.ts'
import { planSchema } from '../../shared/plan.ts'
import { turnChartSvg } from '../../shared/turn-chart-svg.ts'
import { turnChart } from '../../shared/turn-chart.ts'
import { rowsFromRecord } from '../../shared/turn-rows.ts'
import { RunError } from '../engine/run-error.ts'
import { errorCode, noKeychain } from '../engine/secrets.ts'
import { runFolder, startSweep, type SweepOptions, type SweepResult } from '../engine/sweep.ts'
import { CommandError, EXIT, type ExitCode } from './exit.ts'
import { print, printJson, say, type Format } from './output.ts'
import { readPlan } from './plan-file.ts'
import { ProgressLine } from './progress.ts'
import { listenForSignals } from './run-plan.ts'
import { checkSafety, type SafetyOptions } from './safety.ts'
import { sweepText, troubles } from './sweep-text.ts'

export interface SweepCommand extends SafetyOptions {
  rtt: number[]
  csv?: string
  out?: string
  force: boolean
  workers?: number
  format: Format
}

/** `chattermark sweep [PLAN]` */
export async function sweep(path: string | undefined, options: SweepCommand): Promise<ExitCode> {
  const plan = path === undefined ? planSchema.parse(LADDER_PLAN) : await readPlan(path)
  const maxMessages = checkSafety(plan, {
    ...options,
    maxMessages: Math.floor(options.maxMessages / options.rtt.length)
  })
  const { record, runs, stopped } = await runSweep({
    plan,
    rttsMs: options.rtt,
    maxMessages,
    keychain: noKeychain,
    force: options.force,
    ...(options.out === undefined ? {} : { folder: options.out }),
    ...(options.workers === undefined ? {} : { workers: options.workers })
  })
  if (options.format === 'json') printJson(record)
  else print(sweepText(plan.name, record))
  for (const trouble of troubles(runs)) say(trouble)
  if (options.out !== undefined) {
    await write(join(options.out, 'sweep.json'), `${JSON.stringify(record, null, 2)}\n`)
    await write(join(options.out, 'sweep.csv'), sweepCsv(record))
    for (const run of runs) {
      const chart = turnChartSvg(turnChart(rowsFromRecord(run)), 'auto')
      await write(join(options.out, runFolder(run.plan.emulate.rttMs), 'turns.svg'), chart)
    }
  }
  if (options.csv !== undefined) await write(options.csv, sweepCsv(record))
  if (stopped) return EXIT.interrupted
  return record.transports.every(({ points }) => points.every(({ n }) => n > 0)) ? EXIT.ok : EXIT.couldNotRun
}

async function runSweep(options: SweepOptions): Promise<SweepResult> {
  const line = new ProgressLine()
  const sweeping = startSweep(options, ({ rttMs, step, steps, snapshot }) => {
    line.show(snapshot, `RTT ${rttMs} ms (${step} of ${steps}) `)
  })
  const signals = listenForSignals(sweeping)
  try {
    return await sweeping.done
  } catch (error) {
    if (error instanceof RunError) throw new CommandError(EXIT.couldNotRun, error.message)
    throw error
  } finally {
    line.clear()
    signals.stop()
  }
}

async function write(path: string, content: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  } catch (error) {
    throw new CommandError(EXIT.couldNotRun, `${path} cannot be written (${errorCode(error)})`)
  }
  say(`wrote ${path}`)
}
