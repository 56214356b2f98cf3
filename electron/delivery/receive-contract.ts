import { z } from 'zod'
import { MAX_HOPS } from '../../shared/record/delivery-record.ts'

/** What `chattermark receive` and the runs that ask it say to each other: HTTP and JSON, with the token in every request. */
export const RECEIVE_PATHS = {
  clock: '/v1/clock',
  run: (id: string) => `/v1/runs/${id}`,
  arrivals: (id: string, after: number) => `/v1/runs/${id}/arrivals?after=${after}`
} as const

/** A run names itself so. */
export const RUN_ID = /^[0-9a-f]{16,64}$/

/** Transports of a plan at most. */
const MAX_TAGS = 50

/** What a run waits for. */
export const awaitedSchema = z.object({
  tags: z
    .array(z.string().regex(/^[0-9a-f]{8,64}$/))
    .min(1)
    .max(MAX_TAGS)
})

/** The receiver's clocks as it answers. */
export const clockAnswerSchema = z.object({
  /** Differs each time that it is started: what was awaited before is forgotten. */
  instance: z.string(),
  /** Its monotonic clock, which arrivals are stamped by, µs. */
  nowUs: z.number(),
  /** Its time of day, ms since 1970. */
  wallMs: z.number()
})

/** The next arrivals of a run. */
export const arrivalsAnswerSchema = clockAnswerSchema.extend({
  /** Number of the last arrival told here; asking for what is after it lets the receiver forget the rest. */
  last: z.int().min(0),
  arrivals: z.array(
    z.object({
      tag: z.int().min(0).max(MAX_TAGS),
      seq: z.int().min(0),
      atUs: z.number(),
      hops: z.array(z.object({ name: z.string().max(300), atMs: z.number() })).max(MAX_HOPS)
    })
  )
})
export type ArrivalsAnswer = z.output<typeof arrivalsAnswerSchema>
