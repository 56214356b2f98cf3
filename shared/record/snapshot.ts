import type { Counts, ErrorRecord, RoundRecord, RunState, TimelineRow } from './run-record.ts'

/**
 * The state of a run while it goes on, about five times a second. Its size depends on the number of
 * transports alone, never on the rate or the length of the run.
 */
export interface Snapshot {
  runId: string
  name: string
  state: 'preparing' | 'running' | 'stopping'
  /** What keeps a measured run from its end, e.g. a full disk; tried again until Stop. */
  trouble?: string
  /** Since the run's first send; 0 while preparing. */
  elapsedMs: number
  /** 0 to 1, warm-ups included. */
  progress: number
  /** Best guess; null while there is nothing to guess from. */
  secondsLeft: number | null
  round: number
  rounds: number
  /** What goes on now, e.g. the name of the transport that is measured; null while preparing. */
  transport: string | null
  stage: 'preparing' | 'warm-up' | 'measuring' | 'draining' | 'delivering'
  /** Accepted messages that may still arrive in time; only where the plan has a delivery. */
  dueDeliveries?: number
  transports: TransportSnapshot[]
  /** The most frequent errors so far, ten at most, without their conversations. */
  errors: ErrorOf[]
}

/** A kind of error of one transport. */
export type ErrorOf = ErrorRecord & { transport: string }

/** The seconds of a transport so far, and where its rounds began. */
export interface TimelineSoFar {
  name: string
  rows: TimelineRow[]
  rounds: Pick<RoundRecord, 'round' | 'startedMs'>[]
}

/** What a transport has measured in the round that goes on, or in its last one. */
export interface RoundSoFar {
  round: number
  /** Ms since the run's first send. */
  startedMs: number
  counts: Counts
  /** Accepted sends per second of the round's measured time. */
  ratePerSecond: number
  /** Response times, ms. */
  p50: number | null
  p99: number | null
}

export interface TransportSnapshot {
  name: string
  counts: Counts
  /** Null before its first round. */
  round: RoundSoFar | null
  /** Its latest seconds, two at most, where there is news of them; a later snapshot's row of a second replaces it. */
  rows: TimelineRow[]
  /** Accepted sends per second and response times (ms) of the time since the last snapshot; null when nothing ended in it. */
  ratePerSecond: number | null
  p50: number | null
  p99: number | null
  openConnections: number
}

/** How a run ended; sent once, after its last snapshot. */
export interface RunEnd {
  runId: string
  /** `failed`: it could not run, or not go on; `message` says why. A record exists when anything was measured. */
  state: RunState | 'failed'
  message: string | null
  hasRecord: boolean
}
