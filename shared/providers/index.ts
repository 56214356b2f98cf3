import type { HttpTransport } from '../plan/plan.ts'
import { brevo } from './brevo.ts'
import { generic, genericHttp } from './generic.ts'
import type { ProviderId } from './ids.ts'
import { mailersend } from './mailersend.ts'
import { mailgun, mailgunEu } from './mailgun.ts'
import { mailjet } from './mailjet.ts'
import { mailpit } from './mailpit.ts'
import { mailtrap } from './mailtrap.ts'
import { postmark } from './postmark.ts'
import type { HttpBody, HttpSide, Provider } from './provider.ts'
import { resend } from './resend.ts'
import { sendgrid } from './sendgrid.ts'
import { ses } from './ses.ts'
import { smtp2go } from './smtp2go.ts'
import { sparkpost } from './sparkpost.ts'

const BY_ID: Readonly<Record<ProviderId, Provider>> = {
  mailgun,
  'mailgun-eu': mailgunEu,
  sendgrid,
  postmark,
  ses,
  resend,
  sparkpost,
  brevo,
  mailjet,
  smtp2go,
  mailtrap,
  mailersend,
  mailpit,
  generic
}

/** Every provider, in the order in which the app offers them. */
export const PROVIDERS: readonly Provider[] = Object.values(BY_ID)

export function providerOf(id: ProviderId): Provider {
  return BY_ID[id]
}

/** Whether the call of a provider's API is the plan's own template. */
export function isTemplated(id: ProviderId): boolean {
  return providerOf(id).template !== undefined
}

/** The API that a transport calls; null when it needs a template and has none. */
export function httpSideOf(transport: Pick<HttpTransport, 'provider' | 'template'>): HttpSide | null {
  if (!isTemplated(transport.provider)) return providerOf(transport.provider).http
  return transport.template === null ? null : genericHttp(transport.template)
}

/** Whether a provider documents a mailbox as a sink. Labels (`success+1@...`) belong to their mailbox. */
export function isSinkRecipient(id: ProviderId | undefined, mailbox: string): boolean {
  const sinks = id === undefined ? undefined : providerOf(id).sinks
  if (sinks === undefined) return false
  const address = mailbox.toLowerCase()
  const at = address.lastIndexOf('@')
  const domain = address.slice(at + 1)
  const local = address.slice(0, at).replace(/\+.*$/, '')
  return (
    sinks.mailboxes.includes(`${local}@${domain}`) ||
    sinks.domains.some((sink) => domain === sink || domain.endsWith(`.${sink}`))
  )
}

/** Why a provider cannot take a body; null when it can. */
export function bodyFault(side: HttpSide, body: HttpBody | null, attachments: number): string | null {
  if (body !== null && !side.bodies.includes(body)) {
    return `found "${body}"; allowed: ${side.bodies.map((known) => `"${known}"`).join(', ')}`
  }
  if (attachments > 0 && (body ?? side.bodies[0]) === 'form') {
    return 'a urlencoded form carries no attachments; use "multipart"'
  }
  return null
}
