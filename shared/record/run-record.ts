import { z } from 'zod'
import { planSchema, transportName } from '../plan/plan.ts'
import { deliveryRecordSchema } from './delivery-record.ts'
import { MOST_EXAMPLE_EVENTS, MOST_EXAMPLES } from './error-sum.ts'
import { explainEventSchema } from './explain-record.ts'
import { isHistogramText } from './histogram-text.ts'
import { OUTCOMES, PHASES, PROTOCOLS } from './words.ts'

const count = z.int().min(0)
/** HdrHistogram text of the records' own shape: whatever is to be decoded later is judged when a record is read. */
const histogram = z.string().refine(isHistogramText, { error: 'no HdrHistogram V2 text of this range' })
const ms = z.number()

export const countsSchema = z.object({
  sent: count,
  accepted: count,
  rejected: count,
  failed: count,
  aborted: count
})

/** Distribution of a time over accepted sends, ms. All null when there was none. */
const distributionSchema = z.object({
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
const turnsSchema = z.object({
  perMessage: z.number().nullable(),
  cold: z.number().nullable(),
  warm: z.number().nullable(),
  /** Accepted sends that had to connect. */
  coldCount: count.optional()
})

const phaseRecordSchema = z.object({
  name: z.enum(PHASES),
  count,
  meanMs: ms,
  p50: ms,
  p99: ms,
  /** Mean turns of the sends that had this phase. */
  turns: z.number(),
  /** Its times, as the transport's `histogram`; absent in records from before there were places. */
  histogram: histogram.optional()
})

/** One send that came to grief, as it can be looked into. */
const failureExampleSchema = z.object({
  /** When its outcome was known, ms since the run's first send. */
  atMs: ms,
  round: count,
  /** Number of its connection within its client, from 1; 0 when none was reached. */
  connection: count,
  /** Messages that the connection had carried before it. */
  carriedBefore: count,
  /** From when it got its slot to its outcome. */
  serviceMs: ms,
  /** What was said and heard, secrets masked: the last of it. */
  events: z.array(explainEventSchema).max(MOST_EXAMPLE_EVENTS)
})

export const errorRecordSchema = z.object({
  /**
   * `recipient`: a recipient that was refused while the message was accepted for others; it changes no count. `local`:
   * a shortage of this machine (descriptors, ports, memory); the send counts as failed, and the peer is not to blame.
   */
  class: z.enum([...OUTCOMES, 'recipient', 'local']),
  code: z.string(),
  phase: z.enum(PHASES),
  count,
  sample: z.string(),
  /** The messages had left whole before it failed: each may have been delivered all the same. Absent where none was. */
  mayBeDelivered: z.boolean().optional(),
  /** When the first and the last of them came, ms since the run's first send. This and what follows is absent in older records. */
  firstMs: ms.optional(),
  lastMs: ms.optional(),
  /** The fewest and the most messages that a connection had carried before one of them. */
  carriedLeast: count.optional(),
  carriedMost: count.optional(),
  /** The first few of them. */
  examples: z.array(failureExampleSchema).max(MOST_EXAMPLES).optional()
})

const timelineRowSchema = z.object({
  /** Whole seconds since the run's first send. Only seconds in which the transport was measured have a row. */
  second: count,
  /** Part of the second in which the transport was measured, 0 to 1: what its counts are divided by to get rates. */
  measuredSeconds: z.number().default(1),
  accepted: count,
  rejected: count,
  failed: count,
  aborted: count,
  p50: ms.nullable(),
  p99: ms.nullable()
})

/** What TCP did below, of one transport. */
export const tcpSchema = z.object({
  /** Whether the operating system told, or the model of the window did where it does not. */
  source: z.enum(['kernel', 'model']),
  /** Least round trip that the system saw, ms; null where it does not tell. */
  minRttMs: ms.nullable(),
  /** Segments that this machine sent again, warm-up included; null where the system does not tell. */
  retransmits: count.nullable(),
  /** Sends of any outcome that had one of them. */
  sendsWithRetransmit: count.nullable(),
  /** Name of the system's algorithm (`cubic`, `bbr`, ...). */
  congestionControl: z.string().nullable(),
  /** Congestion window as it was seen last, segments. */
  windowSegments: z.number().nullable(),
  /**
   * Waits, warm-up included, in which the peer held back the rest of its answer until the first part was acknowledged
   * (Nagle's algorithm against a delayed acknowledgement), how long in the mean, ms, and in which phase the latest was;
   * null where none was seen.
   */
  delayedAck: z
    .object({ waits: count, meanMs: ms, phase: z.enum(PHASES) })
    .nullable()
    .default(null),
  /**
   * Contents, warm-up included, that waited for room in the peer's receive window, which opens as its program reads (RFC
   * 9293, section 3.8.6), and how long in the mean, ms; null where none was seen, or the system does not tell.
   */
  receiveWindow: z.object({ waits: count, meanMs: ms }).nullable().default(null)
})

/** What a transport's slowest sends, those of its p99 and beyond, have in common. */
const tailSchema = z.object({
  /** Sends that were looked at, and the least response time among them, ms. */
  slowest: count,
  fromMs: ms,
  /**
   * Each send counts once, most frequent first: `lost` - a segment was sent again; `queued` - it waited for a slot longer
   * than it took; `opened` - it had to connect where most had not; `waited` - it waited longest in `phase`.
   */
  causes: z.array(
    z.object({
      cause: z.enum(['lost', 'queued', 'opened', 'waited']),
      phase: z.enum(PHASES).nullable(),
      count
    })
  )
})

/** Of measured sends alone, as every figure but `connections`. */
const bytesSchema = z.object({ out: count, in: count })

/** What one stretch of measurement found: a round, or all rounds of a transport together. */
const measuredSchema = z.object({
  counts: countsSchema,
  /**
   * Length of the measured time, warm-up excluded. In a closed load the mean time that its lanes were busy, so that a
   * straggler at the end holds up its own lane alone; in an open load that ran to its end the length of the schedule, or
   * the time from the first outcome to the last where that is longer.
   */
  durationSeconds: z.number(),
  /** Accepted sends per second of measured time. */
  throughput: z.number(),
  response: distributionSchema,
  service: distributionSchema,
  turns: turnsSchema,
  /** The typical round trip that chatter is counted with: turns x RTT. */
  rttMs: ms.nullable(),
  /** Means per accepted send, ms: service = lookup + chatter + transfer + server + client, response = queue + service. */
  queueMs: ms.nullable().default(null),
  lookupMs: ms.nullable().default(null),
  chatterMs: ms.nullable(),
  transferMs: ms.nullable().default(null),
  serverMs: ms.nullable(),
  clientMs: ms.nullable(),
  residualMs: ms.nullable(),
  /** Segments that this machine sent again for measured sends; null where the system does not tell. */
  retransmits: count.nullable().default(null),
  connectionsOpened: count,
  bytes: bytesSchema,
  /** Response times in µs of accepted sends: HdrHistogram V2 compressed, base64; from 1 µs, 3 significant digits. */
  histogram,
  /** Service times, as `histogram`; absent in rounds from before there were places. */
  serviceHistogram: histogram.optional()
})

const roundRecordSchema = measuredSchema.extend({
  round: z.int().min(1),
  /** Ms since the run's first send. */
  startedMs: ms
})

/** What one place measured of a transport. */
export const placeFiguresSchema = measuredSchema.extend({
  place: z.string(),
  /** Its rounds; empty in records from before they were kept. */
  rounds: z.array(roundRecordSchema).default([])
})

/** What is known of a transport's round trip, ms; shared by all transports of one host. */
const rttSchema = z.object({
  /** The least seen: no round trip is shorter, unless a proxy accepted in the peer's place. */
  leastMs: ms,
  /** The typical one: what a turn costs, jitter included. */
  medianMs: ms,
  /** The least wait for the reply to one command: no round trip is longer. Null where none was heard. */
  leastTurnMs: ms.nullable(),
  /** How many round trips were measured. */
  samples: count,
  /** Where they come from: the emulated value, TCP connects, or the kernel's own count (TCP_INFO). */
  source: z.enum(['emulated', 'connect', 'kernel'])
})

/**
 * The round trip while an open load ran, ms: one measured a second, on a connection of its own that says nothing, beside
 * those before the load. What a queue in the network adds is in it; what a busy server takes is not. The median of a load
 * of many minutes is that of a fair sample; the other figures are of all.
 */
export const loadedRttSchema = z.object({
  idleMs: ms,
  medianMs: ms,
  meanMs: ms,
  greatestMs: ms,
  /** How many were measured under load. */
  samples: count
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
  name: transportName,
  protocol: z.enum(PROTOCOLS),
  client: z.string(),
  /** Sends that came due per second, as planned; null for a closed load. */
  offeredRate: z.number().nullable(),
  /** Sends that did come due per second; by chance fewer or more than offered in a Poisson load. Null for a closed load. */
  dueRate: z.number().nullable().default(null),
  /** Sends that were due and still waited for a slot when the schedule ended: the most of any round. Null for a closed load. */
  backlogAtEnd: count.nullable().default(null),
  /** Sends that started more than 1 ms after they were due. */
  startedLate: count,
  /** Share of the measured time in which no slot was free, 0 to 1; null for a closed load. */
  noSlotShare: z.number().nullable(),
  /** This machine, not the peer, was the limit. */
  generatorLimited: z.boolean(),
  /** How long a sending thread that was woken waited for a processor, mean ms; null where the system does not tell. */
  cpuWaitMs: ms.nullable().default(null),
  /** Round trips in detail; null where none was measured. `rttMs` is the one that chatter is counted with. */
  rtt: rttSchema.nullable().default(null),
  /** Null for a closed load, and where none was measured. */
  loadedRtt: loadedRttSchema.nullable().default(null),
  /** Busiest worker's event loop, 0 to 1, and the reason in words when a rate was not reached or the machine was the limit. */
  eventLoopUtilization: z.number(),
  limitReason: z.string().nullable(),
  phases: z.array(phaseRecordSchema),
  /** The one figure that counts the warm-up too: on what it opened, the measured sends are kept. */
  connections: z.object({
    opened: count,
    reused: count,
    maxOpen: count,
    closedByPeer: count,
    /** Sends that were begun anew on another connection, because the peer had ended this one before it did anything about them. */
    resent: count.default(0)
  }),
  tcp: tcpSchema.nullable().default(null),
  tail: tailSchema.nullable().default(null),
  /** Answers in which the peer asked to slow down. */
  throttled: count,
  /** Sends before measuring (warm-up, calibration): they reached the peer and are in no other figure but `connections`. */
  warmup: countsSchema,
  /** What the client was told to do and does by default: every knob that moves the numbers. */
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  observed: observedSchema.nullable(),
  /** Facts a reader must know to judge the figures, one sentence each. */
  notes: z.array(z.string()),
  /** When the measuring process stood still, stopped or its machine asleep; absent where it never did. */
  gaps: z
    .array(z.object({ round: z.int().min(1), startedMs: ms, seconds: z.number(), leftOut: count }))
    .optional(),
  /** Which of the accepted messages arrived, and when; absent where the plan does not ask. */
  delivery: deliveryRecordSchema.optional(),
  errors: z.array(errorRecordSchema),
  timeline: z.array(timelineRowSchema),
  /** Service times, as `histogram`. */
  serviceHistogram: histogram,
  rounds: z.array(roundRecordSchema),
  /** The figures of each place beside the whole; empty where all was sent from one machine. */
  places: z.array(placeFiguresSchema).default([])
})

export const comparisonSchema = z.object({
  a: z.string(),
  b: z.string(),
  /** `inbox`: from when a send was due to its arrival, where the plan has a `delivery`. */
  metric: z.enum([
    'response.p50',
    'response.p95',
    'response.p99',
    'throughput',
    'inbox.p50',
    'inbox.p95',
    'inbox.p99'
  ]),
  /** a divided by b, with its 95 % interval over rounds (Student's t on the log ratios of rounds). */
  ratio: z.number(),
  low: z.number(),
  high: z.number(),
  /** a less b: ms, or sends per second. */
  difference: z.number(),
  differenceLow: z.number(),
  differenceHigh: z.number(),
  /** Accepted sends behind each of the two: the lesser number. */
  samples: count,
  /** Rounds behind the interval; below 4 it is wide and rests on little. */
  rounds: count.default(0),
  /** Of an open load the queue of one of the two grew all the time: a ratio of their times says how long that was. */
  overloaded: z.boolean().optional(),
  /** Probability of such a difference by chance, among all pairs compared in this metric (Holm); null where none is judged. */
  p: z.number().nullable().default(null),
  /** Whether so many samples say anything about this percentile: 10 must lie beyond it. */
  enough: z.boolean(),
  /** Whether the data show a difference that chance, among all these pairs, does not explain. */
  differs: z.boolean()
})

const assertRecordSchema = z.object({
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

/** A place that a part of a run was sent from. */
const placeRecordSchema = z.object({
  name: z.string(),
  environment: environmentSchema,
  /** Its clock less the coordinator's, ms; null where it was not measured (merged runs). */
  clockOffsetMs: z.number().nullable(),
  /** How far from the common moment its blocks began at worst, the error of the clocks included, ms. */
  startErrorMs: z.number().nullable(),
  /** `lost`: it fell silent; what it had told up to then is in the figures. */
  state: z.enum(['finished', 'lost'])
})

export const runRecordSchema = z.object({
  schema: z.literal(1),
  id: z.string(),
  name: z.string(),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  /** How it ended: as planned, by a stop, or without a last word. */
  state: z.enum(['finished', 'stopped', 'crashed']),
  environment: environmentSchema,
  plan: planSchema,
  /** Where it was sent from; empty for this machine alone. */
  places: z.array(placeRecordSchema).default([]),
  transports: z.array(transportRecordSchema),
  comparison: z.array(comparisonSchema),
  verdict: z.string(),
  asserts: z.array(assertRecordSchema),
  /** The reader's own words, and whether other runs are held against this one. */
  note: z.string().optional(),
  baseline: z.boolean().optional()
})

/** The record of an executed plan: `run.json`. */
export type RunRecord = z.output<typeof runRecordSchema>
export type TransportRecord = z.output<typeof transportRecordSchema>
export type RoundRecord = z.output<typeof roundRecordSchema>
export type PlaceRecord = z.output<typeof placeRecordSchema>
export type PlaceFigures = z.output<typeof placeFiguresSchema>
export type Observed = z.output<typeof observedSchema>
export type PhaseRecord = z.output<typeof phaseRecordSchema>
export type LoadedRtt = z.output<typeof loadedRttSchema>
export type RttRecord = z.output<typeof rttSchema>
export type ErrorRecord = z.output<typeof errorRecordSchema>
export type FailureExample = z.output<typeof failureExampleSchema>
export type TailRecord = z.output<typeof tailSchema>
export type TcpRecord = z.output<typeof tcpSchema>
export type TimelineRow = z.output<typeof timelineRowSchema>
export type Distribution = z.output<typeof distributionSchema>
export type Turns = z.output<typeof turnsSchema>
export type Counts = z.output<typeof countsSchema>
export type Comparison = z.output<typeof comparisonSchema>
export type AssertRecord = z.output<typeof assertRecordSchema>
export type Environment = z.output<typeof environmentSchema>
export type RunState = RunRecord['state']

/** The JSON Schema of `run.json` (draft 2020-12). */
export function runRecordJsonSchema(): unknown {
  return z.toJSONSchema(runRecordSchema, { unrepresentable: 'any' })
}
