import { z } from 'zod'
import { parseObjective } from '../insight/objective.ts'
import { MAX_CONCURRENCY, MAX_COOL_DOWN_SECONDS, MAX_RATE, MAX_RTT_MS, MAX_SECONDS } from './bounds.ts'
import { schemaFaults, type Fault } from './schema-faults.ts'

const rate = z.number().positive().max(MAX_RATE)
const seconds = z.number().positive().max(MAX_SECONDS)

const objective = z.string().superRefine((text, context) => {
  const parsed = parseObjective(text)
  if (!parsed.ok) context.addIssue({ code: 'custom', message: parsed.message })
  else if (parsed.value.value < 0)
    context.addIssue({ code: 'custom', message: 'allowed: a number of 0 or more' })
})

/** Two or more different values: a line needs two points. */
function ladder<T extends z.ZodNumber>(value: T): z.ZodArray<T> {
  return z
    .array(value)
    .min(2)
    .max(30)
    .refine((values) => new Set(values).size === values.length, { error: 'values that differ' })
}

const capacityStudySchema = z.strictObject({
  kind: z.literal('capacity'),
  objectives: z
    .array(objective)
    .min(1)
    .max(20)
    .default(['response.p99 < 500', 'failed == 0', 'rejected/sent < 0.01']),
  holdSeconds: seconds.default(10).describe('how long each rate is held, after the warm-up'),
  confirmSeconds: z
    .number()
    .min(0)
    .max(MAX_SECONDS)
    .default(60)
    .describe('how long the rate found is held at the end; 0 = not at all'),
  startRate: rate.default(10).describe('first rate to try, sends per second'),
  ceilingRate: rate.default(100_000).describe('highest rate to try, sends per second'),
  precisionPercent: z.number().min(0.1).max(50).default(2),
  coolDownSeconds: z.number().min(0).max(MAX_COOL_DOWN_SECONDS).default(2),
  concurrency: z
    .int()
    .min(1)
    .max(MAX_CONCURRENCY)
    .nullable()
    .default(null)
    .describe("sends in flight at most; null = the plan's"),
  maxMessages: z.int().min(1).max(1_000_000_000).default(1_000_000).describe('hard stop, warm-ups and all')
})

const distanceStudySchema = z.strictObject({
  kind: z.literal('distance'),
  rttsMs: ladder(z.number().min(0).max(MAX_RTT_MS)).default([0, 20, 50, 100])
})

const sizeStudySchema = z.strictObject({
  kind: z.literal('size'),
  sizesBytes: ladder(z.int().min(0).max(50_000_000)).default([2_000, 20_000, 100_000, 1_000_000])
})

/** What is asked of a plan beyond comparing its transports: their limit, or what distance or size does to them. */
export const studySchema = z.discriminatedUnion('kind', [
  capacityStudySchema,
  distanceStudySchema,
  sizeStudySchema
])

export type Study = z.output<typeof studySchema>
/** What a plan can be asked, in the order in which it is offered. */
export const RUN_KINDS = ['compare', 'capacity', 'distance', 'size'] as const
export type RunKind = (typeof RUN_KINDS)[number]

export type StudyResult = { ok: true; study: Study | null } | { ok: false; faults: Fault[] }

/** Validates a study that was read from JSON; null asks for a comparison. Paths of faults begin with `study`. */
export function parseStudy(raw: unknown): StudyResult {
  if (raw === null || raw === undefined) return { ok: true, study: null }
  const parsed = studySchema.safeParse(raw)
  const faults = parsed.success
    ? studyFaults(parsed.data)
    : schemaFaults(studySchema, raw, parsed.error.issues)
  if (parsed.success && faults.length === 0) return { ok: true, study: parsed.data }
  return {
    ok: false,
    faults: faults.map(({ path, message }) => ({ path: path === '' ? 'study' : `study.${path}`, message }))
  }
}

function studyFaults(study: Study): Fault[] {
  if (study.kind !== 'capacity' || study.startRate <= study.ceilingRate) return []
  return [
    { path: 'startRate', message: `found ${study.startRate}, above the highest rate of ${study.ceilingRate}` }
  ]
}
