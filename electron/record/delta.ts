import { z } from 'zod'
import { errorRecordSchema } from '../../shared/record/run-record.ts'

const count = z.int().min(0)
const us = z.number()

/** Pairs of (value in µs, count), flat, ascending: what an interval's histogram holds. */
const pairs = z.array(z.number().min(0))
export type HistogramPairs = z.output<typeof pairs>

const phaseDeltaSchema = z.object({
  /** Index in `PHASES`. */
  phase: count,
  count,
  sumUs: us,
  turns: z.number(),
  pairs
})

/**
 * What one worker measured of one transport within one second of a run: the unit that workers report, the
 * journal keeps, and records are added up from. Sums are over accepted sends unless said otherwise.
 */
export const deltaSchema = z.object({
  transport: count,
  round: count,
  /** Number of the place that it was measured at, in the order of the run's places; absent without places. */
  place: count.optional(),
  /** Whole seconds since the run's first send. */
  second: z.int(),
  sent: count,
  accepted: count,
  rejected: count,
  failed: count,
  aborted: count,
  /** Sends of any outcome that started more than a millisecond after they were due. */
  startedLate: count,
  throttled: count,
  /** The longest wait that the peer asked for, s; 0 when it named none. */
  retryAfterSeconds: z.number(),
  turns: z.number(),
  coldCount: count,
  coldTurns: z.number(),
  waitUs: us,
  transferUs: us,
  serviceUs: us,
  queueUs: us,
  /** Of any outcome: segments sent again, and the sends that had one. */
  retransmits: count,
  sendsWithRetransmit: count,
  /** Time that lanes spent on sends of any outcome, from one outcome of a lane to its next. */
  laneUs: us,
  /** Lanes that had their first outcome of the round. */
  lanes: count,
  /** Of any outcome. */
  bytesOut: z.number(),
  bytesIn: z.number(),
  /** The longest time for which the sending thread stood still in this second, µs; absent where it did not. */
  stalledUs: us.optional(),
  /** Due time of the first, and outcome times of the first and the last send of any outcome, µs since the run's first send. */
  firstDueUs: us,
  firstDoneUs: us,
  lastDoneUs: us,
  response: pairs,
  service: pairs,
  phases: z.array(phaseDeltaSchema),
  errors: z.array(errorRecordSchema),
  /** Pairs of response time in µs and code of the slowest sends; see `slowest.ts`. */
  slowest: z.array(z.number()).default([])
})
export type Delta = z.output<typeof deltaSchema>
export type PhaseDelta = z.output<typeof phaseDeltaSchema>
