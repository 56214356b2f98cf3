import { summarize } from '../../shared/plan-summary.ts'
import type { Plan } from '../../shared/plan.ts'
import type { Consent } from '../../shared/ipc.ts'
import { ApiError } from '../api/services.ts'
import { declaredRemote } from './declared-remote.ts'

/**
 * Keeps the app from sending to anyone by accident.
 * @throws {ApiError} when the plan leaves this machine, or may reach real mailboxes, and the user has not agreed to it
 */
export function requireConsent(plan: Plan, consent: Consent): void {
  const { remote, realRecipients } = summarize(plan, declaredRemote())
  if (remote.length > 0 && !consent.remote) {
    throw new ApiError(
      'The plan sends to targets that are not on this machine.',
      'Confirm it, then start again.'
    )
  }
  if (realRecipients.length > 0 && !consent.realRecipients) {
    throw new ApiError(
      'The plan sends to recipients that may be real mailboxes.',
      'Confirm it, then start again.'
    )
  }
}
