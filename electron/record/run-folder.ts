import { randomBytes } from 'node:crypto'
import { createWriteStream, type WriteStream } from 'node:fs'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  deliveriesCsv,
  errorsCsv,
  phasesCsv,
  SEND_AT,
  SEND_COLUMNS,
  SENDS_HEADER,
  sendsLine,
  sendsPrefix,
  summaryCsv,
  timelineCsv
} from '../../shared/record/csv.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { runRecordSchema, type RunRecord } from '../../shared/record/run-record.ts'
import { visibleJson } from '../../shared/text/visible.ts'
import { schemaFaults } from '../../shared/plan/schema-faults.ts'
import { OUTCOMES } from '../../shared/record/words.ts'
import { claimFolder, leftBeside, type FolderClaim } from './folder-claim.ts'
import type { DeliveryBook } from './delivery-book.ts'
import { errorWords, RunError } from './run-error.ts'
import type { SendRows } from './send-log.ts'
import { JOURNAL_FILE } from './journal-file.ts'

/** The record of a run, in its folder. */
export const RECORD_FILE = 'run.json'
const SENDS_FILE = 'sends.csv'
export const DELIVERIES_FILE = 'deliveries.csv'

/** The tables that stand beside `run.json`. */
export const TABLES = {
  'summary.csv': summaryCsv,
  'phases.csv': phasesCsv,
  'timeline.csv': timelineCsv,
  'errors.csv': errorsCsv
} as const satisfies Record<string, (record: RunRecord) => string>

/** Ending of the name of a file that is being written, or was when its process died. */
const PART = /\.[0-9a-f]{8}\.part$/

/** Whether a file or folder of this name belongs to a run, to a sweep's runs, or to a study. */
function isRunFile(entry: string): boolean {
  const name = entry.replace(PART, '')
  const files = [
    ...[RECORD_FILE, JOURNAL_FILE, SENDS_FILE, DELIVERIES_FILE],
    ...['turns.svg', 'sweep.json', 'sweep.csv', 'study.json', 'capacity.csv']
  ]
  return (
    files.includes(name) || Object.hasOwn(TABLES, name) || /^rtt-\d+(\.\d+)?(e-\d+)?(-size-\d+)?$/.test(name)
  )
}

/**
 * Takes the folder of a new run or study: until it is released it is no history yet.
 * @throws {RunError} see {@link claimFolder}
 */
export function claimRunFolder(folder: string, force: boolean): Promise<FolderClaim> {
  return claimFolder(folder, { force, isOurs: isRunFile })
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
      `the run could not be written to ${folder} (${errorWords(error)}); what could be written before is in its ${JOURNAL_FILE}`
    )
  }
}

/**
 * Writes `deliveries.csv`: what became of every accepted message.
 * @throws {RunError} when the disk refuses
 */
export async function writeDeliveries(folder: string, book: DeliveryBook, plan: Plan): Promise<void> {
  try {
    await writeWhole(join(folder, DELIVERIES_FILE), deliveriesText(book, plan))
  } catch (error) {
    throw new RunError(`${DELIVERIES_FILE} could not be written to ${folder} (${errorWords(error)})`)
  }
}

/** What became of every accepted message of a run in this folder, be it finished or broken off; null where nobody knows. */
export async function readDeliveries(folder: string, plan: Plan): Promise<string | null> {
  try {
    return await readFile(join(folder, DELIVERIES_FILE), 'utf8')
  } catch {
    const { replay } = await import('./journal.ts')
    const book = (await replay(folder))?.deliveries ?? null
    return book === null ? null : deliveriesText(book, plan)
  }
}

function deliveriesText(book: DeliveryBook, { transports }: Plan): string {
  return deliveriesCsv(transports.flatMap(({ name }, transport) => book.rows(transport, name)))
}

/**
 * Writes a file whole or not at all, a power cut included: it is on the disk before it gets its name. A link that
 * somebody put in its place is replaced, never followed.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`
  try {
    await writeFile(temporary, text, { flag: 'wx', flush: true, mode: 0o600 })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/**
 * Reads a run back: `run.json`, or what a journal tells of a crashed one. The files may come from anywhere.
 * @param path the run's folder, a `run.json`, or the journal of a run that broke off
 * @throws {RunError} when there is no run, or not a valid one
 */
export async function readRun(path: string): Promise<RunRecord> {
  if (basename(path) === JOURNAL_FILE)
    return (await recover(path, dirname(path))) ?? noRun(path, 'no journal')
  const isFile = path.endsWith('.json') && !(await isFolder(path))
  const file = isFile ? path : join(path, RECORD_FILE)
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    for (const folder of [path, ...(await leftBeside(path)).reverse()]) {
      const recovered = await recover(path, folder)
      if (recovered !== null) return recovered
    }
    return noRun(path, errorWords(error))
  }
  return runOf(jsonOf(text, file), file)
}

/** Whether a folder stands there, which may be called `night.json`. */
function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (seen) => seen.isDirectory(),
    () => false
  )
}

/** @throws {RunError} when there is a journal that is none, or that cannot be read */
async function recover(path: string, folder: string): Promise<RunRecord | null> {
  // Only now: what counts a run again is much to load for who only reads records.
  const { recoverRun } = await import('./journal.ts')
  try {
    return await recoverRun(folder)
  } catch (error) {
    if (error instanceof RunError) throw error
    throw new RunError(`the journal of the run at ${path} is damaged`)
  }
}

function noRun(path: string, why: string): never {
  throw new RunError(`there is no run at ${path} (${why})`)
}

/** @throws {RunError} when the text of the file `name` is none */
export function jsonOf(text: string, name: string): unknown {
  try {
    return visibleJson(JSON.parse(text))
  } catch {
    throw new RunError(`${name} is not JSON`)
  }
}

/**
 * What a `run.json` holds.
 * @throws {RunError} naming the first field that is not as it should be
 */
export function runOf(raw: unknown, name: string): RunRecord {
  const parsed = runRecordSchema.safeParse(raw)
  if (parsed.success) {
    const { startedAt, finishedAt } = parsed.data
    // A clock that was set back in between.
    return finishedAt < startedAt ? { ...parsed.data, finishedAt: startedAt } : parsed.data
  }
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
    this.#stream = createWriteStream(join(folder, SENDS_FILE), { mode: 0o600 })
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
        sendsLine(sendsPrefix(name, cell(SEND_AT.round)), {
          seq: cell(SEND_AT.seq),
          connection: cell(SEND_AT.connection),
          reused: cell(SEND_AT.reused) === 1,
          intendedUs: cell(SEND_AT.intendedUs),
          startedUs: cell(SEND_AT.startedUs),
          doneUs: cell(SEND_AT.doneUs),
          turns: cell(SEND_AT.turns),
          outcome: OUTCOMES[cell(SEND_AT.outcome)] ?? 'failed',
          code: known[cell(SEND_AT.code)] ?? '',
          bytesOut: cell(SEND_AT.bytesOut),
          bytesIn: cell(SEND_AT.bytesIn),
          transferUs: cell(SEND_AT.transferUs),
          retransmits: cell(SEND_AT.retransmits)
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
      throw new RunError(`${SENDS_FILE} is not complete (${errorWords(this.#failure)})`)
  }
}
