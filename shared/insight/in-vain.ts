import type { RunRecord, TransportRecord } from '../record/run-record.ts'
import { counted } from '../text/format.ts'
import { parseAssertion } from './assertion.ts'

/** Counts by which an assertion can say that a transport is meant to be refused. */
const COUNTS = ['accepted', 'rejected', 'failed']

/** Transports that nobody accepted a measured message from, where no assertion that holds says that this is as it should be. */
export function inVain({ transports, asserts, state }: RunRecord): TransportRecord[] {
  const meant = new Set(
    asserts.flatMap(({ text, pass }) => {
      const parsed = parseAssertion(text)
      return pass && parsed.ok && COUNTS.includes(parsed.value.field) ? [parsed.value.transport] : []
    })
  )
  return transports.filter(({ name, counts, warmup }) => {
    const onlyWarmedUp = state === 'finished' && warmup.sent > 0
    return (counts.sent > 0 || onlyWarmedUp) && counts.accepted === 0 && !meant.has(name)
  })
}

/** What became of such a transport's messages. */
export function vainWords({ counts, warmup }: TransportRecord): string {
  return counts.sent === 0
    ? `nothing was measured beyond its warm-up of ${counted(warmup.sent, 'message')}`
    : `none of ${counted(counts.sent, 'message')} was accepted`
}
