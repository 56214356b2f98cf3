import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { systemCode, RunError } from './run-error.ts'

/** File in a folder that says which process writes to it; it is there only meanwhile. */
export const LOCK_FILE = '.lock'

/** What a file system answers that knows no second names for a file, as FAT does; EISDIR is Windows' word for exFAT's. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR']

const ownerSchema = z.object({
  pid: z.int().min(1),
  host: z.string(),
  /** When the process began, as its system tells; null where it does not. Tells a process from a later one of its number. */
  began: z.string().nullable(),
  token: z.string()
})
type Owner = z.output<typeof ownerSchema>

/** Returns the folder to everybody; does nothing the second time. */
export type Unlock = () => Promise<void>

/**
 * Takes a folder for this process alone. A lock that a dead process of this machine has left counts for nothing.
 * @throws {RunError} when another run is writing to the folder, or the system refuses
 */
export async function lockFolder(folder: string): Promise<Unlock> {
  const file = join(folder, LOCK_FILE)
  const token = randomUUID()
  const owner: Owner = { pid: process.pid, host: hostname(), began: await processBegan(process.pid), token }
  while (!(await createLock(file, owner))) {
    const other = await readOwner(file)
    if (other === null) continue
    if (other === 'unreadable' || (await isAlive(other))) throw new RunError(held(folder, file, other))
    await removeStale(file, other)
  }
  return async () => {
    const now = await readOwner(file)
    if (now !== null && now !== 'unreadable' && now.token === token) await rm(file, { force: true })
  }
}

/** Whether a process that is alive is writing to a folder. */
export async function isLocked(folder: string): Promise<boolean> {
  const owner = await readOwner(join(folder, LOCK_FILE))
  return owner !== null && (owner === 'unreadable' || (await isAlive(owner)))
}

/** @returns false when there is a lock already */
async function createLock(file: string, owner: Owner): Promise<boolean> {
  // Written whole before it gets its name: nobody reads half a lock.
  const fresh = `${file}-${owner.token}`
  try {
    await writeFile(fresh, JSON.stringify(owner), { flag: 'wx', mode: 0o600 })
    await link(fresh, file).catch(async (error: unknown) => {
      if (!NO_LINKS.includes(systemCode(error))) throw error
      await writeFile(file, JSON.stringify(owner), { flag: 'wx', mode: 0o600 })
    })
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(fresh, { force: true })
  }
}

async function readOwner(file: string): Promise<Owner | 'unreadable' | null> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    return systemCode(error) === 'ENOENT' ? null : 'unreadable'
  }
}

/** Puts a dead process's lock away; should another process have renewed it meanwhile, that one gets its lock back. */
async function removeStale(file: string, seen: Owner): Promise<void> {
  const aside = `${file}-${randomUUID()}`
  try {
    await rename(file, aside)
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return
    throw error
  }
  const moved = await readOwner(aside)
  if (moved !== null && moved !== 'unreadable' && moved.token !== seen.token) {
    await link(aside, file).catch(() => undefined)
  }
  await rm(aside, { force: true })
}

/** A process of another machine counts as alive: nobody here can tell. */
async function isAlive({ pid, host, began }: Owner): Promise<boolean> {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
  return began === null || (await processBegan(pid)) === began
}

/** Start of a process since boot, with the boot it belongs to; null where there is no `/proc` to tell. */
async function processBegan(pid: number): Promise<string | null> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    ])
    // The 22nd field (proc_pid_stat(5)); the second one, the name, may hold spaces and brackets.
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    return start === undefined ? null : `${boot.trim()} ${start}`
  } catch {
    return null
  }
}

function held(folder: string, file: string, owner: Owner | 'unreadable'): string {
  const who = owner === 'unreadable' ? 'its lock cannot be read' : `process ${owner.pid} on ${owner.host}`
  return `another run is writing to ${folder} (${who}); wait for its end, or name another folder. If there is no such run, delete ${file}.`
}
