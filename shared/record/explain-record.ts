import { z } from 'zod'
import { PHASES, TRANSFER_SOURCES } from './words.ts'

/** One line of an annotated transcript. Times are ms since the send got its slot. */
export const explainEventSchema = z.object({
  kind: z.enum(['sent', 'heard', 'turn', 'tls', 'connected', 'closed']),
  atMs: z.number(),
  phase: z.enum(PHASES).nullable(),
  text: z.string(),
  /** Number of the turn that ends here, from 1; null for other kinds and for a name lookup, which is no turn. */
  turn: z.int().nullable(),
  waitedMs: z.number().nullable()
})

export const explainRecordSchema = z.object({
  schema: z.literal(1),
  transports: z.array(
    z.object({
      name: z.string(),
      /** The same transport's first send of a connection, or a send on a kept one. */
      connection: z.enum(['cold', 'warm']),
      outcome: z.string(),
      code: z.string(),
      turns: z.int(),
      /** Service time: lookup + chatter + transfer + server + client. */
      totalMs: z.number(),
      /** Round trip that chatter is counted with; null when none was seen, and so for what rests on it. */
      rttMs: z.number().nullable(),
      /** Names into addresses. */
      lookupMs: z.number(),
      /** Turns x RTT. */
      chatterMs: z.number().nullable(),
      /** Part in which the content was leaving beyond its first flight, or was sent again. */
      transferMs: z.number().default(0),
      /** Who told of the transfer, and the algorithm of TCP's window; null where nobody tells. */
      transferSource: z.enum(TRANSFER_SOURCES),
      congestionControl: z.string().nullable(),
      /** The rest of the time spent waiting. */
      serverMs: z.number().nullable(),
      clientMs: z.number(),
      events: z.array(explainEventSchema)
    })
  )
})

/** One message per transport, every turn numbered. */
export type ExplainRecord = z.output<typeof explainRecordSchema>
export type ExplainEvent = z.output<typeof explainEventSchema>
