import type { Plan } from '../../shared/plan.ts'
import { counted } from '../../shared/format.ts'
import { summarize } from '../../shared/plan-summary.ts'
import { declaredRemote } from '../engine/declared-remote.ts'
import { CommandError, EXIT } from './exit.ts'
import { say } from './output.ts'

export interface SafetyOptions {
  remote: boolean
  realRecipients: boolean
  maxMessages: number
}

/**
 * Keeps a plan from sending to anyone by accident: what leaves this machine needs `--remote`, what may reach a
 * real mailbox, be it through a mail server on this machine, needs `--real-recipients`, and no remote run may be
 * larger than the hard stop. Before a remote run, tells what will be sent to whom.
 * @returns the hard stop that the engine must keep: sends that may start; Infinity where nothing leaves this machine
 * @throws {CommandError} before anything is sent
 */
export function checkSafety(plan: Plan, options: SafetyOptions): number {
  const summary = summarize(plan, declaredRemote())
  const targets = summary.remote
    .map(({ transport, target, recipients }) => `  ${transport} at ${target}, to ${recipients.join(', ')}`)
    .join('\n')
  if (summary.remote.length > 0 && !options.remote) {
    throw new CommandError(
      EXIT.usage,
      `the plan sends to targets that are not on this machine; nothing was sent:\n${targets}\nIf that is meant, add --remote.`
    )
  }
  if (summary.realRecipients.length > 0 && !options.realRecipients) {
    throw new CommandError(
      EXIT.usage,
      `these recipients may be real mailboxes; nothing was sent: ${summary.realRecipients.join(', ')}\nUse a sink or an example domain, or add --real-recipients.`
    )
  }
  if (summary.remote.length === 0) return Infinity
  const { messages } = summary
  if (messages !== null && messages > options.maxMessages) {
    throw new CommandError(
      EXIT.usage,
      `the plan may send ${counted(messages, 'message')}, more than the hard stop of ${options.maxMessages}; nothing was sent. Lower the load, or raise --max-messages.`
    )
  }
  const hardStop =
    options.maxMessages === Infinity ? '' : ` The hard stop is ${counted(options.maxMessages, 'message')}.`
  say(`${summary.sentence}${hardStop}\n${targets}`)
  return options.maxMessages
}
