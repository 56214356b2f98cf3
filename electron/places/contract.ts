import { z } from 'zod'
import { blockEndSchema } from '../record/block-end.ts'
import { deltaSchema } from '../record/delta.ts'
import { transportStartSchema } from '../record/run-start.ts'
import { environmentSchema } from '../../shared/record/run-record.ts'
import { jsonOrNull } from '../../shared/text/json.ts'

/** A request is no longer than this, bytes: a plan with room to spare. An agent reads nothing beyond. */
export const MOST_REQUEST_BYTES = 1024 * 1024
/** Number of the contract between coordinator and agents; another number is refused before any work. */
export const CONTRACT = 2
/** Bucket of the places that are there: a key for each, renewed while the agent lives. */
export const PLACES_BUCKET = 'chattermark-places'
/** Stream of what agents measure. */
export const RESULTS_STREAM = 'chattermark-results'

/**
 * Who has not been heard for this long is lost, ms: the coordinator to its agents, and to it an agent that runs a block
 * and of which no result comes.
 */
export const SILENCE_MS = 10_000
/** How often the coordinator tells that it lives, ms. */
export const ALIVE_MS = 1000
/** How long an agent's entry outlives its last renewal, ms, and how often it is renewed. */
export const PRESENCE_MS = 10_000
export const RENEW_MS = 3000

/** Subjects; an agent hears nothing but its own. */
export const SUBJECTS = {
  /** How all of them begin. */
  all: 'chattermark.',
  /** Requests to a place. */
  place: (place: string) => `chattermark.place.${place}`,
  /** The coordinator of a run lives, and which places it holds for lost. */
  coordinator: (run: string) => `chattermark.coordinator.${run}`,
  /** What a place measured; kept by the stream until it is read. */
  results: (run: string, place: string) => `chattermark.results.${run}.${place}`,
  allResults: 'chattermark.results.>'
} as const

const us = z.number()
const count = z.int().min(0)

const pieces = z.array(z.object({ fromRate: z.number(), toRate: z.number(), seconds: z.number() })).readonly()
const loadSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('count') }),
  z.object({ kind: z.literal('duration'), seconds: z.number() }),
  z.object({
    kind: z.literal('open'),
    schedule: z.object({
      warmup: pieces,
      measured: pieces,
      arrivals: z.enum(['constant', 'poisson']),
      seed: z.number(),
      firstCount: z.number()
    })
  })
])

/** One place's part of a block; times on the place's own clock, µs. */
const blockShareSchema = z.object({
  transport: count,
  round: count,
  index: count,
  count,
  lanes: z.array(count).max(256),
  warmupSeconds: z.number(),
  load: loadSchema,
  messages: count.nullable(),
  seconds: z.number().nullable(),
  joint: z.object({ originUs: us, startUs: us, firstPart: count, parts: count })
})

/** What a coordinator asks of a place; the answer is {@link answerSchema}. */
export const requestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('clock') }),
  z.object({
    kind: z.literal('prepare'),
    contract: z.int(),
    version: z.string(),
    run: z.string().regex(/^[\w-]{1,80}$/),
    plan: z.unknown(),
    /** Hard stop for this place: sends that may start; null for none of the coordinator's. */
    maxMessages: count.nullable()
  }),
  z.object({ kind: z.literal('block'), run: z.string(), block: count, share: blockShareSchema }),
  z.object({ kind: z.literal('end-block'), run: z.string() }),
  z.object({ kind: z.literal('stop'), run: z.string(), cut: z.boolean() }),
  z.object({ kind: z.literal('close'), run: z.string() })
])
export type PlaceRequest = z.output<typeof requestSchema>

/** What a place answers. */
export const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('clock'), atUs: us }),
  z.object({
    kind: z.literal('prepared'),
    environment: environmentSchema,
    workers: count,
    transports: z.array(transportStartSchema)
  }),
  z.object({ kind: z.literal('ok') }),
  /** Why not, in one line. */
  z.object({ kind: z.literal('refused'), reason: z.string() })
])
export type PlaceAnswer = z.output<typeof answerSchema>

/** The block, and the number of a result in it: they come in order, from 0. */
const numbered = { block: count, n: count }

/** What a place tells of a block, in order; the last one says how many there were. */
const resultSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('deltas'),
    ...numbered,
    /** Up to when its workers have told everything, by the place's own clock, µs. */
    atUs: us,
    deltas: z.array(z.object({ delta: deltaSchema, open: count, worker: count }))
  }),
  z.object({ kind: z.literal('stage'), ...numbered, stage: z.enum(['warm-up', 'measuring', 'draining']) }),
  z.object({ kind: z.literal('so-far'), ...numbered, worker: count, end: blockEndSchema }),
  z.object({ kind: z.literal('used-up'), ...numbered }),
  z.object({ kind: z.literal('refused'), ...numbered, code: z.string(), sample: z.string() }),
  z.object({
    kind: z.literal('end'),
    ...numbered,
    ends: z.array(blockEndSchema),
    /** Why the block broke off; null when it ran as it should. */
    fault: z.string().nullable()
  })
])
export type PlaceResult = z.output<typeof resultSchema>
/** A message of the results' stream: one, or all that came up while the one before was on its way. */
export const resultsSchema = z.array(resultSchema).min(1)

/** Reads what a peer said; null when it is none of this contract. */
export function read<T>(schema: z.ZodType<T>, text: string): T | null {
  return schema.safeParse(jsonOrNull(text)).data ?? null
}

/**
 * Why two ends cannot work together; null when they can.
 * @param theirs what another end says of itself, and what to call it
 */
export function versionGap(
  theirs: { contract: number; version: string },
  what: string,
  ours: { version: string }
): string | null {
  if (theirs.contract === CONTRACT && theirs.version === ours.version) return null
  return `${what} is Chattermark ${theirs.version} with contract ${theirs.contract}, and here is ${ours.version} with contract ${CONTRACT}; install the same version`
}

/** What the coordinator says of itself. */
export const coordinatorAliveSchema = z.object({ lost: z.array(z.string()) })

/** A place as it announces itself. */
export const placeInfoSchema = z.object({
  name: z.string(),
  /** Tells one process from another of the same name. */
  instance: z.string(),
  contract: z.int(),
  version: z.string(),
  platform: z.string(),
  cores: count,
  /** What its operator allows. */
  remote: z.boolean(),
  /** Id of the run that it works for; null when it is free. */
  run: z.string().nullable()
})
export type PlaceInfo = z.output<typeof placeInfoSchema>
