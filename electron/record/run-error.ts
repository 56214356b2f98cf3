import { getSystemErrorMessage } from 'node:util'

/** Why a run could not start or go on, in words for a person. Its text never holds a secret. */
export class RunError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RunError'
  }
}

/** An error of the system for people, its code in front: `ENOENT, no such file or directory`; of others the message. */
export function errorWords(error: unknown): string {
  const errno = error instanceof Error ? (error as NodeJS.ErrnoException).errno : undefined
  const code = systemCode(error)
  return errno === undefined || errno >= 0 ? code : `${code}, ${getSystemErrorMessage(errno)}`
}

/** The system's short code of an error (`ENOENT`), or its message. */
export function systemCode(error: unknown): string {
  if (error instanceof Error) return (error as NodeJS.ErrnoException).code ?? error.message
  return String(error)
}

/** What an error says of itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
