import { existsSync, readFileSync } from 'node:fs'

/** Counts the statuses of an access log whose lines are a status each. */
export function statusesOf(file: string): Promise<Map<number, number>> {
  const statuses = new Map<number, number>()
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  for (const line of text.split('\n').filter((each) => /^\d{3}$/.test(each))) {
    statuses.set(Number(line), (statuses.get(Number(line)) ?? 0) + 1)
  }
  return Promise.resolve(statuses)
}
