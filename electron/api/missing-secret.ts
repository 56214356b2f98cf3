import { existsSync } from 'node:fs'

/** Why an environment variable or a file gives no secret; null when it may. What is in it stays unread. */
export function missingSecret(reference: { env: string } | { file: string }): string | null {
  if ('file' in reference) {
    return reference.file === '' || existsSync(reference.file) ? null : `There is no file ${reference.file}.`
  }
  if (reference.env === '' || process.env[reference.env] !== undefined) return null
  return `${reference.env} is not set in the environment that Chattermark was started in.`
}
