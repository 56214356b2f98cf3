import type { SmtpTransport } from '../../../shared/plan/plan.ts'
import type { Client, ClientOptions } from '../client.ts'
import { SmtpLane } from './lane.ts'
import { createSmtpClient } from './smtp-client.ts'
import { SmtpContext } from './smtp-context.ts'
import { TransactionForms } from './transaction-form.ts'

/** A client that speaks SMTP itself, with nothing between the clock and the socket (RFC 5321, 2920, 3030, 3207, 4954). */
export function createSmtpWireClient(options: ClientOptions<SmtpTransport>): Client {
  const context = new SmtpContext(options)
  const forms = new TransactionForms(options)
  return createSmtpClient(context, (index, onDone) => new SmtpLane(context, forms, index, onDone))
}
