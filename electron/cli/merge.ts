import { basename, dirname, resolve } from 'node:path'
import { mergeRuns, type PlaceRun } from '../record/merge-runs.ts'
import { JOURNAL_FILE } from '../record/journal-file.ts'
import { claimRunFolder, RECORD_FILE, writeRun } from '../record/run-folder.ts'
import { openRun, orUsage } from './open-run.ts'
import { print, printJson, say, type Format } from './output.ts'
import { runText } from './run-text.ts'

/** `chattermark merge DIR DIR...`: finished runs of one plan as one run from several places. */
export async function merge(
  names: readonly string[],
  options: { out?: string; force: boolean; format: Format }
): Promise<void> {
  const runs: PlaceRun[] = []
  for (const name of names) runs.push({ place: placeOf(name), record: await openRun(name) })
  const record = await orUsage(() => mergeRuns(runs))
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

/** A run's folder is named after its place, however the folder or what is in it was named on the command line. */
function placeOf(name: string): string {
  const isFile = [RECORD_FILE, JOURNAL_FILE].includes(basename(name))
  return basename(resolve(isFile ? dirname(name) : name))
}
