import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { runsFolder } from '../store/data-folder.ts'
import { readRun } from '../record/run-folder.ts'
import { RunError } from '../record/run-error.ts'
import { CommandError, EXIT } from './exit.ts'

/**
 * Opens a run by its folder, its `run.json`, or its id in the history.
 * @throws {CommandError} when there is none
 */
export function openRun(name: string): Promise<RunRecord> {
  const inHistory = join(runsFolder(), name)
  const isId = !existsSync(name) && /^[\w-]+$/.test(name) && existsSync(inHistory)
  return orUsage(() => readRun(isId ? inHistory : name))
}

/**
 * What comes of what the user named.
 * @throws {CommandError} in place of a {@link RunError}
 */
export async function orUsage<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RunError) throw new CommandError(EXIT.usage, error.message)
    throw error
  }
}
