import { statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { summarizeRun } from '../../shared/insight/run-summary.ts'
import {
  damagedRun,
  newestFirst,
  runSummarySchema,
  type RunSummary
} from '../../shared/record/run-summary.ts'
import { isLocked } from '../record/folder-lock.ts'
import { JOURNAL_FILE } from '../record/journal-file.ts'
import { RECORD_FILE } from '../record/run-folder.ts'
import { readRecord, STUDY_FILE } from '../record/study-folder.ts'
import { isRunId } from '../record/run-id.ts'
import { messageOf } from '../record/run-error.ts'
import { readJsonFile, writeJsonFile } from './small-file.ts'

/** What is known of every run in a history's folder; only a shortcut, and made anew where it is missing. */
export const INDEX_FILE = '.index.json'
/** Runs looked at before others get their turn. */
const LOOKS_AT_ONCE = 500
/** Runs read at once: each may take many times its size in memory, and a descriptor. */
const READS_AT_ONCE = 4

const indexSchema = z
  .object({
    version: z.literal(2),
    /** By folder: what its file looked like, and what was in it. */
    runs: z.record(z.string(), z.object({ stamp: z.string(), summary: runSummarySchema }))
  })
  .catch({ version: 2, runs: {} })
type Index = z.output<typeof indexSchema>['runs']

/** Reads the history of a folder by its index. A run whose file is not as the index knows it is read anew. */
export class RunIndex {
  readonly #root: string
  #known: Index | null = null

  constructor(root: string) {
    this.#root = root
  }

  /**
   * Summaries of all runs, newest first; damaged ones at the end. Runs that go on are no history yet.
   * @throws the system's error when the folder cannot be read
   */
  async list(): Promise<RunSummary[]> {
    const folders = (await readdir(this.#root, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory() && isRunId(entry.name))
      .map(({ name }) => name)
    const known = (this.#known ??= indexSchema.parse(readJsonFile(join(this.#root, INDEX_FILE))).runs)
    const fresh: Index = {}
    const unknown: { folder: string; stamp: string }[] = []
    for (const [index, folder] of folders.entries()) {
      if (index % LOOKS_AT_ONCE === LOOKS_AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve))
      const stamp = this.#stamp(folder)
      const entry = Object.hasOwn(known, folder) ? known[folder] : undefined
      if (stamp === null) continue
      if (entry?.stamp === stamp) fresh[folder] = entry
      else unknown.push({ folder, stamp })
    }
    const damaged = await this.#read(unknown, fresh)
    if (unknown.length > damaged.length || Object.keys(known).length !== Object.keys(fresh).length) {
      this.#write(fresh)
    }
    this.#known = fresh
    const summaries = Object.values(fresh).map(({ summary }) => summary)
    return [...summaries.sort(newestFirst), ...damaged]
  }

  /** Reads what the index does not know into it. @returns the runs that cannot be read */
  async #read(unknown: readonly { folder: string; stamp: string }[], into: Index): Promise<RunSummary[]> {
    const damaged: RunSummary[] = []
    const queue = [...unknown]
    const work = async (): Promise<void> => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { folder, stamp } = next
        const path = join(this.#root, folder)
        // The record of a run comes last; that of a study is written at every step.
        if (!stamp.startsWith(RECORD_FILE) && (await isLocked(path))) continue
        try {
          into[folder] = { stamp, summary: summarizeRun({ ...(await readRecord(path)), id: folder }) }
        } catch (error) {
          damaged.push(damagedRun(folder, messageOf(error)))
        }
      }
    }
    await Promise.all(Array.from({ length: READS_AT_ONCE }, work))
    return damaged.sort((a, b) => b.id.localeCompare(a.id))
  }

  /** What tells one state of a run's file from another; null where there is no run. */
  #stamp(folder: string): string | null {
    for (const file of [RECORD_FILE, STUDY_FILE, JOURNAL_FILE]) {
      const seen = statSync(join(this.#root, folder, file), { throwIfNoEntry: false })
      if (seen !== undefined) return `${file} ${seen.ino} ${seen.size} ${seen.mtimeMs}`
    }
    return null
  }

  /** A folder that cannot be written to can still be listed. */
  #write(runs: Index): void {
    try {
      writeJsonFile(join(this.#root, INDEX_FILE), { version: 2, runs }, 0)
    } catch {
      return
    }
  }
}
