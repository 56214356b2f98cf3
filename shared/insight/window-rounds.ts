import type { TransportRecord } from '../record/run-record.ts'
import { SEGMENT_BYTES, transferUs } from './tcp-window.ts'

/** Below this RTT what a content takes beyond its first flight is too little to be told from other time, ms. */
const LEAST_TELLING_RTT_MS = 2
/**
 * Rounds of TCP's window that a transport's content takes beyond its first flight, so many round trips more at any
 * distance: as the model has them for the bytes of a message, at its round trip and with its server's time, or as they were measured where those are fewer. What was
 * measured beyond the model (bandwidth, loss) does not grow with the distance.
 * @returns of a send on a new connection, on a kept one, and the mean over the transport's own mix of both
 */
export function windowRounds(transport: TransportRecord): { cold: number; warm: number; mean: number } {
  const { tcp, transferMs, rttMs } = transport
  if (tcp === null || transferMs === null || rttMs === null) return NONE
  if (bytesPerMessage(transport) <= SEGMENT_BYTES) return NONE
  const { cold, warm } = modelledRounds(transport, Math.max(LEAST_TELLING_RTT_MS, rttMs))
  const mean = cold * coldShare(transport) + warm * (1 - coldShare(transport))
  if (mean === 0) return NONE
  const share = rttMs < LEAST_TELLING_RTT_MS ? 1 : Math.min(1, transferMs / rttMs / mean)
  return { cold: cold * share, warm: warm * share, mean: mean * share }
}

const NONE = { cold: 0, warm: 0, mean: 0 }

/** The same as the model alone has them, on a new connection and on a kept one, at a round trip above 0. */
export function modelledRounds(transport: TransportRecord, rttMs: number): { cold: number; warm: number } {
  const { tcp, turns, serverMs } = transport
  const rttUs = 1000 * rttMs
  const { cold, warm } = transferUs(
    { rttUs, congestionControl: tcp?.congestionControl ?? 'cubic' },
    // How long the window rests decides whether it is still open: the server's time counts, and its share of the timeout.
    {
      ...{ bytes: bytesPerMessage(transport), otherTurns: Math.max(0, (turns.warm ?? 1) - 1) },
      serverUs: (serverMs ?? 0) * 1000
    }
  )
  return { cold: cold / rttUs, warm: warm / rttUs }
}

function bytesPerMessage({ bytes, counts }: TransportRecord): number {
  return counts.sent === 0 ? 0 : bytes.out / counts.sent
}

/** Share of accepted sends that had to connect. */
function coldShare({ turns: { perMessage, cold, warm } }: TransportRecord): number {
  if (cold === null || perMessage === null) return 0
  if (warm === null || warm === cold) return 1
  return (perMessage - warm) / (cold - warm)
}
