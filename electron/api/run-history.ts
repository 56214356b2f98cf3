import { randomUUID } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { summarizeRun } from '../../shared/insight/run-summary.ts'
import type { ExportedFile, ExportFormat, RunComparison, RunMark, RunSummary } from '../../shared/page/ipc.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { isStudy, type HistoryRecord } from '../../shared/record/study-record.ts'
import { ApiError, type RunHistory } from './services.ts'
import { isLocked, lockFolder, type Unlock } from '../record/folder-lock.ts'
import { isRunId, newRunId } from '../record/run-id.ts'
import { RunIndex } from '../store/run-index.ts'
import { systemCode, errorWords, messageOf, RunError } from '../record/run-error.ts'
import { readDeliveries, RECORD_FILE, writeRun } from '../record/run-folder.ts'
import { parseRecord, readRecord, STUDY_FILE, writeStudy } from '../record/study-folder.ts'

/** Where deleted runs wait for the end of the program that deleted them, beside the history: a folder for each program. */
const BINS = '.deleted'

/** The runs in the user's data folder, a folder each. Those that cannot be read are listed as damaged. */
export class RunFolderHistory implements RunHistory {
  readonly #root: string
  readonly #index: RunIndex
  /** The edits so far: each begins when the one before has written. */
  #edits: Promise<unknown> = Promise.resolve()
  readonly #binName = randomUUID()
  /** Tells other programs that somebody is there who may want a deleted run back; null before the first. */
  #binLock: Promise<Unlock> | null = null

  constructor(root: string) {
    this.#root = root
    this.#index = new RunIndex(root)
  }

  async list(): Promise<RunSummary[]> {
    try {
      return await this.#index.list()
    } catch (error) {
      // The first run makes the folder.
      if (systemCode(error) === 'ENOENT') return []
      throw new ApiError(`The history in ${this.#root} cannot be read (${errorWords(error)}).`)
    }
  }

  async get(id: string): Promise<HistoryRecord> {
    try {
      return { ...(await readRecord(this.#folder(id))), id }
    } catch (error) {
      if (!(error instanceof RunError)) throw error
      throw existsSync(this.#folder(id))
        ? new ApiError(`The run ${id} cannot be read.`, error.message)
        : new ApiError(`There is no run ${id} in the history.`, 'It may have been deleted.')
    }
  }

  /** A run that compares transports. @throws {ApiError} when it is a study */
  async run(id: string): Promise<RunRecord> {
    const record = await this.get(id)
    if (!isStudy(record)) return record
    throw new ApiError(`${record.name} does not compare transports.`, 'Choose a run that does.')
  }

  rename(id: string, name: string): Promise<void> {
    return this.#inTurn(() => this.#change(id, { name }))
  }

  mark(id: string, mark: RunMark): Promise<void> {
    return this.#inTurn(async () => {
      await this.#change(id, mark)
      if (mark.baseline !== true) return
      const runs = await this.list()
      const now = runs.find((run) => run.id === id)
      const before = runs.filter(
        (run) => run.baseline && run.id !== id && run.planName === now?.planName && run.kind === now.kind
      )
      for (const run of before) await this.#change(run.id, { baseline: false })
    })
  }

  /** Damaged runs can be deleted too. */
  delete(id: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#untouched(id)
      if (!existsSync(this.#folder(id))) await this.get(id)
      const deleted = join(this.#bin, id)
      await mkdir(this.#bin, { recursive: true })
      await (this.#binLock ??= lockFolder(this.#bin))
      // A run that was deleted before and imported again left a folder of the same name.
      await rm(deleted, { recursive: true, force: true })
      await rename(this.#folder(id), deleted)
    })
  }

  restore(id: string): Promise<void> {
    return this.#inTurn(async () => {
      try {
        await rename(join(this.#bin, id), this.#folder(id))
      } catch {
        throw new ApiError(
          `The run ${id} cannot be brought back.`,
          'Deleted runs are kept until the program ends.'
        )
      }
    })
  }

  async emptyBin(): Promise<void> {
    // At once: a program that quits waits for nothing.
    if (this.#binLock !== null) rmSync(this.#bin, { recursive: true, force: true })
    this.#binLock = null
    const bins = join(this.#root, BINS)
    if (!existsSync(bins)) return
    for (const name of await readdir(bins)) {
      if (name === this.#binName || (await isLocked(join(bins, name)))) continue
      await rm(join(bins, name), { recursive: true, force: true })
    }
  }

  async export(id: string, format: ExportFormat): Promise<ExportedFile> {
    const record = await this.get(id)
    const isAsked = format === 'deliveries.csv' || format === 'csv.zip'
    const hasDeliveries = isAsked && !isStudy(record) && record.plan.delivery !== undefined
    const deliveries = hasDeliveries ? await readDeliveries(this.#folder(id), record.plan) : null
    const { exportRun } = await import('../store/run-export.ts')
    return exportRun(record, format, deliveries)
  }

  async import(text: string): Promise<RunSummary> {
    let record: HistoryRecord
    try {
      record = parseRecord(text, 'the file')
    } catch (error) {
      throw new ApiError(
        `The file cannot be imported: ${messageOf(error)}`,
        `Choose the ${RECORD_FILE} of a run, or the ${STUDY_FILE} of a study.`
      )
    }
    return this.#inTurn(async () => {
      const isFree = isRunId(record.id) && !existsSync(this.#folder(record.id))
      const id = isFree ? record.id : newRunId()
      const imported = { ...record, id }
      await mkdir(join(this.#root, id), { recursive: true, mode: 0o700 })
      await this.#write(imported)
      return summarizeRun(imported)
    })
  }

  async compare(a: string, b: string, pairs: readonly (readonly [string, string])[]): Promise<RunComparison> {
    const { compareRuns } = await import('../../shared/insight/run-comparison.ts')
    return compareRuns(await this.run(a), await this.run(b), pairs)
  }

  #inTurn<T>(edit: () => Promise<T>): Promise<T> {
    const edited = this.#edits.then(edit)
    this.#edits = edited.catch(() => undefined)
    return edited
  }

  async #change(id: string, part: RunMark & { name?: string }): Promise<void> {
    await this.#untouched(id)
    await this.#write({ ...(await this.get(id)), ...part })
  }

  #write(record: HistoryRecord): Promise<void> {
    const folder = this.#folder(record.id)
    return isStudy(record) ? writeStudy(folder, record) : writeRun(folder, record)
  }

  get #bin(): string {
    return join(this.#root, BINS, this.#binName)
  }

  #folder(id: string): string {
    return join(this.#root, id)
  }

  /** @throws {ApiError} while the run goes on: it is its writer's alone */
  async #untouched(id: string): Promise<void> {
    if (!(await isLocked(this.#folder(id)))) return
    throw new ApiError(`The run ${id} still goes on.`, 'Wait for its end, or stop it.')
  }
}
