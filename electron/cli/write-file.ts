import { constants } from 'node:fs'
import { access, mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCode, errorWords } from '../record/run-error.ts'
import { CommandError, EXIT } from './exit.ts'
import { say } from './output.ts'

/**
 * Writes a file that was asked for, with the folders that it stands in, and says so.
 * @throws {CommandError} when it cannot be written
 */
export async function writeAsked(path: string, content: string | Uint8Array): Promise<void> {
  await orSay(path, async () => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  })
  say(`wrote ${path}`)
}

/**
 * Writes those files that were asked for; one that cannot be written costs the others nothing.
 * @throws {CommandError} with a line for each that cannot be written
 */
export async function writeAllAsked(
  files: readonly { path: string | undefined; content: () => string }[]
): Promise<void> {
  const faults: string[] = []
  for (const { path, content } of files) {
    if (path === undefined) continue
    await writeAsked(path, content()).catch((error: unknown) => {
      if (!(error instanceof CommandError)) throw error
      faults.push(error.message)
    })
  }
  if (faults.length > 0) throw new CommandError(EXIT.couldNotRun, faults.join('\n'))
}

/**
 * Looks whether files can be written in the end, before what they are for has cost an hour and messages.
 * @throws {CommandError} that names the first that cannot
 */
export async function assertWritable(paths: readonly (string | undefined)[]): Promise<void> {
  for (const path of paths) {
    if (path === undefined) continue
    try {
      await assertTakesFile(path)
    } catch (error) {
      throw new CommandError(
        EXIT.couldNotRun,
        `${path} cannot be written (${errorWords(error)}); nothing was sent`
      )
    }
  }
}

/** @throws the system's error, or one that says what stands there */
async function assertTakesFile(path: string): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) throw new Error('it is a folder')
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || path === '') throw error
    return assertTakesEntries(dirname(path))
  }
  await access(path, constants.W_OK)
}

/** The same for a folder, which may have to be made first. */
async function assertTakesEntries(folder: string): Promise<void> {
  try {
    if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is no folder`)
  } catch (error) {
    if (systemCode(error) !== 'ENOENT' || dirname(folder) === folder) throw error
    return assertTakesEntries(dirname(folder))
  }
  await access(folder, constants.W_OK)
}

/** @throws {CommandError} that names the path when the action fails */
export async function orSay(path: string, action: () => Promise<void>): Promise<void> {
  try {
    await action()
  } catch (error) {
    throw new CommandError(EXIT.couldNotRun, `${path} cannot be written (${errorWords(error)})`)
  }
}
