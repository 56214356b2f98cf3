import type { SecretRef } from '../../shared/plan/plan.ts'
import { RunError } from '../record/run-error.ts'
import { MIN_SECRET_CHARACTERS } from '../transports/redact.ts'
import { readPlainFile } from './plain-file.ts'

/** Bytes of the longest secret: tokens have some thousand. */
const MAX_SECRET_BYTES = 16 * 1024

/**
 * Looks a secret up in the keychain; null when there is none of that name.
 * @throws when it was entered for another host
 */
export type Keychain = (id: string, host: string) => Promise<string | null>

/** No keychain at hand: the command line and `serve`. */
export const noKeychain: Keychain = () => Promise.resolve(null)

/**
 * Reads a secret from where a plan says it is.
 * @param where JSON path of the reference, for the message
 * @param host who will get it
 * @throws {RunError} when there is none, or when it is too short to be kept out of what is shown
 */
export async function readSecret(
  ref: SecretRef,
  where: string,
  host: string,
  keychain: Keychain
): Promise<string> {
  const secret = await find(ref, where, host, keychain)
  if (secret.length >= MIN_SECRET_CHARACTERS) return secret
  throw new RunError(
    `${where}: the secret has ${secret.length} characters; one below ${MIN_SECRET_CHARACTERS} cannot be masked where a server repeats it. Use a longer one.`
  )
}

async function find(ref: SecretRef, where: string, host: string, keychain: Keychain): Promise<string> {
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
    const text = await readPlainFile(ref.file, MAX_SECRET_BYTES, `${where}: the secret file`)
    const secret = text.replace(/\r?\n$/, '')
    if (secret !== '') return secret
    throw new RunError(`${where}: the secret file ${ref.file} is empty`)
  }
  const secret = await keychain(ref.secret, host)
  if (secret === null) {
    throw new RunError(
      `${where}: there is no secret "${ref.secret}" in the keychain; add it in the desktop app, or use { "env": NAME } or { "file": PATH }`
    )
  }
  return secret
}
