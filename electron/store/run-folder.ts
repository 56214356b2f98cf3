import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  errorsCsv,
  phasesCsv,
  SENDS_HEADER,
  sendsLine,
  sendsPrefix,
  summaryCsv,
  timelineCsv
} from '../../shared/csv.ts'
import { runRecordSchema, type RunRecord } from '../../shared/run-record.ts'
import { schemaFaults } from '../../shared/schema-faults.ts'
import { OUTCOMES } from '../../shared/words.ts'
import type { SendRows } from '../engine/block.ts'
import { RunError } from '../engine/run-error.ts'
import { errorCode } from '../engine/secrets.ts'
import { SEND_COLUMNS } from '../engine/send-log.ts'
import { JOURNAL_FILE, recoverRun } from './journal.ts'

/** The record of a run, in its folder. */
export const RECORD_FILE = 'run.json'
export const SENDS_FILE = 'sends.csv'

/** The tables that stand beside `run.json`. */
export const TABLES = {
  'summary.csv': summaryCsv,
  'phases.csv': phasesCsv,
  'timeline.csv': timelineCsv,
  'errors.csv': errorsCsv
} as const satisfies Record<string, (record: RunRecord) => string>

/**
 * Makes the folder of a new run.
 * @throws {RunError} when it holds something and `force` is false; with `force`, only files of an earlier run go
 */
export async function createRunFolder(folder: string, force: boolean): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
    const entries = await readdir(folder)
    if (entries.length === 0) return
    if (!force)
      throw new RunError(`${folder} exists and is not empty; name another folder, or overwrite with --force`)
    const ours = [RECORD_FILE, JOURNAL_FILE, SENDS_FILE, ...Object.keys(TABLES)]
    await Promise.all(ours.map((file) => rm(join(folder, file), { force: true })))
  } catch (error) {
    if (error instanceof RunError) throw error
    throw new RunError(`the output folder ${folder} cannot be made (${errorCode(error)})`)
  }
}

/** Removes what a run that never got under way has left; a folder that holds anything else stays. */
export async function discardRunFolder(folder: string): Promise<void> {
  await Promise.all([JOURNAL_FILE, SENDS_FILE].map((file) => rm(join(folder, file), { force: true })))
  await rmdir(folder).catch(() => undefined)
}

/**
 * Writes `run.json` whole or not at all, and its tables; then the journal has served.
 * @throws {RunError} when the disk refuses; the journal stays
 */
export async function writeRun(folder: string, record: RunRecord): Promise<void> {
  try {
    for (const [file, table] of Object.entries(TABLES)) await writeWhole(join(folder, file), table(record))
    await writeWhole(join(folder, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`)
    await rm(join(folder, JOURNAL_FILE), { force: true })
  } catch (error) {
    throw new RunError(
      `the run could not be written to ${folder} (${errorCode(error)}); what could be written before is in its ${JOURNAL_FILE}`
    )
  }
}

/**
 * Writes a file whole or not at all, a power cut included: it is on the disk before it gets its name. A link that
 * somebody put in its place is replaced, never followed.
 */
async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.part`
  await rm(temporary, { force: true })
  try {
    await writeFile(temporary, text, { flag: 'wx', flush: true })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * Reads a run back: `run.json`, or what a journal tells of a crashed one. The files may come from anywhere.
 * @param path the run's folder, or a `run.json` itself
 * @throws {RunError} when there is no run, or not a valid one
 */
export async function readRun(path: string): Promise<RunRecord> {
  const file = path.endsWith('.json') ? path : join(path, RECORD_FILE)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const recovered = await recoverRun(path).catch(() => null)
    if (recovered !== null) return recovered
    throw new RunError(`there is no run at ${path} (${errorCode(error)})`)
  }
  return parseRun(text, file)
}

/**
 * Parses the text of a `run.json`.
 * @throws {RunError} naming the first field that is not as it should be
 */
export function parseRun(text: string, name: string): RunRecord {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    throw new RunError(`${name} is not JSON`)
  }
  const parsed = runRecordSchema.safeParse(raw)
  if (parsed.success) return parsed.data
  const [fault] = schemaFaults(runRecordSchema, raw, parsed.error.issues)
  throw new RunError(`${name} is not a run record: ${fault?.path ?? ''}: ${fault?.message ?? ''}`)
}

/** Writes `sends.csv` while a run goes on. */
export class SendsFile {
  readonly #stream: WriteStream
  readonly #names: readonly string[]
  /** Texts of each worker's code numbers. */
  readonly #codes = new Map<string, string[]>()
  #failure: unknown = null

  constructor(folder: string, transportNames: readonly string[]) {
    this.#names = transportNames
    this.#stream = createWriteStream(join(folder, SENDS_FILE))
    this.#stream.on('error', (error) => {
      this.#failure ??= error
    })
    this.#stream.write(`${SENDS_HEADER}\r\n`)
  }

  /** @param source who numbered the codes: a worker's part of one block */
  add(source: string, { transport, rows, count, codes }: SendRows): void {
    const known = this.#codes.get(source) ?? []
    known.push(...codes)
    this.#codes.set(source, known)
    const name = this.#names[transport] ?? ''
    const lines: string[] = []
    for (let row = 0; row < count; row++) {
      const at = row * SEND_COLUMNS.length
      const cell = (column: number): number => rows[at + column] ?? 0
      lines.push(
        sendsLine(sendsPrefix(name, cell(0)), {
          seq: cell(1),
          connection: cell(2),
          reused: cell(3) === 1,
          intendedUs: cell(4),
          startedUs: cell(5),
          doneUs: cell(6),
          turns: cell(7),
          outcome: OUTCOMES[cell(8)] ?? 'failed',
          code: known[cell(9)] ?? '',
          bytesOut: cell(10),
          bytesIn: cell(11)
        })
      )
    }
    this.#stream.write(lines.join(''))
  }

  /** Writes what is left; whether all of it went to the disk, {@link assertComplete} tells. */
  async close(): Promise<void> {
    if (this.#stream.closed) return
    this.#stream.end()
    await new Promise<void>((resolve) => this.#stream.once('close', resolve))
  }

  /** @throws {RunError} when writing met an error */
  assertComplete(): void {
    if (this.#failure !== null)
      throw new RunError(`${SENDS_FILE} is not complete (${errorCode(this.#failure)})`)
  }
}
