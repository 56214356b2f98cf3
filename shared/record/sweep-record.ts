import { z } from 'zod'
import { transportName } from '../plan/plan.ts'

const sweepPointSchema = z.object({
  /** Round-trip time of this point, ms: emulated, or that of a place. */
  rttMs: z.number(),
  /** Size of the message's text, bytes; null where it was the plan's own all the time. */
  sizeBytes: z.number().nullable().default(null),
  /** The place that stood there; absent for an emulated distance. */
  place: z.string().optional(),
  /** Accepted sends behind the figures. */
  n: z.int().min(0),
  /** Response and service time at p50, ms; null when nothing was accepted. */
  p50: z.number().nullable(),
  serviceP50: z.number().nullable(),
  /** Mean service time, ms, and accepted sends per second. */
  serviceMean: z.number().nullable().default(null),
  throughput: z.number().nullable().default(null)
})

/**
 * What a fit says: `agrees` - the counted turns lie inside the interval of the fitted; `differs` - they do not;
 * `saturated` - the peer gave no more at a short distance than at a long one, so that the line shows its limit and not
 * the turns; `too-few` - the interval is too wide to tell anything, or there is no line.
 */
const SWEEP_FINDINGS = ['agrees', 'differs', 'saturated', 'too-few'] as const

const sweepSizeSchema = z.object({
  sizeBytes: z.number(),
  /** The measured round trip that the rounds are counted in, ms; null where they are a slope over distances. */
  rttMs: z.number().nullable().default(null),
  /**
   * Rounds of TCP's window beyond the smallest size: the slope of the extra service time over several distances, or at
   * one the extra time over `rttMs`; null where there is no round trip of at least 1 ms.
   */
  roundsFitted: z.number().nullable(),
  roundsModelled: z.number().nullable()
})

const sweepTransportSchema = z.object({
  name: transportName,
  /**
   * Turns that the client counted: mean per message, on the sends that the fitted time stands for; null when nothing was
   * accepted.
   */
  turnsCounted: z.number().nullable(),
  /** Slope of service time over RTT. The fit is null with fewer than two points of different RTT. */
  turnsFitted: z.number().nullable(),
  /** 95 % interval of the slope (least squares, Student's t); null with fewer than three figures to fit. */
  turnsLow: z.number().nullable().default(null),
  turnsHigh: z.number().nullable().default(null),
  /** The service time that was fitted: the median, or the mean where some messages open a connection and others do not. */
  statistic: z.enum(['p50', 'mean']).default('p50'),
  finding: z.enum(SWEEP_FINDINGS).default('too-few'),
  /** (fitted - counted) / counted, percent. */
  differencePercent: z.number().nullable(),
  /** The peer's own round trip, which is part of every point's distance, ms; null where it was not measured. */
  baseRttMs: z.number().nullable().default(null),
  /** Service time where the whole round trip, the peer's own included, is 0: server plus client time, ms. */
  interceptMs: z.number().nullable(),
  r2: z.number().nullable(),
  /** Over sizes: what each took beyond the smallest; the line is that of the smallest. */
  sizes: z.array(sweepSizeSchema).default([]),
  points: z.array(sweepPointSchema)
})

/** What `sweep` found: each transport's p50 at several RTTs, and the straight line through it. */
export const sweepRecordSchema = z.object({
  schema: z.literal(1),
  transports: z.array(sweepTransportSchema)
})

export type SweepRecord = z.output<typeof sweepRecordSchema>
export type SweepTransport = z.output<typeof sweepTransportSchema>
export type SweepFinding = (typeof SWEEP_FINDINGS)[number]
export type SweepSize = z.output<typeof sweepSizeSchema>
export type SweepPoint = z.output<typeof sweepPointSchema>

/** The JSON Schema of a sweep record (draft 2020-12). */
export function sweepRecordJsonSchema(): unknown {
  return z.toJSONSchema(sweepRecordSchema)
}
