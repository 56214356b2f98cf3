import type { Phase } from '../../../shared/record/words.ts'

/** What a client's connections showed of TCP below them. */
export interface TcpSeen {
  /** Whether the kernel told, or the model of the window, be it that of an emulated link. */
  source: 'kernel' | 'model'
  /** Least round trip, µs; Infinity where the kernel did not tell. */
  leastRttUs: number
  /** Round trips of the latest connections' handshakes, as the kernel measured them, µs. */
  rttsUs: number[]
  /** Segments sent again on all connections, as far as was asked; null where nobody tells. */
  retransmits: number | null
  congestionControl: string | null
  windowSegments: number | null
  /**
   * Waits in which the peer held back the rest of its answer until the first part was acknowledged, how long in all, µs,
   * and the phase of the latest.
   */
  heldWaits: number
  heldUs: number
  heldPhase: Phase | null
  /** Contents that waited for room in the peer's receive window, and how long in all, µs; as far as the kernel tells. */
  receiverWaits: number
  receiverUs: number
  /** Contents beyond the first flight that the kernel was asked about, and those that there was no time to ask about. */
  askedContents: number
  unaskedContents: number
}

export function noTcpSeen(): TcpSeen {
  return {
    ...{ source: 'model', leastRttUs: Infinity, rttsUs: [], retransmits: null },
    ...{ congestionControl: null, windowSegments: null },
    ...{ heldWaits: 0, heldUs: 0, heldPhase: null },
    ...{ receiverWaits: 0, receiverUs: 0 },
    ...{ askedContents: 0, unaskedContents: 0 }
  }
}
