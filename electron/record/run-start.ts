import { z } from 'zod'
import { planSchema } from '../../shared/plan/plan.ts'
import { environmentSchema, observedSchema, transportRecordSchema } from '../../shared/record/run-record.ts'

/** A least time, µs; Infinity where nothing was measured, which is null in JSON. */
export const leastUs = z
  .number()
  .nullable()
  .transform((us) => us ?? Infinity)

/** What is known of a transport before its first send. */
export const transportStartSchema = z.object({
  /** Emulated RTT, or null to go by the least connect time. */
  emulatedRttMs: z.number().nullable(),
  /** Transports with the same one reach the same peer, and so share what is known of the round trip. */
  peer: z.string(),
  /** Times of connections opened before the load to measure the round trip alone, µs. */
  connectsUs: z.array(z.number()),
  /** Least TCP connect time seen before the load. */
  leastConnectUs: leastUs,
  observed: observedSchema.nullable(),
  settings: transportRecordSchema.shape.settings,
  notes: z.array(z.string())
})
export type TransportStart = z.output<typeof transportStartSchema>

/** What is known of a place before a run's first send. */
const placeStartSchema = z.object({
  name: z.string(),
  environment: environmentSchema,
  /** Its clock less the coordinator's, ms, and by how much that may be off. */
  clockOffsetMs: z.number(),
  clockErrorMs: z.number(),
  /** Its part of an open load, 0 to 1. */
  share: z.number(),
  transports: z.array(transportStartSchema)
})
export type PlaceStart = z.output<typeof placeStartSchema>

/** What is known of a run before its first send. */
export const runStartSchema = z.object({
  id: z.string(),
  startedAt: z.string(),
  environment: environmentSchema,
  plan: planSchema,
  transports: z.array(transportStartSchema),
  /** What of the plan's rates is offered here, 0 to 1; absent for all. */
  share: z.number().optional(),
  /** Where it is sent from; absent for this machine alone. */
  places: z.array(placeStartSchema).optional(),
  /** Places that may be lost before assertions fail. */
  allowLost: z.int().min(0).optional()
})
export type RunStart = z.output<typeof runStartSchema>
