import { z } from 'zod'
import { transportName } from '../plan/plan.ts'
import { loadedRttSchema } from './run-record.ts'

const count = z.int().min(0)
const ms = z.number().nullable()

/**
 * Why a step was made: `climb` doubles the rate until one fails, `narrow` closes in on the limit, `drain` uses a
 * peer's allowance up before a `hold`, and a `hold` runs long enough to tell a sustained rate from a burst.
 */
const stepPurposeSchema = z.enum(['climb', 'narrow', 'drain', 'hold'])

/**
 * What a step ran into:
 * - `percentile`: more answers lay beyond an objective's time than it allows;
 * - `queue`: answers came back more slowly than messages came due, so that a queue grew;
 * - `throttling`: the peer asked to slow down;
 * - `refusals`: more was rejected or failed than an objective allows;
 * - `objective`: any other objective was missed;
 * - `concurrency`: every place that the search may fill was taken, by a peer that was no slower than before;
 * - `machine`: this machine could not keep the rate.
 */
const stepLimitSchema = z.enum([
  'percentile',
  'queue',
  'throttling',
  'refusals',
  'objective',
  'concurrency',
  'machine'
])

/**
 * What bounds a transport: what its failed steps ran into, or
 * - `bucket`: throttling by an allowance (a token bucket) that lets a burst pass beyond the sustained rate;
 * - `slowing`: a queue that grows only after a while, when the peer has slowed down;
 * - `ceiling`: nothing did, up to the highest rate that was to be tried.
 */
const limiterKindSchema = z.enum([...stepLimitSchema.options, 'bucket', 'slowing', 'ceiling'])

const capacityStepSchema = z.object({
  /** Sends per second that came due, and for how long (warm-up apart). */
  rate: z.number(),
  seconds: z.number(),
  /** Accepted sends per second. */
  achieved: z.number(),
  /** Response times, ms; null when nothing was accepted. */
  p50: z.number().nullable(),
  p99: z.number().nullable(),
  sent: count,
  rejected: count,
  failed: count,
  /** Answers in which the peer asked to slow down; they are among the rejected. */
  throttled: count,
  /** This machine could not keep the rate. */
  generatorLimited: z.boolean(),
  pass: z.boolean(),
  /** The first objective that was missed, as it was written; null when the step passed. */
  failedObjective: z.string().nullable(),
  purpose: stepPurposeSchema,
  /** From 1: which search of the transport it belongs to, with `--repeat`. */
  repeat: z.int().min(1),
  /** From 1: which try of its rate it is. */
  attempt: z.int().min(1),
  /** Begin of the step, s since the search began. */
  startedSeconds: z.number(),
  /** Messages that it took, those of its warm-up included. */
  messages: count,
  /** What this machine did to it (late starts, a busy event loop, a gap); a spoiled step counts for nothing. */
  spoiled: z.string().nullable(),
  /** What it ran into; null when it passed. */
  limit: stepLimitSchema.nullable(),
  /** Why it was judged as it was, in words with numbers. */
  reason: z.string(),
  /** Neither kept nor missed beyond chance: the rate is at the limit as closely as this step can see. */
  undecided: z.boolean(),
  /**
   * Of a failed step at several places, those that gave out first: whose own messages missed what was demanded before
   * others' did, or whose machine could not keep its share. Empty where only all together did; absent for one machine.
   */
  gaveOut: z.array(z.string()).optional(),
  /** The round trip during the step beside that before the search; absent where none was measured. */
  loadedRtt: loadedRttSchema.optional(),
  /** What the mean service time was made of, ms; absent where `loadedRtt` is, at several places, and in older records. */
  parts: z.object({ lookupMs: ms, chatterMs: ms, transferMs: ms, serverMs: ms, clientMs: ms }).optional()
})

/** Tries of one rate. */
const rateTriesSchema = z.object({
  rate: z.number(),
  kept: count,
  failed: count,
  spoiled: count
})

