import type { Counts, ErrorRecord, RunState } from './run-record.ts'

/**
 * The state of a run while it goes on, about five times a second. Its size depends on the number of
 * transports alone, never on the rate or the length of the run.
 */
export interface Snapshot {
  runId: string
  name: string
  state: 'preparing' | 'running' | 'stopping'
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
  stage: 'preparing' | 'warm-up' | 'measuring' | 'draining'
  transports: TransportSnapshot[]
  /** The most frequent errors so far, ten at most. */
  errors: (ErrorRecord & { transport: string })[]
}

export interface TransportSnapshot {
  name: string
  counts: Counts
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
