import { mkdirSync, readFileSync, readdirSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A lock on the user's data folder. Whoever comes second leaves its command line in the folder and is told no;
 * the first hears it.
 */
export function acquireLock(
  userData: string,
  onSecond: (argv: string[], workingFolder: string) => void
): boolean {
  const folder = join(userData, 'single-instance')
  const lock = join(folder, 'lock')
  mkdirSync(folder, { recursive: true })
  if (isHeldByAnother(lock)) {
    writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify([process.argv, process.cwd()]))
    return false
  }
  writeFileSync(lock, String(process.pid))
  process.once('exit', () => rmSync(lock, { force: true }))
  watch(folder, { persistent: false }, () => {
    for (const name of readdirSync(folder).filter((entry) => entry.endsWith('.json'))) {
      const message = readMessage(join(folder, name))
      if (message === null) continue
      rmSync(join(folder, name), { force: true })
      onSecond(...message)
    }
  })
  return true
}

function isHeldByAnother(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'))
    process.kill(pid, 0)
    return pid !== process.pid
  } catch {
    return false
  }
}

/** Null while the second instance is still writing; the next event of the folder brings it. */
function readMessage(file: string): [string[], string] | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as [string[], string]
  } catch {
    return null
  }
}
