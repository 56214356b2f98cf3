import { join } from 'node:path'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { regionalCsv } from '../../shared/record/regional-csv.ts'
import { htmlReport } from '../../shared/report/html-report.ts'
import { hgrmFiles } from '../store/run-export.ts'
import { TABLES } from '../record/run-folder.ts'
import { openRun } from './open-run.ts'
import { print, printJson, type Format } from './output.ts'
import { runText } from './run-text.ts'
import { assertTransport } from './transport-name.ts'
import { writeAsked } from './write-file.ts'

export interface ReportCommand {
  csv?: string
  html?: string
  hgrm?: string
  against?: string
  csvSeparator?: string
  csvDecimal: string
  format: Format
}

/** `chattermark report RUN`: writes what is asked for, or prints the run when nothing is. */
export async function report(name: string, options: ReportCommand): Promise<void> {
  const record = await openRun(name)
  const { csv, html, hgrm, against } = options
  if (against !== undefined) assertTransport(against, record.transports, 'the run')
  if (csv !== undefined) {
    const decimal = options.csvDecimal
    // With a comma in every number, a comma between cells would put each in quotes.
    const region = { separator: options.csvSeparator ?? (decimal === ',' ? ';' : ','), decimal }
    for (const [file, table] of Object.entries(TABLES)) {
      await writeAsked(join(csv, file), regionalCsv(table(record), region))
    }
  }
  if (html !== undefined) await writeAsked(html, htmlReport(record, against))
  if (hgrm !== undefined) await writeHgrm(hgrm, record)
  if (options.format === 'json') printJson(record)
  else if (csv === undefined && html === undefined && hgrm === undefined) print(runText(record, against))
}

/** Writes HdrHistogram percentile text, one file for each transport. @throws {CommandError} when it cannot */
export async function writeHgrm(path: string, record: RunRecord): Promise<void> {
  for (const file of hgrmFiles(record))
    await writeAsked(besides(path, file.name, record.transports.length), file.text)
}

/** A run of one transport goes to the named file; of several, each to a file beside it that tells which. */
function besides(path: string, name: string, count: number): string {
  if (count === 1) return path
  return path.replace(/(\.hgrm)?$/, `-${name}`)
}
