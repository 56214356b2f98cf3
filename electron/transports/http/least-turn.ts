import { PHASE_INDEX } from '../../../shared/words.ts'
import type { ConnectionStats } from '../client.ts'
import type { SendResult } from '../send-result.ts'

/**
 * Takes an accepted send's exchange for a bound of the round trip. It runs from the first byte written: an answer may
 * come before the last one has left, but none is worth a 2xx before the first was heard.
 */
export function noteTurn(stats: ConnectionStats, result: SendResult): void {
  if (result.outcome !== 'accepted') return
  const exchangeUs = result.phaseUs[PHASE_INDEX.request]! + result.phaseUs[PHASE_INDEX.wait]!
  stats.leastTurnUs = Math.min(stats.leastTurnUs, exchangeUs)
}
