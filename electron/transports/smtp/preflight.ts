import { TransportError, type Observed } from '../client.ts'
import { SendResult } from '../send-result.ts'
import type { Endpoint } from './endpoint.ts'
import { Opening } from './opening.ts'

/**
 * Goes as far as a send goes before its MAIL, then says QUIT: nothing is sent.
 * @throws {TransportError} when the endpoint cannot be reached, refuses, or does not offer what the plan demands
 */
export async function preflight(endpoint: Endpoint): Promise<Observed> {
  await new Promise<void>((resolve, reject) => {
    const opening = new Opening(endpoint, new SendResult(0), 0, {
      onOpened(connection) {
        connection.leave()
        resolve()
      },
      onRefused({ phase, code, sample }) {
        reject(new TransportError(phase, code, sample))
      }
    })
    opening.start()
  })
  return endpoint.observed ?? { banner: null, capabilities: [], tls: null, alpn: null }
}
