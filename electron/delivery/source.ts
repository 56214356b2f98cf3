import type { Hop } from './hops.ts'

/** A copy of a message that was seen. */
export interface Seen {
  /** Place of its tag among those that are awaited. */
  tag: number
  seq: number
  /** The latest that it can have arrived, on the monotonic clock that processes of this machine share, µs. */
  atUs: number
  /** How much sooner it may have. */
  resolutionUs: number
  isJunk: boolean
  /** When the mailbox's server says it took it, ms since 1970; null where there is none. */
  serverDateMs: number | null
  hops: readonly Hop[]
}

/** How far a receiver's clock is from ours. */
export interface ReceiverClock {
  /** Its time of day less ours, ms. */
  offsetMs: number
  /** By how much that may be off, ms. */
  errorMs: number
}

/** Where arrivals are seen: a port of our own, a receiver elsewhere, a mailbox. */
export interface Source {
  /**
   * What was seen since the last call, each copy once; `askedUs`: up to when nothing can have been missed.
   * @throws {Error} when it has been out of reach for too long
   */
  take(): Promise<{ seen: Seen[]; askedUs: number; clock?: ReceiverClock }>
  close(): Promise<void>
}

/** How long a source may be out of reach before it counts as gone, ms. */
export const OUT_OF_REACH_MS = 60_000
