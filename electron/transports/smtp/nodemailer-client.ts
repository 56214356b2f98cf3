import type { SmtpTransport } from '../../../shared/plan/plan.ts'
import type { Client, ClientOptions } from '../client.ts'
import { NodemailerLane } from './nodemailer-lane.ts'
import { nodemailerPreflight } from './nodemailer-preflight.ts'
import { nodemailerLookup } from './nodemailer-lookup.ts'
import { createSmtpClient } from './smtp-client.ts'
import { SmtpContext } from './smtp-context.ts'

/**
 * A client that sends the way most Node applications do: `sendMail` of nodemailer, given the fields of the message,
 * which it composes anew for every send. Each lane has a transport of its own, so that a send knows its connection.
 */
export function createNodemailerClient(options: ClientOptions<SmtpTransport>): Client {
  const context = new SmtpContext(options, { lookup: nodemailerLookup })
  return createSmtpClient(
    context,
    (index, onDone) => new NodemailerLane(context, index, onDone),
    nodemailerPreflight
  )
}
