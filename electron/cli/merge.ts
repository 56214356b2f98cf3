import { basename, dirname, resolve } from 'node:path'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { mergeRuns, type PlaceRun } from '../record/merge-runs.ts'
import { JOURNAL_FILE } from '../record/journal-file.ts'
import { claimRunFolder, RECORD_FILE, writeRun } from '../record/run-folder.ts'
import { RunError } from '../record/run-error.ts'
import { CommandError, EXIT } from './exit.ts'
import { openRun } from './open-run.ts'
import { print, printJson, say, type Format } from './output.ts'
import { runText } from './run-text.ts'

/** `chattermark merge DIR DIR...`: finished runs of one plan as one run from several places. */
export async function merge(
  names: readonly string[],
  options: { out?: string; force: boolean; format: Format }
): Promise<void> {
  const runs = []
  for (const name of names) runs.push({ place: placeOf(name), record: await openRun(name) })
  const record = merged(runs)
  if (options.format === 'json') printJson(record)
  else print(runText(record))
  if (options.out === undefined) return
  const claim = await claimRunFolder(options.out, options.force)
  let isWritten = false
  try {
    await writeRun(claim.path, record)
    await claim.commit()
    isWritten = true
  } finally {
    await claim.release(!isWritten)
  }
  say(`\nThe merged run is in ${options.out}`)
}

/** @throws {CommandError} when they are no runs of one plan at several places */
function merged(runs: readonly PlaceRun[]): RunRecord {
  try {
    return mergeRuns(runs)
  } catch (error) {
    if (error instanceof RunError) throw new CommandError(EXIT.usage, error.message)
    throw error
  }
}

/** A run's folder is named after its place, however the folder or what is in it was named on the command line. */
function placeOf(name: string): string {
  const isFile = [RECORD_FILE, JOURNAL_FILE].includes(basename(name))
  return basename(resolve(isFile ? dirname(name) : name))
}
