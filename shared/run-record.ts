import { z } from 'zod'
import { planSchema } from './plan.ts'
import { OUTCOMES, PHASES, PROTOCOLS } from './words.ts'

const count = z.int().min(0)
const ms = z.number()

export const countsSchema = z.object({
  sent: count,
  accepted: count,
  rejected: count,
  failed: count,
  aborted: count
})

/** Distribution of a time over accepted sends, ms. All null when there was none. */
export const distributionSchema = z.object({
  min: ms.nullable(),
  mean: ms.nullable(),
  p50: ms.nullable(),
  p90: ms.nullable(),
  p95: ms.nullable(),
  p99: ms.nullable(),
  p999: ms.nullable(),
  max: ms.nullable()
})

/** Mean turns of accepted sends: of all, of those that had to connect, of those on a kept connection. */
export const turnsSchema = z.object({
  perMessage: z.number().nullable(),
  cold: z.number().nullable(),
  warm: z.number().nullable()
})

export const phaseRecordSchema = z.object({
  name: z.enum(PHASES),
  count,
  meanMs: ms,
  p50: ms,
  p99: ms,
  /** Mean turns of the sends that had this phase. */
  turns: z.number()
})

export const errorRecordSchema = z.object({
  /** `recipient`: a recipient that was refused while the message was accepted for others; it changes no count. */
  class: z.enum([...OUTCOMES, 'recipient']),
  code: z.string(),
  phase: z.enum(PHASES),
  count,
  sample: z.string()
})

export const timelineRowSchema = z.object({
  /** Whole seconds since the run's first send. Only seconds in which the transport was measured have a row. */
  second: count,
  accepted: count,
  rejected: count,
  failed: count,
  aborted: count,
  p50: ms.nullable(),
  p99: ms.nullable()
})

const bytesSchema = z.object({ out: count, in: count })

/** What one stretch of measurement found: a round, or all rounds of a transport together. */
const measuredSchema = z.object({
  counts: countsSchema,
  /**
   * Length of the measured time, warm-up excluded: from the first send due to the last outcome; in an open load that
   * ran to its end the length of the schedule, or the time from the first outcome to the last where that is longer.
   */
  durationSeconds: z.number(),
  /** Accepted sends per second of measured time. */
  throughput: z.number(),
  response: distributionSchema,
  service: distributionSchema,
  turns: turnsSchema,
  rttMs: ms.nullable(),
  chatterMs: ms.nullable(),
  serverMs: ms.nullable(),
  clientMs: ms.nullable(),
  residualMs: ms.nullable(),
  connectionsOpened: count,
  bytes: bytesSchema,
  /** Response times in µs of accepted sends: HdrHistogram V2 compressed, base64; from 1 µs, 3 significant digits. */
  histogram: z.string()
})

export const roundRecordSchema = measuredSchema.extend({
  round: z.int().min(1),
  /** Ms since the run's first send. */
  startedMs: ms
})

export const observedSchema = z.object({
  banner: z.string().nullable(),
  capabilities: z.array(z.string()),
  tls: z
    .object({ version: z.string(), cipher: z.string(), resumed: z.boolean(), verified: z.boolean() })
    .nullable(),
  alpn: z.string().nullable()
})

export const transportRecordSchema = measuredSchema.omit({ connectionsOpened: true }).extend({
  name: z.string(),
  protocol: z.enum(PROTOCOLS),
  client: z.string(),
  /** Sends that came due per second, as planned; null for a closed load. */
  offeredRate: z.number().nullable(),
  /** Sends that started more than 1 ms after they were due. */
  startedLate: count,
  /** Share of the measured time in which no slot was free, 0 to 1; null for a closed load. */
  noSlotShare: z.number().nullable(),
  /** This machine, not the peer, was the limit. */
  generatorLimited: z.boolean(),
  /** Busiest worker's event loop, 0 to 1, and the reason in words when a rate was not reached or the machine was the limit. */
  eventLoopUtilization: z.number(),
  limitReason: z.string().nullable(),
  phases: z.array(phaseRecordSchema),
  /** Of the warm-up too: what it opened, the measured sends were kept on. */
  connections: z.object({ opened: count, reused: count, maxOpen: count, closedByPeer: count }),
  /** Answers in which the peer asked to slow down. */
  throttled: count,
  /** Sends before measuring (warm-up, calibration): they reached the peer and are in no other figure but `connections`. */
  warmup: countsSchema,
  /** What the client was told to do and does by default: every knob that moves the numbers. */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  observed: observedSchema.nullable(),
  /** Facts a reader must know to judge the figures, one sentence each. */
  notes: z.array(z.string()),
  errors: z.array(errorRecordSchema),
  timeline: z.array(timelineRowSchema),
  /** Service times, as `histogram`. */
  serviceHistogram: z.string(),
  rounds: z.array(roundRecordSchema)
})

export const comparisonSchema = z.object({
  a: z.string(),
  b: z.string(),
  metric: z.enum(['response.p50', 'response.p95', 'response.p99', 'throughput']),
  /** a divided by b, with its 95 % interval bootstrapped over rounds. */
  ratio: z.number(),
  low: z.number(),
  high: z.number(),
  /** a less b: ms, or sends per second. */
  difference: z.number(),
  differenceLow: z.number(),
  differenceHigh: z.number(),
  /** Accepted sends behind each of the two: the lesser number. */
  samples: count,
  /** Whether so many samples say anything about this percentile: 10 must lie beyond it. */
  enough: z.boolean(),
  /** False when the data show no difference. */
  differs: z.boolean()
})

export const assertRecordSchema = z.object({
  text: z.string(),
  pass: z.boolean(),
  value: z.number().nullable()
})

export const environmentSchema = z.object({
  chattermark: z.string(),
  node: z.string(),
  electron: z.string().nullable(),
  nodemailer: z.string(),
  undici: z.string(),
  openssl: z.string(),
  platform: z.string(),
  cpu: z.string(),
  cores: count,
  workers: count
})

export const runRecordSchema = z.object({
  schema: z.literal(1),
  id: z.string(),
  name: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  state: z.enum(['finished', 'stopped', 'crashed']),
  environment: environmentSchema,
  plan: planSchema,
  transports: z.array(transportRecordSchema),
  comparison: z.array(comparisonSchema),
  verdict: z.string(),
  asserts: z.array(assertRecordSchema)
})

/** The record of an executed plan: `run.json`. */
export type RunRecord = z.output<typeof runRecordSchema>
export type TransportRecord = z.output<typeof transportRecordSchema>
export type RoundRecord = z.output<typeof roundRecordSchema>
export type PhaseRecord = z.output<typeof phaseRecordSchema>
export type ErrorRecord = z.output<typeof errorRecordSchema>
export type TimelineRow = z.output<typeof timelineRowSchema>
export type Distribution = z.output<typeof distributionSchema>
export type Counts = z.output<typeof countsSchema>
export type Comparison = z.output<typeof comparisonSchema>
export type AssertRecord = z.output<typeof assertRecordSchema>
export type Environment = z.output<typeof environmentSchema>
export type RunState = RunRecord['state']

/** The JSON Schema of `run.json` (draft 2020-12). */
export function runRecordJsonSchema(): unknown {
  return z.toJSONSchema(runRecordSchema, { unrepresentable: 'any' })
}
