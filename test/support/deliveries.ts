import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCsv } from './read-csv.ts'

/** Rows of a run's deliveries.csv, by the names of its columns. */
export function deliveries(folder: string): Record<string, string>[] {
  const [header = [], ...rows] = readCsv(readFileSync(join(folder, 'deliveries.csv'), 'utf8'))
  return rows.map((row) => Object.fromEntries(header.map((name, at) => [name, row[at] ?? ''])))
}
