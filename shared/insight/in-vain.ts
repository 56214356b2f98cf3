import type { RunRecord, TransportRecord } from '../record/run-record.ts'
import { parseAssertion } from './assertion.ts'

/** Counts by which an assertion can say that a transport is meant to be refused. */
const COUNTS = ['accepted', 'rejected', 'failed']

/** Transports that nobody accepted a message from, where no assertion that holds says that this is as it should be. */
export function inVain({ transports, asserts }: RunRecord): TransportRecord[] {
  const meant = new Set(
    asserts.flatMap(({ text, pass }) => {
      const parsed = parseAssertion(text)
      return pass && parsed.ok && COUNTS.includes(parsed.value.field) ? [parsed.value.transport] : []
    })
  )
  return transports.filter(({ name, counts }) => counts.sent > 0 && counts.accepted === 0 && !meant.has(name))
}
