import type { SmtpTransport } from '../../../shared/plan.ts'
import type { Client, ClientOptions, Lane } from '../client.ts'
import type { SendResult } from '../send-result.ts'
import { Endpoint } from './endpoint.ts'
import { SmtpLane } from './lane.ts'
import { preflight } from './preflight.ts'
import { TransactionForms } from './transaction-form.ts'

/** A client that speaks SMTP itself, with nothing between the clock and the socket (RFC 5321, 2920, 3030, 3207, 4954). */
export function createSmtpWireClient(options: ClientOptions<SmtpTransport>): Client {
  const endpoint = new Endpoint(options)
  const forms = new TransactionForms(options)
  const lanes: SmtpLane[] = []
  return {
    stats: endpoint.stats,
    get observed() {
      return endpoint.observed
    },
    preflight: () => preflight(endpoint),
    openLane(index: number, onDone: (result: SendResult) => void): Lane {
      const lane = new SmtpLane(endpoint, forms, index, onDone)
      lanes.push(lane)
      return lane
    },
    async close(timeoutMs: number): Promise<void> {
      for (const lane of lanes) lane.retire()
      await endpoint.drained(timeoutMs)
    }
  }
}