/** What the peer needed after an overload until it was as fast as before. */
const recoverySchema = z.object({
  /** The rate that had been too high. */
  afterRate: z.number(),
  /** Seconds of trickle until latency was back at its base, or until the search gave up waiting. */
  seconds: z.number(),
  recovered: z.boolean(),
  /** Median response before the overload and at the end of the trickle, ms. */
  baseMs: z.number().nullable(),
  lastMs: z.number().nullable()
})

const bracketSchema = z.object({
  /** Highest rate that was kept; 0 for none. */
  kept: z.number(),
  /** Lowest rate that failed; null when none did. */
  failed: z.number().nullable()
})

export const capacityTransportSchema = z.object({
  name: transportName,
  /** Highest rate that kept every objective, sends per second; 0 when none did. The sustained rate where it was held. */
  rate: z.number(),
  /** What stopped the climb: an objective, the peer asking to slow down, this machine, or the highest rate asked for. */
  limitedBy: z.enum(['objective', 'throttling', 'generator', 'ceiling']),
  failedObjective: z.string().nullable(),
  /** Rate from which latency climbs steeply; null when none was seen. */
  knee: z.number().nullable(),
  /** How long a million messages take at `rate`; null when the rate is 0. */
  secondsForAMillion: z.number().nullable(),
  /** What the limit is made of. */
  limiter: limiterKindSchema,
  /** Highest rate held at the end, and for how long; null when none was. */
  sustained: z.object({ rate: z.number(), seconds: z.number() }).nullable(),
  /**
   * A higher rate that is kept for a short while alone; null when there is none. `messages`: how many pass beyond
   * the sustained rate before the peer has had enough, where that could be seen.
   */
  burst: z.object({ rate: z.number(), seconds: z.number(), messages: z.number().nullable() }).nullable(),
  bracket: bracketSchema,
  /** How often each rate was tried, by rising rate. */
  tries: z.array(rateTriesSchema),
  recoveries: z.array(recoverySchema),
  /** Share of itself to which the rate is known by chance alone, where the objective is a percentile; else null. */
  uncertainty: z.number().nullable(),
  /** Least and greatest rate found when searched repeatedly; null for a single search. */
  interval: z.object({ low: z.number(), high: z.number() }).nullable(),
  /** What the search took: everything that was sent, and the time, s. */
  messages: count,
  seconds: z.number(),
  /** Why the search ended before it had its answer; null when it is finished. */
  unfinished: z.string().nullable(),
  steps: z.array(capacityStepSchema)
})

/** What `capacity` found: the highest rate that each transport keeps within the objectives. */
export const capacityRecordSchema = z.object({
  schema: z.literal(1),
  objectives: z.array(z.string()),
  /** How it was searched. */
  search: z.object({
    holdSeconds: z.number(),
    confirmSeconds: z.number(),
    precision: z.number(),
    startRate: z.number(),
    ceilingRate: z.number(),
    concurrency: count,
    repeat: z.int().min(1)
  }),
  /** Names of the places whose sum was searched; absent for one machine. */
  places: z.array(z.string()).optional(),
  transports: z.array(capacityTransportSchema)
})

export type CapacityRecord = z.output<typeof capacityRecordSchema>
export type CapacityTransport = z.output<typeof capacityTransportSchema>
export type CapacityStep = z.output<typeof capacityStepSchema>
export type StepPurpose = z.output<typeof stepPurposeSchema>
export type StepLimit = z.output<typeof stepLimitSchema>
export type LimiterKind = z.output<typeof limiterKindSchema>
export type RateTries = z.output<typeof rateTriesSchema>
export type Recovery = z.output<typeof recoverySchema>
export type Bracket = z.output<typeof bracketSchema>

/** The JSON Schema of a capacity record (draft 2020-12). */
export function capacityRecordJsonSchema(): unknown {
  return z.toJSONSchema(capacityRecordSchema)
}
