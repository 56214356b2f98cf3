/** How a region's spreadsheets write tables. */
export interface CsvRegion {
  separator: string
  decimal: string
}

const CELL = /("(?:[^"]|"")*"|[^,\r\n]*)(,|\r\n|$)/g
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i

/** A table, which is by RFC 4180 and with a point, for a region whose spreadsheets expect another separator and decimal sign. */
export function regionalCsv(csv: string, { separator, decimal }: CsvRegion): string {
  return csv.replace(CELL, (_match, cell: string, end: string) => {
    const between = end === ',' ? separator : end
    if (cell.startsWith('"')) return cell + between
    const text = NUMBER.test(cell) ? cell.replace('.', decimal) : cell
    return (text.includes(separator) ? `"${text}"` : text) + between
  })
}
