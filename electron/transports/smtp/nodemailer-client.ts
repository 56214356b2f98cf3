import type { SmtpTransport } from '../../../shared/plan.ts'
import type { Client, ClientOptions, Lane } from '../client.ts'
import type { SendResult } from '../send-result.ts'
import { Endpoint } from './endpoint.ts'
import { NodemailerLane } from './nodemailer-lane.ts'
import { preflight } from './preflight.ts'

/**
 * A client that sends the way most Node applications do: `sendMail` of nodemailer, given the fields of the message,
 * which it composes anew for every send. Each lane has a transport of its own, so that a send knows its connection.
 */
export function createNodemailerClient(options: ClientOptions<SmtpTransport>): Client {
  const endpoint = new Endpoint(options)
  const lanes: NodemailerLane[] = []
  return {
    stats: endpoint.stats,
    get observed() {
      return endpoint.observed
    },
    preflight: () => preflight(endpoint),
    openLane(index: number, onDone: (result: SendResult) => void): Lane {
      const lane = new NodemailerLane(endpoint, index, onDone)
      lanes.push(lane)
      return lane
    },
    async close(timeoutMs: number): Promise<void> {
      for (const lane of lanes) lane.retire()
      await endpoint.drained(timeoutMs)
    }
  }
}
