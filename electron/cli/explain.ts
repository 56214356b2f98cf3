import { didYouMean } from '../../shared/did-you-mean.ts'
import type { Plan } from '../../shared/plan.ts'
import { explain as explainPlan } from '../engine/explain.ts'
import { RunError } from '../engine/run-error.ts'
import { noKeychain } from '../engine/secrets.ts'
import { CommandError, EXIT, type ExitCode } from './exit.ts'
import { explainText } from './explain-text.ts'
import { print, printJson, type Format } from './output.ts'
import { readPlan } from './plan-file.ts'
import { checkSafety, type SafetyOptions } from './safety.ts'

export interface ExplainCommand extends Omit<SafetyOptions, 'maxMessages'> {
  transport?: string
  format: Format
}

/** `chattermark explain PLAN` */
export async function explain(path: string, options: ExplainCommand): Promise<ExitCode> {
  const plan = choose(await readPlan(path), options.transport)
  // Two messages per transport at most, whatever the plan's own load is.
  const load = { model: 'closed', concurrency: 1, messages: 2 } as const
  checkSafety({ ...plan, load, rounds: 1, warmupSeconds: 0 }, { ...options, maxMessages: Infinity })
  const record = await explainPlan(plan, { keychain: noKeychain }).catch((error: unknown) => {
    if (error instanceof RunError) throw new CommandError(EXIT.couldNotRun, error.message)
    throw error
  })
  if (options.format === 'json') printJson(record)
  else print(record.transports.map(explainText).join('\n\n'))
  return record.transports.every(({ outcome }) => outcome === 'accepted') ? EXIT.ok : EXIT.couldNotRun
}

/** @throws {CommandError} when the plan has no transport of that name */
function choose(plan: Plan, name: string | undefined): Plan {
  if (name === undefined) return plan
  const transports = plan.transports.filter((transport) => transport.name === name)
  if (transports.length > 0) return { ...plan, transports }
  const names = plan.transports.map((transport) => transport.name)
  throw new CommandError(
    EXIT.usage,
    `the plan has no transport "${name}"${didYouMean(name, names)}\nIts transports: ${names.join(', ')}`
  )
}
