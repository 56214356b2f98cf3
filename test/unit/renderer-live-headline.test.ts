import { expect, test } from 'vitest'
import { liveHeadline } from '../../renderer/live/live-headline.ts'

type Transports = Parameters<typeof liveHeadline>[0]

const NONE = { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 }

/** A transport whose latest message came to nothing where it has no median. */
function transport(name: string, p50: number | null, accepted = p50 === null ? 0 : 1): Transports[number] {
  const counts = { ...NONE, sent: accepted + 1, accepted, failed: 1 }
  return { name, counts, round: { round: 1, startedMs: 0, counts, ratePerSecond: 0, p50, p99: p50 } }
}

const CASES: [transports: Transports, headline: string][] = [
  [[], 'Getting ready'],
  [[{ name: 'a', counts: NONE, round: null }], 'Getting ready'],
  [[transport('a', null), transport('b', null)], 'Nothing was accepted so far'],
  // A round has just begun.
  [[transport('a', null, 100)], 'Getting ready'],
  [[transport('a', null), transport('b', 4)], 'b: 4 ms at the median'],
  [[transport('a', 8), transport('b', 4)], 'b is ahead: 4 ms at the median']
]

test.each(CASES)('of %j it is said: %s', (transports, headline) => {
  expect(liveHeadline(transports)).toBe(headline)
})
