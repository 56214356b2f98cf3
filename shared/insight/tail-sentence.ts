import { counted, integer, listed, milliseconds } from '../text/format.ts'
import type { TailRecord } from '../record/run-record.ts'

export type Cause = TailRecord['causes'][number]

/** Fewer slow sends than this are an anecdote. */
const FEWEST = 3

/** Whether a transport has a tail that says anything. */
export function isTelling(tail: TailRecord | null): tail is TailRecord {
  return tail !== null && tail.slowest >= FEWEST
}

/** What a transport's slowest messages have in common: `9 of the 12 slowest ... lost a packet, 2 opened a connection.` */
export function tailSentence(name: string, tail: TailRecord | null): string {
  if (!isTelling(tail)) return ''
  const parts = tail.causes.map((cause) => `${integer(cause.count)} ${causeWords(cause)}`)
  return `Of the ${counted(tail.slowest, 'slowest message')} of ${name} (${milliseconds(tail.fromMs)} and more) ${listed(parts)}.`
}

/** A cause as the predicate of a sentence. */
export function causeWords({ cause, phase }: Pick<Cause, 'cause' | 'phase'>): string {
  switch (cause) {
    case 'lost':
      return 'lost a packet'
    case 'queued':
      return 'waited for a slot'
    case 'opened':
      return 'opened a connection'
    case 'waited':
      return phase === 'dns' ? 'waited for a lookup' : `waited longest in ${phase ?? 'a turn'}`
  }
}
