import { summarize } from '../../shared/plan/plan-summary.ts'
import { loadConcurrency } from '../../shared/plan/load-concurrency.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { duration, integer } from '../../shared/text/format.ts'
import { declaredRemote } from '../api/declared-remote.ts'
import { machineLimits, shortages } from '../engine/machine-limits.ts'
import { EXIT, type ExitCode, PlanRefused } from './exit.ts'
import { print, printJson, type Format } from './output.ts'
import { readPlan } from './read-plan.ts'

/** `chattermark validate PLAN`: says the faults, or what would be sent to whom; nothing is sent. */
export async function validate(path: string, options: { format: Format }): Promise<ExitCode> {
  const plan = await readPlan(path).catch((error: unknown) => {
    if (options.format === 'json' && error instanceof PlanRefused) {
      printJson({ schema: 1, valid: false, faults: error.faults })
    }
    throw error
  })
  return preview(plan, options.format)
}

/** What a run of the plan would do, and whether this machine can; nothing is sent. */
export function preview(plan: Plan, format: Format): ExitCode {
  const summary = summarize(plan, declaredRemote())
  const limits = machineLimits()
  const short = shortages(limits, plan).map(({ text }) => text)
  if (format === 'json') {
    printJson({ schema: 1, valid: true, ...summary, limits, shortages: short })
    return short.length === 0 ? EXIT.ok : EXIT.couldNotRun
  }
  const { messages, seconds, remote, realRecipients, realSender, secrets } = summary
  const lines = [
    `The plan “${plan.name}” is valid; nothing was sent.`,
    summary.sentence,
    `messages: ${messages === null ? 'as many as the peers take' : integer(messages)}`,
    `time: ${seconds === null ? 'depends on the peers’ speed' : `about ${duration(seconds)}`}`,
    `in flight at most: ${integer(loadConcurrency(plan.load))}`,
    ...plan.transports.map(({ name }) => {
      const away = remote.find(({ transport }) => transport === name)
      return `${name}: ${away === undefined ? 'stays on this machine' : `${away.target}, to ${away.recipients.join(', ')} (needs --remote)`}`
    }),
    ...(realRecipients.length === 0
      ? []
      : [`may be real mailboxes (needs --real-recipients): ${realRecipients.join(', ')}`]),
    ...(realSender === null ? [] : [`may be a real sender (needs --real-recipients): ${realSender}`]),
    ...secrets.map(
      ({ source, target, transport, how }) => `secret: ${source} to ${target} (${transport}), ${how}`
    ),
    ...(short.length === 0
      ? [
          `this machine: ${limits.descriptors === null ? 'limits unknown' : `${integer(limits.descriptors)} descriptors`}, enough`
        ]
      : short.map((text) => `this machine: ${text}`))
  ]
  print(lines.join('\n'))
  return short.length === 0 ? EXIT.ok : EXIT.couldNotRun
}
