import { randomBytes } from 'node:crypto'

/** An id that sorts by time: `20261123-140259-1f3a`. */
export function newRunId(): string {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${stamp}-${randomBytes(2).toString('hex')}`
}

/** Whether a text can be the id of a run: the name of its folder in the history, and never a path. */
export function isRunId(text: string): boolean {
  return /^[\w-]{1,100}$/.test(text)
}
