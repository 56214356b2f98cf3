import nodemailer from 'nodemailer'
import { addHint, type Observed, TransportError } from '../client.ts'
import { clientName } from './client-name.ts'
import { nodemailerOptions, type SocketReady } from './nodemailer-options.ts'
import { preflight } from './preflight.ts'
import type { SmtpContext } from './smtp-context.ts'

/**
 * Tries a server out: by our own handshake, which tells what it shows; where that fails, by nodemailer's, whose word
 * counts, since it takes replies that ours does not.
 * @throws {TransportError} what our own handshake says, when nodemailer's fails as well
 */
export async function nodemailerPreflight(context: SmtpContext): Promise<Observed> {
  try {
    return await preflight(context)
  } catch (error) {
    // What a plan demands is demanded of the library too; only what is said and heard may differ.
    if (!(error instanceof TransportError) || error.code !== 'PROTOCOL') throw error
    if (!(await nodemailerWorks(context))) throw error
    addHint(
      context.connector.stats,
      `Nodemailer takes what this server says; the wire client does not: ${error.message}`
    )
    return context.connector.observed ?? { banner: null, capabilities: [], tls: null, alpn: null }
  }
}

function nodemailerWorks(context: SmtpContext): Promise<boolean> {
  const { timeoutMs, transport } = context.options
  const { security, ehloName } = transport
  const connect = (ready: SocketReady): void => {
    context.connector.openUncounted({
      entered: () => undefined,
      passed: () => undefined,
      opened: (connection) =>
        ready(null, {
          connection,
          secured: security === 'tls',
          name: clientName(ehloName, connection.localAddress)
        }),
      failed: ({ sample }) => ready(new Error(sample), false)
    })
  }
  const transporter = nodemailer.createTransport(nodemailerOptions(context, connect, timeoutMs * 2))
  return transporter.verify().then(
    () => true,
    () => false
  )
}
