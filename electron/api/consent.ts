import { summarize } from '../../shared/plan/plan-summary.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { Consent } from '../../shared/page/ipc.ts'
import type { KnownSecrets } from '../store/known-secrets.ts'
import { ApiError } from './services.ts'
import { declaredRemote } from './declared-remote.ts'

/**
 * Keeps the app from sending to anyone by accident.
 * @returns the hard stop: sends that may start; Infinity where nothing leaves this machine
 * @throws {ApiError} when the plan leaves this machine, may reach real mailboxes, or takes a secret to a new host, and
 *   the user has not agreed to it
 */
export function requireConsent(plan: Plan, consent: Consent, known: KnownSecrets): number {
  const unasked = (what: string): ApiError => new ApiError(what, 'Confirm it, then start again.')
  const { remote, realRecipients, realSender, secrets, delivery } = summarize(plan, declaredRemote())
  if (remote.length > 0 && !consent.remote) {
    throw unasked('The plan sends to targets that are not on this machine.')
  }
  if (delivery?.isRemote === true && !consent.remote) {
    throw unasked(delivery.sentence)
  }
  if ((realRecipients.length > 0 || realSender !== null) && !consent.realRecipients) {
    throw unasked(
      realRecipients.length > 0
        ? 'The plan sends to recipients that may be real mailboxes.'
        : 'The sender, who gets the bounces, may be a real mailbox.'
    )
  }
  if (known.unknown(secrets).length > 0 && !consent.secrets) {
    throw unasked('The plan takes secrets to hosts that have not had them before.')
  }
  known.remember(secrets)
  return remote.length > 0 ? consent.maxMessages : Infinity
}
