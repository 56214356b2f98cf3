import type { Plan } from '../../shared/plan/plan.ts'
import { explain as explainPlan } from '../engine/explain.ts'
import { noKeychain } from '../engine/read-secret.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { explainText } from './explain-text.ts'
import { print, printJson, type Format } from './output.ts'
import { readPlan } from './read-plan.ts'
import { untilSignal } from './run-plan.ts'
import { checkSafety, type SafetyOptions } from './safety.ts'
import { assertTransport } from './transport-name.ts'

export interface ExplainCommand extends Omit<SafetyOptions, 'maxMessages'> {
  transport?: string
  format: Format
}

/** `chattermark explain PLAN` */
export async function explain(path: string, options: ExplainCommand): Promise<ExitCode> {
  const plan = choose(await readPlan(path, { oneRound: true }), options.transport)
  // Two messages per transport at most, whatever the plan's own load is.
  const load = { model: 'closed', concurrency: 1, messages: 2 } as const
  checkSafety({ ...plan, load, rounds: 1, warmupSeconds: 0 }, { ...options, maxMessages: Infinity })
  const record = await untilSignal((signal) => explainPlan(plan, { keychain: noKeychain, signal }))
  if (options.format === 'json') printJson(record)
  else print(record.transports.map(explainText).join('\n\n'))
  return record.transports.every(({ outcome }) => outcome === 'accepted') ? EXIT.ok : EXIT.couldNotRun
}

/** @throws {CommandError} when the plan has no transport of that name */
function choose(plan: Plan, name: string | undefined): Plan {
  if (name === undefined) return plan
  assertTransport(name, plan.transports, 'the plan')
  return { ...plan, transports: plan.transports.filter((transport) => transport.name === name) }
}
