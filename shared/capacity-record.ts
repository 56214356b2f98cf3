import { z } from 'zod'

const count = z.int().min(0)

export const capacityStepSchema = z.object({
  /** Sends per second that came due, and for how long. */
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
  failedObjective: z.string().nullable()
})

export const capacityTransportSchema = z.object({
  name: z.string(),
  /** Highest rate that kept every objective, sends per second; 0 when none did. */
  rate: z.number(),
  /** What stopped the climb: an objective, the peer asking to slow down, this machine, or the highest rate asked for. */
  limitedBy: z.enum(['objective', 'throttling', 'generator', 'ceiling']),
  failedObjective: z.string().nullable(),
  /** Rate from which latency climbs steeply; null when none was seen. */
  knee: z.number().nullable(),
  /** How long a million messages take at `rate`; null when the rate is 0. */
  secondsForAMillion: z.number().nullable(),
  steps: z.array(capacityStepSchema)
})

/** What `capacity` found: the highest rate that each transport keeps within the objectives. */
export const capacityRecordSchema = z.object({
  schema: z.literal(1),
  objectives: z.array(z.string()),
  transports: z.array(capacityTransportSchema)
})

export type CapacityRecord = z.output<typeof capacityRecordSchema>
export type CapacityTransport = z.output<typeof capacityTransportSchema>
export type CapacityStep = z.output<typeof capacityStepSchema>

/** The JSON Schema of a capacity record (draft 2020-12). */
export function capacityRecordJsonSchema(): unknown {
  return z.toJSONSchema(capacityRecordSchema)
}
