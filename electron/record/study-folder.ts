import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { schemaFaults } from '../../shared/plan/schema-faults.ts'
import { capacityCsv, sweepCsv } from '../../shared/record/csv.ts'
import { studyRecordSchema, type HistoryRecord, type StudyRecord } from '../../shared/record/study-record.ts'
import { errorWords, RunError } from './run-error.ts'
import { jsonOf, readRun, runOf, writeWhole } from './run-folder.ts'

/** The record of a study, in its folder. */
export const STUDY_FILE = 'study.json'

/**
 * Writes `study.json` whole or not at all, with its table beside it.
 * @throws {RunError} when the disk refuses
 */
export async function writeStudy(folder: string, record: StudyRecord): Promise<void> {
  try {
    if (record.capacity !== null) await writeWhole(join(folder, 'capacity.csv'), capacityCsv(record.capacity))
    if (record.sweep !== null) await writeWhole(join(folder, 'sweep.csv'), sweepCsv(record.sweep))
    await writeWhole(join(folder, STUDY_FILE), `${JSON.stringify(record, null, 2)}\n`)
  } catch (error) {
    throw new RunError(`the study could not be written to ${folder} (${errorWords(error)})`)
  }
}

/**
 * Reads what a folder of the history holds: a study, or a run.
 * @throws {RunError} when there is neither, or not a valid one
 */
export async function readRecord(folder: string): Promise<HistoryRecord> {
  const file = join(folder, STUDY_FILE)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch {
    return readRun(folder)
  }
  return parseRecord(text, file)
}

/**
 * Parses the text of a `run.json` or a `study.json`.
 * @throws {RunError} naming the first field that is not as it should be
 */
export function parseRecord(text: string, name: string): HistoryRecord {
  const raw = jsonOf(text, name)
  if (typeof raw !== 'object' || raw === null || !('study' in raw)) return runOf(raw, name)
  const parsed = studyRecordSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  const [fault] = schemaFaults(studyRecordSchema, raw, parsed.error.issues)
  throw new RunError(`${name} is not the record of a study: ${fault?.path ?? ''}: ${fault?.message ?? ''}`)
}
