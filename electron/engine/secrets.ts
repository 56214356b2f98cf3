import { readFile } from 'node:fs/promises'
import type { SecretRef } from '../../shared/plan.ts'
import { RunError } from './run-error.ts'

/** Looks a secret up in the keychain; null when there is none of that name. */
export type Keychain = (id: string) => Promise<string | null>

/** No keychain at hand: the command line and `serve`. */
export const noKeychain: Keychain = () => Promise.resolve(null)

/**
 * Reads a secret from where a plan says it is.
 * @param where JSON path of the reference, for the message
 * @throws {RunError} when there is none
 */
export async function readSecret(ref: SecretRef, where: string, keychain: Keychain): Promise<string> {
  if ('env' in ref) {
    const value = process.env[ref.env]
    if (value === undefined || value === '') {
      throw new RunError(
        `${where}: the environment variable ${ref.env} is not set; set it, or name another source`
      )
    }
    return value
  }
  if ('file' in ref) {
    try {
      const text = await readFile(ref.file, 'utf8')
      const secret = text.replace(/\r?\n$/, '')
      if (secret !== '') return secret
    } catch (error) {
      throw new RunError(`${where}: the secret file ${ref.file} cannot be read (${errorCode(error)})`)
    }
    throw new RunError(`${where}: the secret file ${ref.file} is empty`)
  }
  const secret = await keychain(ref.secret)
  if (secret === null) {
    throw new RunError(
      `${where}: there is no secret "${ref.secret}" in the keychain; add it in the desktop app, or use { "env": NAME } or { "file": PATH }`
    )
  }
  return secret
}

/** The system's short code of an error (`ENOENT`), or its message. */
export function errorCode(error: unknown): string {
  if (error instanceof Error) return (error as NodeJS.ErrnoException).code ?? error.message
  return String(error)
}
