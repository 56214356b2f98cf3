import type { ExplainRecord } from '../../shared/record/explain-record.ts'
import { PHASE_INDEX } from '../../shared/record/words.ts'
import type { SendResult } from '../transports/send-result.ts'

/** Times of a send as its explanation tells them. */
export type ExplainParts = Pick<
  ExplainRecord['transports'][number],
  'totalMs' | 'rttMs' | 'lookupMs' | 'chatterMs' | 'transferMs' | 'serverMs' | 'clientMs'
>

/** What of a send's result tells its times. */
type Timed = Pick<SendResult, 'startedUs' | 'doneUs' | 'waitUs' | 'transferUs' | 'turns' | 'phaseUs'>

/**
 * Splits one send's service time: lookup, chatter and transfer of the waiting, the server's being what is left of it,
 * and this machine's own. The parts add up.
 * @param rttUs round trip to the peer; null when none was seen
 */
export function explainParts(
  { startedUs, doneUs, waitUs, transferUs, turns, phaseUs }: Timed,
  rttUs: number | null
): ExplainParts {
  const totalUs = doneUs - startedUs
  const waitedUs = Math.min(waitUs, totalUs)
  const lookupUs = Math.min(phaseUs[PHASE_INDEX.dns] ?? 0, waitedUs)
  const peerUs = waitedUs - lookupUs
  // No round trip is longer than what a turn took in the mean.
  const turnUs = turns === 0 || rttUs === null ? rttUs : Math.min(rttUs, peerUs / turns)
  const restUs = peerUs - turns * (turnUs ?? 0)
  // What an earlier connection was still owed may be more than this send waited.
  const leavingUs = Math.min(transferUs, restUs)
  return {
    totalMs: totalUs / 1000,
    rttMs: turnUs === null ? null : turnUs / 1000,
    lookupMs: lookupUs / 1000,
    chatterMs: turnUs === null ? null : (turns * turnUs) / 1000,
    transferMs: leavingUs / 1000,
    serverMs: turnUs === null ? null : (restUs - leavingUs) / 1000,
    clientMs: (totalUs - waitedUs) / 1000
  }
}
