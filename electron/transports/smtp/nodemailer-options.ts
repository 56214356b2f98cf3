import type { Socket } from 'node:net'
import type { SMTPTransportOptions } from 'nodemailer'
import { plainText } from '../../../shared/plan/secret-refs.ts'
import type { SmtpContext } from './smtp-context.ts'

/** Takes the socket that was opened for nodemailer, with the name to give in EHLO, or why there is none. */
export type SocketReady = (
  error: Error | null,
  options: { connection: Socket; secured: boolean; name: string } | false
) => void

/** The longest that a timer takes: nodemailer reads 0 as its own default. */
const NO_LIMIT_MS = 2 ** 31 - 1

/**
 * What nodemailer is told of a transport, for sending and for trying it out alike.
 * @param limitMs its own limit; none for sending, where the lane limits each wait and nodemailer's timers would cut
 *   what has arrived and is not read yet
 */
export function nodemailerOptions(
  context: SmtpContext,
  connect: (ready: SocketReady) => void,
  limitMs = NO_LIMIT_MS
): SMTPTransportOptions {
  const { transport, connectHost, connectPort, password } = context.options
  const { security, auth } = transport
  return {
    host: connectHost,
    port: connectPort,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: context.connector.tlsOptions(),
    connectionTimeout: limitMs,
    greetingTimeout: limitMs,
    socketTimeout: limitMs,
    // Plans are checked before; what is left out here is never missed silently.
    forceAuth: auth !== null,
    ...(auth === null ? {} : { auth: loginOf(plainText(auth.user), password ?? '', auth.method) }),
    getSocket: (_options: unknown, ready: SocketReady) => connect(ready)
  }
}

function loginOf(user: string, password: string, method: string) {
  if (method === 'xoauth2') return { type: 'OAuth2' as const, user, accessToken: password }
  return { user, pass: password, method: method.toUpperCase() }
}
