import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Reads a small JSON file of the program's own. A file that is missing or damaged reads as null: settings are
 * not worth refusing to start for.
 */
export function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown
  } catch {
    return null
  }
}

/** Writes a small JSON file whole or not at all, readable by its owner alone. */
export function writeJsonFile(file: string, value: unknown, indent = 2): void {
  mkdirSync(dirname(file), { recursive: true })
  const fresh = `${file}.${process.pid}.new`
  writeFileSync(fresh, `${JSON.stringify(value, null, indent)}\n`, { mode: 0o600 })
  renameSync(fresh, file)
}
