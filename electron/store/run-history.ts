import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { exportRun } from './run-export.ts'
import { compareRuns, summarizeRun } from '../../shared/run-comparison.ts'
import type { ExportedFile, ExportFormat, RunComparison, RunSummary } from '../../shared/ipc.ts'
import type { RunRecord } from '../../shared/run-record.ts'
import { ApiError, type RunHistory } from '../api/services.ts'
import { newRunId } from '../engine/run.ts'
import { RunError } from '../engine/run-error.ts'
import { errorCode } from '../engine/secrets.ts'
import { RECORD_FILE, parseRun, readRun, writeRun } from './run-folder.ts'

/** Where deleted runs wait for the program's end, beside the history. */
const BIN = '.deleted'

/** The runs in the user's data folder, a folder each. A folder that holds no readable run is passed over. */
export class RunFolderHistory implements RunHistory {
  readonly #root: string

  constructor(root: string) {
    this.#root = root
  }

  async list(): Promise<RunSummary[]> {
    const ids = await this.#ids()
    const found = await Promise.all(
      ids.map((id) =>
        readRun(join(this.#root, id)).then(
          (record) => summarizeRun({ ...record, id }),
          () => null
        )
      )
    )
    return found.filter((summary) => summary !== null).sort((a, b) => b.startedAt.localeCompare(a.startedAt))
  }

  async get(id: string): Promise<RunRecord> {
    try {
      return { ...(await readRun(this.#folder(id))), id }
    } catch (error) {
      if (error instanceof RunError)
        throw new ApiError(`There is no run ${id} in the history.`, error.message)
      throw error
    }
  }

  async rename(id: string, name: string): Promise<void> {
    await writeRun(this.#folder(id), { ...(await this.get(id)), name })
  }

  async delete(id: string): Promise<void> {
    await this.get(id)
    const deleted = join(this.#root, BIN, id)
    await mkdir(join(this.#root, BIN), { recursive: true })
    // A run that was deleted before and imported again left a folder of the same name.
    await rm(deleted, { recursive: true, force: true })
    await rename(this.#folder(id), deleted)
  }

  async restore(id: string): Promise<void> {
    try {
      await rename(join(this.#root, BIN, id), this.#folder(id))
    } catch {
      throw new ApiError(
        `The run ${id} cannot be brought back.`,
        'Deleted runs are kept until the program ends.'
      )
    }
  }

  /** Ends the time in which deleted runs can be restored. */
  async emptyBin(): Promise<void> {
    await rm(join(this.#root, BIN), { recursive: true, force: true })
  }

  async export(id: string, format: ExportFormat): Promise<ExportedFile> {
    return exportRun(await this.get(id), format)
  }

  async import(text: string): Promise<RunSummary> {
    let record: RunRecord
    try {
      record = parseRun(text, 'the file')
    } catch (error) {
      throw new ApiError(
        `The file cannot be imported: ${error instanceof Error ? error.message : String(error)}`,
        `Choose the ${RECORD_FILE} of a run.`
      )
    }
    const ids = await this.#ids()
    const id = /^[\w-]{1,100}$/.test(record.id) && !ids.includes(record.id) ? record.id : newRunId()
    const imported = { ...record, id }
    await mkdir(join(this.#root, id), { recursive: true })
    await writeRun(join(this.#root, id), imported)
    return summarizeRun(imported)
  }

  async compare(a: string, b: string): Promise<RunComparison> {
    return compareRuns(await this.get(a), await this.get(b))
  }

  #folder(id: string): string {
    return join(this.#root, id)
  }

  async #ids(): Promise<string[]> {
    try {
      const entries = await readdir(this.#root, { withFileTypes: true })
      return entries.filter((entry) => entry.isDirectory() && entry.name !== BIN).map((entry) => entry.name)
    } catch (error) {
      // The first run makes the folder.
      if (errorCode(error) === 'ENOENT') return []
      throw new ApiError(`The history in ${this.#root} cannot be read (${errorCode(error)}).`)
    }
  }
}
