import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { RunError } from '../record/run-error.ts'
import { runsFolder } from '../store/data-folder.ts'
import { readRun } from '../record/run-folder.ts'
import { CommandError, EXIT } from './exit.ts'

/**
 * Opens a run by its folder, its `run.json`, or its id in the history.
 * @throws {CommandError} when there is none
 */
export async function openRun(name: string): Promise<RunRecord> {
  const inHistory = join(runsFolder(), name)
  try {
    return await readRun(
      !existsSync(name) && /^[\w-]+$/.test(name) && existsSync(inHistory) ? inHistory : name
    )
  } catch (error) {
    if (error instanceof RunError) throw new CommandError(EXIT.usage, error.message)
    throw error
  }
}
