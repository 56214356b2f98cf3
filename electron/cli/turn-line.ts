import type { ExplainEvent } from '../../shared/explain-record.ts'
import { figure } from '../../shared/format.ts'

/** Columns between the first turn's beginning and the outcome. */
const WIDTH = 100

/** The turns of one send on a line as long as its time: each from where it begins to where it ends, with its number. */
export function turnLine(events: readonly ExplainEvent[], totalMs: number): string {
  const column = (ms: number): number => Math.round((Math.max(0, ms) / Math.max(totalMs, 0.001)) * WIDTH)
  const line = Array.from({ length: WIDTH + 1 }, () => ' ')
  const names = Array.from({ length: WIDTH + 1 }, () => ' ')
  const put = (row: string[], from: number, to: number, text: string): void => {
    ;[...text].slice(0, Math.max(0, to - from)).forEach((letter, index) => (row[from + index] = letter))
  }
  for (const { kind, turn, atMs, waitedMs, text } of events) {
    if (kind !== 'turn' || turn === null) continue
    const [from, to] = [column(atMs - (waitedMs ?? 0)), column(atMs)]
    put(line, from, to, `|${turn}${'-'.repeat(WIDTH)}`)
    put(names, from + 1, to, text)
  }
  line[WIDTH] = '|'
  return [line.join(''), names.join('').trimEnd(), `0${`${figure(totalMs)} ms`.padStart(WIDTH)}`].join('\n')
}
