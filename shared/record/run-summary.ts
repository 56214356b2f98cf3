import { z } from 'zod'
import { RUN_KINDS } from '../plan/study.ts'

export const runSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.enum(RUN_KINDS),
  /** Name of the plan, which stays when the run is renamed: runs of one plan share it. */
  planName: z.string(),
  /** Empty where it is not known, as of a damaged run. */
  startedAt: z.string(),
  finishedAt: z.string(),
  /** `damaged`: there is something, but it cannot be read; `verdict` says why. */
  state: z.enum(['finished', 'stopped', 'crashed', 'damaged']),
  verdict: z.string(),
  /** Under which conditions it was measured, for a reader. */
  conditions: z.object({
    /** Emulated round trip, ms, 0 for none; several where the run went over them. */
    rttsMs: z.array(z.number()),
    /** Length of the message's text, bytes; several where the run went over them. */
    sizesBytes: z.array(z.number()),
    /** The load in words: `10 at a time`. */
    load: z.string()
  }),
  checks: z.object({ passed: z.number(), failed: z.number() }),
  /** The reader's own words; empty without. */
  note: z.string(),
  /** Other runs of the plan are held against this one. */
  baseline: z.boolean(),
  /** `throughput` is the highest rate kept where the limit was searched for. */
  transports: z.array(
    z.object({
      name: z.string(),
      protocol: z.string(),
      p50: z.number().nullable(),
      throughput: z.number(),
      accepted: z.number()
    })
  )
})

/** A run or a study in a line, for lists. */
export type RunSummary = z.output<typeof runSummarySchema>

/**
 * Order of a list; runs of one moment go by their ids, in whatever order they were read. Times of one form: comparing
 * them by a language's rules would take thousands of runs a wait.
 */
export function newestFirst(a: RunSummary, b: RunSummary): number {
  if (a.startedAt !== b.startedAt) return a.startedAt < b.startedAt ? 1 : -1
  return a.id < b.id ? 1 : a.id > b.id ? -1 : 0
}

/** What a list shows of a run that cannot be read. */
export function damagedRun(id: string, reason: string): RunSummary {
  return {
    ...{ id, name: id, kind: 'compare', planName: '', startedAt: '', finishedAt: '' },
    ...{ state: 'damaged', verdict: reason, note: '', baseline: false, transports: [] },
    conditions: { rttsMs: [], sizesBytes: [], load: '' },
    checks: { passed: 0, failed: 0 }
  }
}
