import { styleText } from 'node:util'

/** How a command prints its result. */
export type Format = 'text' | 'json'

/** Data: the command's result, on stdout. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
}

/** The command's record, and nothing else, on stdout. */
export function printJson(record: unknown): void {
  print(JSON.stringify(record, null, 2))
}

/** Talk: what the user may want to know, on stderr. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** Bold where stdout is a terminal and NO_COLOR is not set. */
export function bold(text: string): string {
  return styleText('bold', text, { stream: process.stdout })
}

/** Dim where stdout is a terminal and NO_COLOR is not set. */
export function dim(text: string): string {
  return styleText('dim', text, { stream: process.stdout })
}

/** Columns set side by side: the first to the left, the others to the right. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length))
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
      )
      .join('  ')
      .trimEnd()
  return [dim(line(header)), ...rows.map(line)].join('\n')
}
