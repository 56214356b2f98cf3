import { readFile, stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { decodeUtf8 } from '../../shared/text/utf8.ts'
import { ApiError } from '../api/services.ts'

/** Ending of the files that the desktop opens by double click. */
const PLAN_ENDING = '.chattermark.json'

/** A plan is a page of text; what is longer is something else. */
const MAX_PLAN_BYTES = 5_000_000

/** The plan file that a command line names, absolute; null when it names none. */
export function planArgument(argv: readonly string[], workingFolder: string): string | null {
  const given = argv.find((argument) => argument.endsWith(PLAN_ENDING) && !argument.startsWith('-'))
  return given === undefined ? null : resolve(workingFolder, given)
}

/** @throws {ApiError} when the file cannot be read as a plan's text */
export async function readPlanFile(path: string): Promise<{ fileName: string; text: string }> {
  const fileName = basename(path)
  try {
    if ((await stat(path)).size > MAX_PLAN_BYTES) {
      throw new ApiError(`${fileName} is too long to be a plan.`)
    }
    const decoded = decodeUtf8(await readFile(path))
    if (!decoded.ok) throw new ApiError(`${fileName} is ${decoded.found}.`, 'Save it as UTF-8.')
    return { fileName, text: decoded.text }
  } catch (error) {
    if (error instanceof ApiError) throw error
    const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ''
    throw new ApiError(`${fileName} cannot be read${reason}.`, 'Is it still there, and may you read it?')
  }
}
