import type { ExplainEvent } from '../../shared/record/explain-record.ts'
import { figure } from '../../shared/text/format.ts'
import { lineWidth } from './output.ts'

/** Columns between the first turn's beginning and the outcome, where there is room for them. */
const MAX_WIDTH = 100

/** The turns of one send on a line as long as its time: each from where it begins to where it ends, with its number. */
export function turnLine(events: readonly ExplainEvent[], totalMs: number): string {
  const width = Math.min(MAX_WIDTH, lineWidth() - 1)
  const column = (ms: number): number => Math.round((Math.max(0, ms) / Math.max(totalMs, 0.001)) * width)
  const line = Array.from({ length: width + 1 }, () => ' ')
  const names = Array.from({ length: width + 1 }, () => ' ')
  const put = (row: string[], from: number, to: number, text: string): void => {
    ;[...text].slice(0, Math.max(0, to - from)).forEach((letter, index) => (row[from + index] = letter))
  }
  for (const { kind, turn, atMs, waitedMs, text } of events) {
    if (kind !== 'turn' || turn === null) continue
    const [from, to] = [column(atMs - (waitedMs ?? 0)), column(atMs)]
    put(line, from, to, `|${turn}${'-'.repeat(width)}`)
    put(names, from + 1, to, text)
  }
  line[width] = '|'
  return [line.join(''), names.join('').trimEnd(), `0${`${figure(totalMs)} ms`.padStart(width)}`].join('\n')
}
