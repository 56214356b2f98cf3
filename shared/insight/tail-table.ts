import type { TransportRecord } from '../record/run-record.ts'
import { type Cause, causeWords, isTelling } from './tail-sentence.ts'

/** What the slowest messages of one transport have in common. */
export interface TailRow {
  /** Which of the transports given. */
  index: number
  name: string
  /** Messages that were looked at. */
  slowest: number
  /** How many of them had each of the table's causes, in its order. */
  counts: number[]
}

/** What the slowest messages of transports have in common, side by side. */
export interface TailTable {
  /** Those that occur, the most frequent of all first: in the words of the sentence, and where a message waited longest. */
  causes: string[]
  rows: TailRow[]
}

/** The tails of transports as a table of causes; null where none says anything. */
export function tailTable(transports: readonly Pick<TransportRecord, 'name' | 'tail'>[]): TailTable | null {
  const tails = transports.flatMap(({ name, tail }, index) => {
    if (!isTelling(tail)) return []
    const counts = new Map(tail.causes.map((cause) => [heading(cause), cause.count]))
    return [{ index, name, slowest: tail.slowest, counts }]
  })
  if (tails.length === 0) return null
  const totals = new Map<string, number>()
  for (const { counts } of tails)
    for (const [cause, count] of counts) totals.set(cause, (totals.get(cause) ?? 0) + count)
  const causes = [...totals].sort(([, a], [, b]) => b - a).map(([cause]) => cause)
  const rows = tails.map(({ counts, ...tail }) => ({
    ...tail,
    counts: causes.map((cause) => counts.get(cause) ?? 0)
  }))
  return { causes, rows }
}

function heading(cause: Pick<Cause, 'cause' | 'phase'>): string {
  return cause.cause === 'waited' ? `in ${cause.phase ?? 'a turn'}` : causeWords(cause)
}
