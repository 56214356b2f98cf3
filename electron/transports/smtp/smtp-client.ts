import type { Client, Lane, Observed } from '../client.ts'
import type { SendResult } from '../send-result.ts'
import { preflight } from './preflight.ts'
import type { SmtpContext } from './smtp-context.ts'

/** A lane that can let its kept connection go politely. */
export interface RetiringLane extends Lane {
  /** A send in flight is aborted. */
  retire(): void
}

/** A client of lanes that share what is known of one server. */
export function createSmtpClient(
  context: SmtpContext,
  makeLane: (index: number, onDone: (result: SendResult) => void) => RetiringLane,
  tryOut: (context: SmtpContext) => Promise<Observed> = preflight
): Client {
  const { connector } = context
  const lanes: RetiringLane[] = []
  return {
    stats: connector.stats,
    get observed() {
      return connector.observed
    },
    preflight: () => tryOut(context),
    openLane(index, onDone) {
      const lane = makeLane(index, onDone)
      lanes.push(lane)
      return lane
    },
    async close(timeoutMs: number): Promise<void> {
      for (const lane of lanes) lane.retire()
      await connector.drained(timeoutMs)
    }
  }
}
