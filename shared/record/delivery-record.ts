import { z } from 'zod'
import { isHistogramText } from './histogram-text.ts'

const count = z.int().min(0)
/** Hops of a message that are looked at. */
export const MAX_HOPS = 30
/** May be negative: a relay can have delivered a message before its sender hears that it was accepted. */
const ms = z.number()

/**
 * What became of a transport's accepted messages. Every one of them has arrived, is lost or is pending. Percentiles are
 * of messages that arrived, exact (nearest rank); of merged runs those of `inbox` come from the histograms, and those of
 * the delivery time are not known.
 */
export const deliveryRecordSchema = z.object({
  receiver: z.enum(['sink', 'imap']),
  /** By the deadline, those in a junk folder included. */
  arrived: count,
  /** Not by the deadline. */
  lost: count,
  /** Neither, when the run ended before their deadline. */
  pending: count,
  /** Copies beyond the first. */
  duplicates: count,
  /** Of the arrived. */
  junk: count,
  /** Arrived although their sender heard no acceptance; in no other figure. */
  unaccepted: count,
  /** Delivery time, from accepted to arrived, ms. */
  mean: ms.nullable(),
  p50: ms.nullable(),
  p95: ms.nullable(),
  p99: ms.nullable(),
  /** How much sooner than told any of them may have arrived, at most, ms. */
  resolutionMs: ms.nullable(),
  /** Mean response of those that arrived, ms: this and `mean` add up to the mean of `inbox`. */
  responseMs: ms.nullable(),
  /** From when a send was due to its arrival, ms. */
  inbox: z.object({ mean: ms.nullable(), p50: ms.nullable(), p95: ms.nullable(), p99: ms.nullable() }),
  /** The clock that arrivals were stamped by, where it is another machine's: its time of day less ours, and by how much that may be off, ms. */
  clock: z.object({ offsetMs: ms, errorMs: z.number().min(0) }).optional(),
  /**
   * The way that arrived messages say they took (`Received`), the sender's side first. Every stamp is that machine's own
   * clock, to the second.
   */
  hops: z
    .array(
      z.object({
        /** 1 = the machine that took the message first. */
        hop: z.int().min(1).max(MAX_HOPS),
        /** What it calls itself, and the protocol: `by mx.example.com with ESMTPS`. */
        name: z.string().max(300),
        count,
        /** Its stamp less the one before, of the first less when the send was due by this machine's clock, ms; `p50` is null where runs were merged. */
        p50: ms.nullable(),
        max: ms
      })
    )
    .default([]),
  /** Rounds with an arrival; their inbox times in µs as HdrHistogram, as the transport's `histogram`. */
  rounds: z.array(
    z.object({
      round: z.int().min(1),
      arrived: count,
      inboxHistogram: z.string().refine(isHistogramText, { error: 'no HdrHistogram V2 text of this range' })
    })
  )
})
export type DeliveryRecord = z.output<typeof deliveryRecordSchema>
