import type { ErrorRecord } from '../../shared/run-record.ts'

/** Pairs of (value in µs, count), flat, ascending: what an interval's histogram holds. */
export type HistogramPairs = number[]

/**
 * What one worker measured of one transport within one second of a run: the unit that workers report, the
 * journal keeps, and records are added up from. Sums are over accepted sends unless said otherwise.
 */
export interface Delta {
  transport: number
  round: number
  /** Whole seconds since the run's first send. */
  second: number
  sent: number
  accepted: number
  rejected: number
  failed: number
  aborted: number
  /** Sends of any outcome that started more than a millisecond after they were due. */
  startedLate: number
  throttled: number
  /** The longest wait that the peer asked for, s; 0 when it named none. */
  retryAfterSeconds: number
  turns: number
  coldCount: number
  coldTurns: number
  waitUs: number
  serviceUs: number
  /** Of any outcome. */
  bytesOut: number
  bytesIn: number
  /** Due time of the first, and outcome times of the first and the last send of any outcome, µs since the run's first send. */
  firstDueUs: number
  firstDoneUs: number
  lastDoneUs: number
  response: HistogramPairs
  service: HistogramPairs
  phases: PhaseDelta[]
  errors: ErrorRecord[]
}

export interface PhaseDelta {
  /** Index in `PHASES`. */
  phase: number
  count: number
  sumUs: number
  turns: number
  pairs: HistogramPairs
}
