import { styleText } from 'node:util'
import { visibleJsonText } from '../../shared/text/visible.ts'
import { EXIT } from './exit.ts'
import { harmless, jsonWithoutOrders, withoutOrders } from './printable.ts'

/** How a command prints its result. */
export type Format = 'text' | 'json'

/** Data: the command's result, on stdout. */
export function print(text: string): void {
  process.stdout.write(`${withoutOrders(harmless(text.trimEnd()))}\n`)
}

/** The command's record, and nothing else, on stdout. */
export function printJson(record: unknown): void {
  process.stdout.write(`${jsonWithoutOrders(visibleJsonText(JSON.stringify(record, null, 2)))}\n`)
}

/** Talk: what the user may want to know, on stderr. */
export function say(text: string): void {
  process.stderr.write(`${withoutOrders(harmless(text))}\n`)
}

/** What the system answers who writes to a pipe that nobody reads any more; the second is Windows'. */
const READER_LEFT = ['EPIPE', 'EOF']

/**
 * Lets a command go on to its end when nobody reads what it prints: a run must still be written. A reader that has
 * left, as `head` does, has what it wanted; output that is lost for another reason (a full disk) ends with a message.
 */
export function guardOutput(): void {
  let isLost = false
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (READER_LEFT.includes(code ?? '') || isLost) return
    isLost = true
    say(`chattermark: the output cannot be written (${code ?? message})`)
    process.on('exit', () => (process.exitCode = EXIT.couldNotRun))
  })
  process.stderr.on('error', () => undefined)
}

/** Bold where stdout is a terminal that knows it, and NO_COLOR is not set. */
export function bold(text: string): string {
  return styled('bold', text)
}

/** Dim where stdout is a terminal that knows it, and NO_COLOR is not set. */
export function dim(text: string): string {
  return styled('dim', text)
}

function styled(style: 'bold' | 'dim', text: string): string {
  return process.env.TERM === 'dumb' ? text : styleText(style, text, { stream: process.stdout })
}

/** Columns of the terminal that stdout is; no limit where it is none, so that files and pipes get whole lines. */
export function lineWidth(): number {
  const { isTTY, columns } = process.stdout
  return isTTY && columns > 0 ? columns : Infinity
}

/** Sentences, broken between words where the terminal is narrower than they are. */
export function paragraph(text: string, width = lineWidth()): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const lines: string[] = []
      for (const word of line.split(' ')) {
        const last = lines.at(-1)
        if (last !== undefined && last.length + 1 + word.length <= width)
          lines[lines.length - 1] = `${last} ${word}`
        else lines.push(word)
      }
      return lines
    })
    .join('\n')
}

/**
 * Columns set side by side: the first and those of `words` to the left, the others to the right. A table that is
 * wider than the terminal goes on below, each part with the first column in front.
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  words: readonly string[] = [],
  width = lineWidth()
): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length))
  )
  const line = (cells: readonly string[], columns: readonly number[]): string =>
    columns
      .map((column) => {
        const isLeft = column === 0 || words.includes(header[column] ?? '')
        const cell = cells[column] ?? ''
        return isLeft ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
      })
      .join('  ')
      .trimEnd()
  return columnsThatFit(widths, width)
    .map((columns) => [dim(line(header, columns)), ...rows.map((row) => line(row, columns))].join('\n'))
    .join('\n\n')
}

/** The columns of each part of a table, as many as fit beside the first. */
function columnsThatFit([first = 0, ...others]: readonly number[], width: number): number[][] {
  const parts = [[0]]
  let used = first
  others.forEach((columnWidth, index) => {
    const part = parts.at(-1) ?? []
    used += 2 + columnWidth
    if (used > width && part.length > 1) {
      parts.push([0, index + 1])
      used = first + 2 + columnWidth
    } else part.push(index + 1)
  })
  return parts
}
