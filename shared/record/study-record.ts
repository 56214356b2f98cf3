import { z } from 'zod'
import { studySchema } from '../plan/study.ts'
import { capacityRecordSchema } from './capacity-record.ts'
import { runRecordSchema, type RunRecord } from './run-record.ts'
import { sweepRecordSchema } from './sweep-record.ts'

const { schema, id, name, startedAt, finishedAt, state, environment, plan, note, baseline } =
  runRecordSchema.shape

/**
 * What came of a plan's question beyond comparing: `study.json`, the one file of a search for the limit or of a sweep
 * in the history. While it goes on it says `crashed`, so that what a killed process leaves behind is true.
 */
export const studyRecordSchema = z.object({
  ...{ schema, id, name, startedAt, finishedAt, state, environment, plan },
  study: studySchema,
  /** What the search found; null for a sweep. */
  capacity: capacityRecordSchema.nullable(),
  /** What the sweep found; null for a search. */
  sweep: sweepRecordSchema.nullable(),
  /** What it means, a sentence with its numbers for each transport. */
  verdict: z.string(),
  ...{ note, baseline }
})

export type StudyRecord = z.output<typeof studyRecordSchema>

/** What the history holds: a run that compares transports, or a study. */
export type HistoryRecord = RunRecord | StudyRecord

export function isStudy(record: HistoryRecord): record is StudyRecord {
  return 'study' in record
}

/** The JSON Schema of `study.json` (draft 2020-12). */
export function studyRecordJsonSchema(): unknown {
  return z.toJSONSchema(studyRecordSchema, { unrepresentable: 'any' })
}
