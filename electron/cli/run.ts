import type { Plan } from '../../shared/plan.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { printJson, print, say, type Format } from './output.ts'
import { readPlan } from './plan-file.ts'
import { runPlan, type RunPlanResult } from './run-plan.ts'
import { runText } from './run-text.ts'
import { checkSafety, type SafetyOptions } from './safety.ts'

export interface RunCommand extends SafetyOptions {
  out?: string
  sends: boolean
  force: boolean
  workers?: number
  format: Format
}

/** `chattermark run PLAN` */
export async function run(path: string, options: RunCommand): Promise<ExitCode> {
  return runAndShow(await readPlan(path), options)
}

/** Runs a plan, prints its result, and says where its files are. */
export async function runAndShow(plan: Plan, options: RunCommand): Promise<ExitCode> {
  const maxMessages = checkSafety(plan, options)
  const result = await runPlan(plan, { ...options, maxMessages })
  if (options.format === 'json') printJson(result.record)
  else print(runText(result.record))
  if (result.usedUp)
    say(`The hard stop of ${maxMessages} messages ended the run; raise --max-messages for more.`)
  say(`\nThe run is in ${result.folder}`)
  return exitCode(result)
}

function exitCode({ interrupted, record }: RunPlanResult): ExitCode {
  if (interrupted) return EXIT.interrupted
  return record.asserts.every(({ pass }) => pass) ? EXIT.ok : EXIT.assertionFailed
}
