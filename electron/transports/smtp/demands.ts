import type { Message, SmtpTransport } from '../../../shared/plan.ts'
import { needsSmtpUtf8 } from './commands.ts'
import type { Dialect } from './dialect.ts'
import { failed, type Failure } from './failure.ts'

/** The name under which a server offers a plan's login method. */
export function mechanismOf(method: NonNullable<SmtpTransport['auth']>['method']): string {
  return method.toUpperCase()
}

/** The plan wants STARTTLS and the server does not have it. */
export function missingStarttls(dialect: Dialect): Failure | null {
  if (dialect.starttls) return null
  return failed(
    'STARTTLS_NOT_OFFERED',
    'starttls',
    'the server does not offer STARTTLS on this port; use another port, "security": "tls" (465), or "none" for a test'
  )
}

/** What else the plan demands and the server, asked for the last time, does not offer; null when nothing is missing. */
export function unmetDemand(transport: SmtpTransport, message: Message, dialect: Dialect): Failure | null {
  const { auth } = transport
  if (auth !== null && !dialect.auth.includes(mechanismOf(auth.method))) {
    const offered = dialect.auth.length === 0 ? 'no login at all' : dialect.auth.join(', ')
    return failed(
      'AUTH_NOT_OFFERED',
      'auth',
      `the server does not offer AUTH ${mechanismOf(auth.method)} (it offers ${offered}); ` +
        'some offer it only with TLS: check auth.method and security'
    )
  }
  if (transport.overlap && !dialect.pipelining) {
    return failed(
      'PIPELINING_NOT_OFFERED',
      'ehlo',
      'overlap needs PIPELINING, which the server does not offer; set overlap to false'
    )
  }
  if (needsSmtpUtf8(message) && !dialect.smtpUtf8) {
    return failed(
      'SMTPUTF8_NOT_OFFERED',
      'mail',
      'an address has characters beyond ASCII, for which the server would need SMTPUTF8; use ASCII addresses'
    )
  }
  return null
}
