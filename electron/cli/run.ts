import type { Plan } from '../../shared/plan/plan.ts'
import { inVain, vainWords } from '../../shared/insight/in-vain.ts'
import { runCases } from '../../shared/report/junit-cases.ts'
import { runMarkdown } from '../../shared/report/markdown.ts'
import { machineLimits, shortages } from '../engine/machine-limits.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { printJson, print, say, type Format } from './output.ts'
import { crewOf, type PlacesFlags } from './places-options.ts'
import { orReportFailure, writePipelineFiles } from './pipeline-files.ts'
import type { PipelineFiles } from './pipeline-options.ts'
import { readPlan } from './read-plan.ts'
import { runPlan, type RunPlanResult } from './run-plan.ts'
import { runText } from './run-text.ts'
import { preview } from './validate.ts'
import { checkSafety, type SafetyOptions } from './safety.ts'
import { assertTransport } from './transport-name.ts'
import { assertWritable } from './write-file.ts'

export interface RunCommand extends SafetyOptions, Partial<PlacesFlags>, PipelineFiles {
  out?: string
  sends: boolean
  force: boolean
  workers?: number
  /** Say what would be done, and do nothing. */
  dryRun?: boolean
  /** The transport that the others are compared with. */
  against?: string
  /** Base URL of a receiver of OTLP. */
  otlp?: string
  format: Format
}

/** `chattermark run PLAN` */
export async function run(path: string, options: RunCommand): Promise<ExitCode> {
  if (options.dryRun === true) return preview(await readPlan(path), options.format)
  const plan = await orReportFailure(options, { suite: path, ...TAKES_PLACE }, async () => {
    await assertWritable([options.junit, options.markdown])
    return readPlan(path)
  })
  return runAndShow(plan, options)
}

const TAKES_PLACE = { group: 'run', name: 'the run takes place' }

/** Runs a plan, prints its result, and says where its files are. */
export async function runAndShow(plan: Plan, options: RunCommand): Promise<ExitCode> {
  const against = options.against ?? null
  const { maxMessages, ...result } = await orReportFailure(
    options,
    { suite: plan.name, ...TAKES_PLACE },
    () => runChecked(plan, options)
  )
  if (options.format === 'json' && !result.isPrinted) printJson(result.record)
  else if (options.format === 'text' && !result.isPrinted) print(runText(result.record, against))
  if (result.usedUp)
    say(`The hard stop of ${maxMessages} messages ended the run; raise --max-messages for more.`)
  say(`\nThe run is in ${result.folder}`)
  await writePipelineFiles(options, {
    suite: plan.name,
    cases: runCases(result.record),
    markdown: runMarkdown(result.record, against)
  })
  return exitCode(result, options.allowLost ?? 0)
}

/** @throws {CommandError} before anything is sent, when it must not be; {@link runPlan} for the rest */
async function runChecked(plan: Plan, options: RunCommand): Promise<RunPlanResult & { maxMessages: number }> {
  if (options.against !== undefined) assertTransport(options.against, plan.transports, 'the plan')
  const maxMessages = checkSafety(plan, options)
  for (const { text, isCertain } of shortages(machineLimits(), plan)) {
    if (!isCertain) say(`this machine: ${text}`)
  }
  return {
    ...(await runPlan(plan, { ...options, maxMessages, ...(await crewOf(options)) })),
    maxMessages
  }
}

function exitCode({ interrupted, record }: RunPlanResult, allowLost: number): ExitCode {
  if (interrupted) return EXIT.interrupted
  if (record.places.filter(({ state }) => state === 'lost').length > allowLost) return EXIT.assertionFailed
  const vain = inVain(record)
  for (const transport of vain) {
    const { name } = transport
    say(`${name}: ${vainWords(transport)}; where that is meant, assert it, like "${name}.accepted == 0".`)
  }
  return vain.length === 0 && record.asserts.every(({ pass }) => pass) ? EXIT.ok : EXIT.assertionFailed
}
