import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'

const ATTEMPTS = 3

/**
 * Holds the turns of messages against a table: the client's own count each time, and what was seen from outside once in
 * three. Packets that a process which stood still has torn apart are the counter's trouble, not the client's.
 */
export async function expectTurns(
  expected: readonly number[],
  measure: () => Promise<{ own: number[]; seen: number[] }>
): Promise<void> {
  let seen: number[] = []
  for (let attempt = 1; attempt <= ATTEMPTS && !isDeepStrictEqual(seen, expected); attempt++) {
    const measured = await measure()
    expect(measured.own).toEqual(expected)
    seen = measured.seen
  }
  expect(seen).toEqual(expected)
}
