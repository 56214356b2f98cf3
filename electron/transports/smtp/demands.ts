import type { Message, SmtpTransport } from '../../../shared/plan/plan.ts'
import { needsSmtpUtf8 } from './commands.ts'
import type { Extensions } from './extensions.ts'
import { failed, type Failure } from '../connect/failure.ts'

/** The name under which a server offers a plan's login method. */
export function mechanismOf(method: NonNullable<SmtpTransport['auth']>['method']): string {
  return method.toUpperCase()
}

/** The plan wants STARTTLS and the server does not have it. */
export function missingStarttls(extensions: Extensions): Failure | null {
  if (extensions.starttls) return null
  return failed(
    'STARTTLS_NOT_OFFERED',
    'starttls',
    'the server does not offer STARTTLS on this port; use another port, "security": "tls" (465), or "none" for a test'
  )
}

/** What else the plan demands and the server, asked for the last time, does not offer; null when nothing is missing. */
export function unmetDemand(
  transport: SmtpTransport,
  message: Message,
  extensions: Extensions
): Failure | null {
  const { auth } = transport
  if (auth !== null && !extensions.auth.includes(mechanismOf(auth.method))) {
    const offered = extensions.auth.length === 0 ? 'no login at all' : extensions.auth.join(', ')
    return failed(
      'AUTH_NOT_OFFERED',
      'auth',
      `the server does not offer AUTH ${mechanismOf(auth.method)} (it offers ${offered}); ` +
        'some offer it only with TLS: check auth.method and security'
    )
  }
  if (transport.overlap && !extensions.pipelining) {
    return failed(
      'PIPELINING_NOT_OFFERED',
      'ehlo',
      'overlap needs PIPELINING, which the server does not offer; set overlap to false'
    )
  }
  if (needsSmtpUtf8(message) && !extensions.smtpUtf8) {
    return failed(
      'SMTPUTF8_NOT_OFFERED',
      'mail',
      'an address has characters beyond ASCII, for which the server would need SMTPUTF8; use ASCII addresses'
    )
  }
  return null
}

/** What a reader should know of a message that is beyond what the server says it takes (RFC 1870); null when it is not. */
export function sizeHint(bytes: number, { sizeLimit }: Extensions): string | null {
  if (sizeLimit === null || bytes <= sizeLimit) return null
  return (
    `The server says that it takes ${sizeLimit} bytes at most (SIZE), and the message has ${bytes}: lower sizeBytes, ` +
    'or send fewer or smaller attachments.'
  )
}
