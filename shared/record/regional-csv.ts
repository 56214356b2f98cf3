/** How a region's spreadsheets write tables. */
export interface CsvRegion {
  separator: string
  decimal: string
}

/** RFC 4180 with a point: what every table is unless a region is asked for. */
export const RFC_4180: CsvRegion = { separator: ',', decimal: '.' }

const CELL = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|$)/g
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i

/** A table as {@link RFC_4180} has it, for a region whose spreadsheets expect another separator and decimal sign. */
export function regionalCsv(csv: string, { separator, decimal }: CsvRegion): string {
  return csv.replace(CELL, (_match, cell: string, end: string) => {
    const between = end === ',' ? separator : end
    if (cell.startsWith('"')) return cell + between
    const text = NUMBER.test(cell) ? cell.replace('.', decimal) : cell
    return (text.includes(separator) ? `"${text}"` : text) + between
  })
}
