import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { LOCK_FILE, lockFolder, type Unlock } from './folder-lock.ts'
import { systemCode, errorWords, RunError } from './run-error.ts'

/** Start of the name of a folder in which something is written beside what it will replace. */
const BESIDE = '.new-'

/** A folder that one writer has for itself, until it is released. What was in it is untouched until {@link commit}. */
export interface FolderClaim {
  /** The folder as the user named it. */
  readonly folder: string
  /** Where to write: the folder itself, or one in it where an earlier result has to be replaced. */
  readonly path: string
  /**
   * Puts what was written in its place.
   * @throws the system's error; what was written stays at `path`
   */
  commit(): Promise<void>
  /** Lets go of the folder; `discard` also removes what was written, and the folder itself where the claim made it. */
  release(discard: boolean): Promise<void>
}

export interface ClaimOptions {
  /** Replace an earlier result. */
  force: boolean
  /** Whether a file or folder of this name belongs to a result, and goes when it is replaced. */
  isOurs: (name: string) => boolean
}

/**
 * Takes a folder to write a result into, and makes it where there is none.
 * @throws {RunError} when another process writes to it, when it holds something and `force` is false, or when it
 *   cannot be made
 */
export async function claimFolder(folder: string, { force, isOurs }: ClaimOptions): Promise<FolderClaim> {
  let made: string[] = []
  let unlock: Unlock | undefined
  let beside: string | null = null
  const release = async (discard: boolean): Promise<void> => {
    if (discard) {
      const remove = beside === null ? (await entriesOf(folder)).filter(isOurs) : []
      for (const name of remove) await rm(join(folder, name), { recursive: true, force: true })
      if (beside !== null) await rm(beside, { recursive: true, force: true })
    }
    await unlock?.()
    if (discard) for (const path of made.reverse()) await rmdir(path).catch(() => undefined)
  }
  try {
    made = await makeFolders(folder)
    unlock = await lockFolder(folder)
    const entries = await entriesOf(folder)
    if (entries.length > 0) {
      if (!force) throw new RunError(notEmpty(folder, entries))
      beside = join(folder, `${BESIDE}${randomBytes(4).toString('hex')}`)
      await mkdir(beside, { mode: 0o700 })
    }
  } catch (error) {
    // Whatever stands there is not this claim's.
    await unlock?.()
    for (const path of made.reverse()) await rmdir(path).catch(() => undefined)
    if (error instanceof RunError) throw error
    throw new RunError(`the output folder ${folder} cannot be made (${errorWords(error)}); nothing was sent`)
  }
  return {
    folder,
    path: beside ?? folder,
    commit: async () => {
      if (beside === null) return
      // What says that a result is whole comes last.
      const written = (await readdir(beside)).sort(
        (a, b) => Number(a.endsWith('.json')) - Number(b.endsWith('.json'))
      )
      for (const name of written) {
        await rm(join(folder, name), { recursive: true, force: true })
        await rename(join(beside, name), join(folder, name))
      }
      const old = (await entriesOf(folder)).filter((name) => isOurs(name) || name.startsWith(BESIDE))
      for (const name of old.filter((entry) => !written.includes(entry))) {
        await rm(join(folder, name), { recursive: true, force: true })
      }
      beside = null
    },
    release
  }
}

/** The folders in which results were being written beside another one when their process died, newest last. */
export async function leftBeside(folder: string): Promise<string[]> {
  const entries = await readdir(folder).catch(() => [])
  return entries.filter((name) => name.startsWith(BESIDE)).map((name) => join(folder, name))
}

async function entriesOf(folder: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith(LOCK_FILE))
}

/**
 * Makes a folder and those above it, one by one: Node's own way never ends where a file system refuses with ENOENT,
 * as `/proc` does.
 * @returns those that were not there before, the uppermost first
 * @throws the system's error; {@link RunError} where a file system takes no folders at all
 */
async function makeFolders(folder: string): Promise<string[]> {
  const path = resolve(folder)
  try {
    await mkdir(path, { mode: 0o700 })
    return [path]
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return []
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error
  }
  const above = await makeFolders(dirname(path))
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    for (const made of above.reverse()) await rmdir(made).catch(() => undefined)
    if (systemCode(error) !== 'ENOENT') throw error
    // What it stands in is there, and yet the system knows no such place.
    throw new RunError(
      `the output folder ${folder} cannot be made: the file system of ${dirname(path)} takes no folders; nothing was sent`
    )
  }
  return [...above, path]
}

function notEmpty(folder: string, entries: readonly string[]): string {
  const broken = entries.some((name) => name.startsWith(BESIDE) || name.endsWith('.ndjson'))
  const rest = broken
    ? ` It holds a run that broke off; to see what was measured: chattermark report ${folder}`
    : ''
  return `${folder} exists and is not empty; name another folder, or overwrite with --force.${rest}`
}
