import type { Plan } from '../../shared/plan/plan.ts'
import type { SecretSummary } from '../../shared/plan/secret-summary.ts'
import { counted } from '../../shared/text/format.ts'
import { summarize } from '../../shared/plan/plan-summary.ts'
import { declaredRemote } from '../api/declared-remote.ts'
import { dataFolder } from '../store/data-folder.ts'
import { KnownSecrets } from '../store/known-secrets.ts'
import { errorWords } from '../record/run-error.ts'
import { CommandError, EXIT } from './exit.ts'
import { say } from './output.ts'

export interface SafetyOptions {
  remote: boolean
  realRecipients: boolean
  /** The plan's secrets may go to its hosts; remembered by host. */
  allowSecrets?: boolean
  maxMessages: number
}

/**
 * Keeps a plan from sending to anyone by accident: what leaves this machine needs `--remote`, what may reach a
 * real mailbox, be it through a mail server on this machine, needs `--real-recipients`, a secret that goes to a host for
 * the first time needs `--allow-secrets`, and no remote run may be larger than the hard stop. Before a remote run, tells
 * what will be sent to whom, and which secrets go along.
 * @returns the hard stop that the engine must keep: sends that may start; Infinity where nothing leaves this machine
 * @throws {CommandError} before anything is sent
 */
export function checkSafety(plan: Plan, options: SafetyOptions): number {
  const summary = summarize(plan, declaredRemote())
  const { remote, secrets } = summary
  const targets = remote
    .map(({ transport, target, recipients }) => `  ${transport} at ${target}, to ${recipients.join(', ')}`)
    .join('\n')
  if (remote.length > 0 && !options.remote) {
    refuse(
      `the plan sends to targets that are not on this machine; nothing was sent:\n${targets}\nIf that is meant, add --remote.`
    )
  }
  if (summary.delivery?.isRemote === true && !options.remote) {
    refuse(
      `the plan’s receiver leaves this machine, or opens it; nothing was sent. ${summary.delivery.sentence}\nIf that is meant, add --remote.`
    )
  }
  if (!options.realRecipients) refuseReal(summary)
  const known = new KnownSecrets(dataFolder())
  const fresh = known.unknown(secrets)
  if (fresh.length > 0 && options.allowSecrets !== true) {
    refuse(
      `the plan takes secrets to hosts that have not had them before; nothing was sent:\n${fresh.map(secretLine).join('\n')}\nIf that is meant, add --allow-secrets; it is remembered by host.`
    )
  }
  if (remote.length === 0) {
    remember(known, secrets)
    return Infinity
  }
  const { messages } = summary
  if (messages !== null && messages > options.maxMessages) {
    refuse(
      `the plan may send ${counted(messages, 'message')}, more than the hard stop of ${options.maxMessages}; nothing was sent. Lower the load, or raise --max-messages.`
    )
  }
  remember(known, secrets)
  const hardStop =
    options.maxMessages === Infinity ? '' : ` The hard stop is ${counted(options.maxMessages, 'message')}.`
  const taken = secrets.filter(({ isLocal }) => !isLocal).map(secretLine)
  say([`${summary.sentence}${hardStop}`, targets, ...taken].join('\n'))
  return options.maxMessages
}

/** Consent that was given holds for this run, whether or not it can be kept for the next: a container may have no place. */
function remember(known: KnownSecrets, secrets: readonly SecretSummary[]): void {
  try {
    known.remember(secrets)
  } catch (error) {
    say(
      `which host has had which secret cannot be kept in ${dataFolder()} (${errorWords(error)}): the next run will need --allow-secrets again`
    )
  }
}

function refuseReal({ realRecipients, realSender }: ReturnType<typeof summarize>): void {
  if (realRecipients.length > 0) {
    refuse(
      `these recipients may be real mailboxes; nothing was sent: ${realRecipients.join(', ')}\nUse a sink or an example domain, or add --real-recipients.`
    )
  }
  if (realSender !== null) {
    refuse(
      `the sender may be a real mailbox, which gets the bounces; nothing was sent: ${realSender}\nUse an example domain or the null sender "<>", or add --real-recipients.`
    )
  }
}

function secretLine({ transport, source, target, how, warning }: SecretSummary): string {
  return `  ${source} to ${target} (${transport}), ${how}${warning === null ? '' : `\n    warning: ${warning}`}`
}

function refuse(message: string): never {
  throw new CommandError(EXIT.usage, message)
}
