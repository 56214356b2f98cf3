import { type Observed, TransportError } from '../client.ts'
import { nowUs } from '../clock.ts'
import { SendResult } from '../send-result.ts'
import { Handshake, type HandshakeOwner } from './handshake.ts'
import type { SmtpContext } from './smtp-context.ts'

/**
 * Goes as far as a send goes before its MAIL, then says QUIT: nothing is sent.
 * @throws {TransportError} when the server cannot be reached, refuses, or does not offer what the plan demands
 */
export async function preflight(context: SmtpContext): Promise<Observed> {
  await new Promise<void>((resolve, reject) => {
    const result = new SendResult(0)
    result.begin(0, nowUs(), nowUs())
    const owner: HandshakeOwner = {
      onOpened(connection) {
        connection.leave()
        resolve()
      },
      onRefused({ phase, code, sample, advice = '' }) {
        reject(new TransportError(phase, code, sample + advice))
      }
    }
    new Handshake(context, result, owner, false).start()
  })
  return context.connector.observed ?? { banner: null, capabilities: [], tls: null, alpn: null }
}
