import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { capacityCsv } from '../../shared/csv.ts'
import { parseObjective, type Objective } from '../../shared/objective.ts'
import { loadConcurrency, type Plan } from '../../shared/plan.ts'
import { capacityHtml } from '../../shared/report/capacity-html.ts'
import { startCapacity, type CapacityOptions, type CapacityResult } from '../engine/capacity.ts'
import { RunError } from '../engine/run-error.ts'
import { errorCode, noKeychain } from '../engine/secrets.ts'
import { capacityText, eventText } from './capacity-text.ts'
import { CommandError, EXIT, type ExitCode } from './exit.ts'
import { print, printJson, say, type Format } from './output.ts'
import { readPlan } from './plan-file.ts'
import { listenForSignals } from './run-plan.ts'
import { checkSafety, type SafetyOptions } from './safety.ts'

export interface CapacityCommand extends SafetyOptions {
  slo: string[]
  hold: number
  /** Percent. */
  precision: number
  startRate: number
  maxRate: number
  coolDown: number
  concurrency?: number
  csv?: string
  html?: string
  out?: string
  workers?: number
  format: Format
}

/** `chattermark capacity PLAN` */
export async function capacity(path: string, options: CapacityCommand): Promise<ExitCode> {
  const objectives = readObjectives(options.slo)
  if (options.startRate > options.maxRate) {
    throw new CommandError(
      EXIT.usage,
      `--start-rate ${options.startRate} is above --max-rate ${options.maxRate}; nothing was sent.`
    )
  }
  const plan = await readPlan(path)
  const concurrency = options.concurrency ?? loadConcurrency(plan.load)
  // Nobody knows beforehand how many messages a search takes: as with a load by time, the hard stop bounds it.
  const byTime = { model: 'closed', concurrency, durationSeconds: options.hold } as const
  const maxMessages = checkSafety({ ...plan, load: byTime, rounds: 1 }, options)
  const result = await runSearch({
    plan,
    objectives,
    search: {
      startRate: options.startRate,
      ceilingRate: options.maxRate,
      precision: options.precision / 100,
      coolDownSeconds: options.coolDown
    },
    holdSeconds: options.hold,
    concurrency,
    maxMessages,
    keychain: noKeychain,
    ...(options.workers === undefined ? {} : { workers: options.workers })
  })
  await show(plan, result, options)
  if (result.ended === 'stopped') return EXIT.interrupted
  return result.record.transports.every(({ rate }) => rate > 0) ? EXIT.ok : EXIT.assertionFailed
}

/** @throws {CommandError} with one line per objective that cannot be read */
function readObjectives(texts: readonly string[]): Objective[] {
  const parsed = texts.map(parseObjective)
  const faults = parsed.flatMap((result) => (result.ok ? [] : [`--slo: ${result.message}`]))
  if (faults.length > 0) throw new CommandError(EXIT.usage, faults.join('\n'))
  return parsed.flatMap((result) => (result.ok ? [result.value] : []))
}

async function runSearch(options: CapacityOptions): Promise<CapacityResult> {
  const search = startCapacity(options, (event) => {
    say(eventText(event))
  })
  const signals = listenForSignals(search)
  try {
    return await search.done
  } catch (error) {
    if (error instanceof RunError) throw new CommandError(EXIT.couldNotRun, error.message)
    throw error
  } finally {
    signals.stop()
  }
}

async function show(plan: Plan, result: CapacityResult, options: CapacityCommand): Promise<void> {
  const { record, ended } = result
  if (ended === 'used-up') {
    say(`The hard stop of ${options.maxMessages} messages ended the search; raise --max-messages for more.`)
  }
  if (options.format === 'json') printJson(record)
  else print(capacityText(plan.name, record))
  if (options.csv !== undefined) await write(options.csv, capacityCsv(record))
  if (options.html !== undefined) await write(options.html, capacityHtml(plan.name, record))
  if (options.out !== undefined) await write(options.out, `${JSON.stringify(record, null, 2)}\n`)
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
