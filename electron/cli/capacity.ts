import { capacityCsv } from '../../shared/record/csv.ts'
import { parseObjective, type Objective } from '../../shared/insight/objective.ts'
import { loadConcurrency } from '../../shared/plan/load-concurrency.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { capacityHtml } from '../../shared/report/capacity-html.ts'
import { startCapacity, type CapacityOptions, type CapacityResult } from '../engine/capacity.ts'
import { noKeychain } from '../engine/read-secret.ts'
import type { SearchOptions } from '../../shared/insight/capacity-move.ts'
import type { CapacityRecord } from '../../shared/record/capacity-record.ts'
import { figure } from '../../shared/text/format.ts'
import { capacityText, estimateText, eventText } from './capacity-text.ts'
import { CommandError, EXIT, type ExitCode } from './exit.ts'
import { print, printJson, say, type Format } from './output.ts'
import { crewOf, type PlacesFlags } from './places-options.ts'
import { readPlan } from './read-plan.ts'
import { listenForSignals } from './run-plan.ts'
import { checkSafety, type SafetyOptions } from './safety.ts'
import { withTelemetry } from './telemetry.ts'
import { assertWritable, writeAllAsked } from './write-file.ts'
import { capacityCases } from '../../shared/report/junit-cases.ts'
import { capacityMarkdown } from '../../shared/report/markdown.ts'
import { orReportFailure, writePipelineFiles } from './pipeline-files.ts'
import type { PipelineFiles } from './pipeline-options.ts'

export interface CapacityCommand extends SafetyOptions, PlacesFlags, PipelineFiles {
  slo: string[]
  hold: number
  confirm: number
  repeat: number
  budgetMessages?: number
  budgetMinutes?: number
  /** Rate that every transport must keep, messages per second. */
  require?: number
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
  /** Base URL of a receiver of OTLP. */
  otlp?: string
  format: Format
}

/** `chattermark capacity PLAN` */
export async function capacity(path: string, options: CapacityCommand): Promise<ExitCode> {
  const { objectives, plan } = await orReportFailure(options, { suite: path, ...TAKES_PLACE }, () =>
    readAsked(path, options)
  )
  const result = await orReportFailure(options, { suite: plan.name, ...TAKES_PLACE }, () =>
    searchChecked(plan, objectives, options)
  )
  show(plan, result, options)
  // What cannot be written is told behind all that can.
  const written = writeRecord(plan, result.record, options)
  await written.catch(() => undefined)
  const { transports } = result.record
  const unsearched = plan.transports.filter(({ name }) => !transports.some((found) => found.name === name))
  await writePipelineFiles(options, {
    suite: plan.name,
    cases: [
      ...capacityCases(result.record, options.require ?? null),
      ...unsearched.map(({ name }) => ({
        group: name,
        name: `${name} is searched`,
        failure: 'the search ended before its turn'
      }))
    ],
    markdown: capacityMarkdown(plan.name, result.record)
  })
  await written
  if (result.ended === 'stopped') return EXIT.interrupted
  if (result.ended === 'lost') return EXIT.assertionFailed
  const least = options.require ?? Number.MIN_VALUE
  const below = transports.filter(({ rate }) => rate < least)
  if (options.require !== undefined) {
    for (const { name, rate } of below) {
      say(`${name} keeps ${figure(rate)}/s, less than the ${figure(least)}/s that --require asks for.`)
    }
  }
  return below.length === 0 && unsearched.length === 0 ? EXIT.ok : EXIT.assertionFailed
}

/** @throws {CommandError} when what is asked for makes no search, or its files cannot be written */
async function readAsked(
  path: string,
  options: CapacityCommand
): Promise<{ objectives: readonly Objective[]; plan: Plan }> {
  const objectives = readObjectives(options.slo)
  const { startRate, maxRate, csv, html, out, junit, markdown } = options
  if (startRate > maxRate) {
    throw new CommandError(
      EXIT.usage,
      `--start-rate ${startRate} is above --max-rate ${maxRate}; nothing was sent.`
    )
  }
  await assertWritable([csv, html, out, junit, markdown])
  return { objectives, plan: await readPlan(path, { oneRound: true }) }
}

const TAKES_PLACE = { group: 'capacity', name: 'the search takes place' }

/** @throws {CommandError} before anything is sent, when it must not be */
async function searchChecked(
  plan: Plan,
  objectives: readonly Objective[],
  options: CapacityCommand
): Promise<CapacityResult> {
  const concurrency = options.concurrency ?? loadConcurrency(plan.load)
  // Nobody knows beforehand how many messages a search takes: as with a load by time, the hard stop bounds it.
  const byTime = { model: 'closed', concurrency, durationSeconds: options.hold } as const
  const maxMessages = checkSafety({ ...plan, load: byTime, rounds: 1 }, options)
  const search = searchOptions(options)
  say(estimateText(search, plan.transports.length * options.repeat))
  const crew = await crewOf(options)
  return withTelemetry({ plan, url: options.otlp }, (tell) =>
    runSearch({
      ...{ plan, objectives, search, concurrency, maxMessages, repeat: options.repeat, keychain: noKeychain },
      ...crew,
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      onDelta: tell
    })
  )
}

function searchOptions(options: CapacityCommand): SearchOptions {
  return {
    startRate: options.startRate,
    ceilingRate: options.maxRate,
    precision: options.precision / 100,
    coolDownSeconds: options.coolDown,
    holdSeconds: options.hold,
    confirmSeconds: options.confirm,
    budgetMessages: options.budgetMessages ?? Infinity,
    budgetSeconds: options.budgetMinutes === undefined ? Infinity : 60 * options.budgetMinutes
  }
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
    const text = eventText(event)
    if (text !== null) say(text)
  })
  const signals = listenForSignals(search)
  try {
    return await search.done
  } finally {
    signals.stop()
  }
}

function show(plan: Plan, { record, ended }: CapacityResult, options: CapacityCommand): void {
  if (ended === 'used-up') {
    say(`The hard stop of ${options.maxMessages} messages ended the search; raise --max-messages for more.`)
  }
  if (options.format === 'json') printJson(record)
  else print(capacityText(plan.name, record))
}

/** @throws {CommandError} when a file cannot be written; a record that has no other place is printed */
async function writeRecord(
  plan: Plan,
  record: CapacityRecord,
  { csv, html, out, format }: CapacityCommand
): Promise<void> {
  try {
    await writeAllAsked([
      { path: out, content: () => `${JSON.stringify(record, null, 2)}\n` },
      { path: csv, content: () => capacityCsv(record) },
      { path: html, content: () => capacityHtml(plan.name, record) }
    ])
  } catch (error) {
    if (format === 'text') {
      say('Not all files could be written: the record goes to stdout.')
      printJson(record)
    }
    throw error
  }
}
