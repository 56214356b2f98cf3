import { z } from 'zod'
import { PHASES } from '../../shared/record/words.ts'
import { countsSchema, observedSchema, tcpSchema } from '../../shared/record/run-record.ts'
import type { LoadedRtts } from './loaded-rtt.ts'
import { leastUs } from './run-start.ts'

const count = z.int().min(0)

const loadedRttsSchema: z.ZodType<LoadedRtts> = z.object({
  count: z.int().min(1),
  sumUs: z.number(),
  greatestUs: z.number(),
  sampleUs: z.array(z.number()).min(1)
})

/** What a worker knows beside its deltas when its part of a block is over. */
export const blockEndSchema = z.object({
  warmup: countsSchema,
  stats: z.object({
    opened: count,
    reused: count,
    open: count,
    maxOpen: count,
    closedByPeer: count,
    resent: count.default(0),
    endedAfter: leastUs.default(Infinity),
    hints: z.array(z.string()).default([]),
    leastConnectUs: leastUs,
    leastTurnUs: leastUs,
    tcp: z.object({
      source: tcpSchema.shape.source,
      leastRttUs: leastUs,
      rttsUs: z.array(z.number()),
      retransmits: count.nullable(),
      congestionControl: z.string().nullable(),
      windowSegments: z.number().nullable(),
      heldWaits: count.default(0),
      heldUs: z.number().default(0),
      heldPhase: z.enum(PHASES).nullable().default(null),
      receiverWaits: count.default(0),
      receiverUs: z.number().default(0),
      askedContents: count.default(0),
      unaskedContents: count.default(0)
    })
  }),
  observed: observedSchema.nullable(),
  /** Share of the time in which sends were started that this thread's event loop was busy, 0 to 1. */
  eventLoopUtilization: z.number(),
  /** Measured time without a free lane while a send was due, s, as this worker's share; 0 for a closed load. */
  noSlotSeconds: z.number(),
  /** Measured sends that a late start made longer although a lane had been free since before they were due; 0 for a closed load. */
  lateOnFreeSlot: count,
  /** Sends that were due and had no lane yet when the schedule ended; 0 for a closed load. */
  backlogAtEnd: count.default(0),
  /** How long this thread waited for a processor each time it was woken, mean ms; null where the system does not tell. */
  cpuWaitMs: z.number().nullable().default(null),
  /** Sends that were due and never got a lane. */
  unstarted: count,
  /** When this process stood still, stopped or its machine asleep: ms since the run's first send, and for how long. */
  gaps: z.array(z.object({ startedMs: z.number(), seconds: z.number() })).default([]),
  /** Measured sends that reached into a gap: they are in no figure. */
  leftOut: count.default(0),
  /** Round trips that were measured while an open load ran; null where none were. */
  loadedRtts: loadedRttsSchema.nullable().default(null),
  /** An open load's schedule ran to its end; false when it was stopped before, and for a closed load. */
  scheduleOver: z.boolean(),
  /** How much later than it was told to the part began, ms; absent where it began as soon as it could. */
  startErrorMs: z.number().optional(),
  /** Number of the place that it ran at; absent without places. */
  place: count.optional()
})
export type BlockEnd = z.output<typeof blockEndSchema>
