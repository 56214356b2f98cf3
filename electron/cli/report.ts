import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { RunRecord } from '../../shared/run-record.ts'
import { htmlReport } from '../../shared/report/html-report.ts'
import { errorCode } from '../engine/secrets.ts'
import { hgrmFiles } from '../store/run-export.ts'
import { TABLES } from '../store/run-folder.ts'
import { CommandError, EXIT } from './exit.ts'
import { openRun } from './open-run.ts'
import { print, printJson, say, type Format } from './output.ts'
import { runText } from './run-text.ts'

export interface ReportCommand {
  csv?: string
  html?: string
  hgrm?: string
  format: Format
}

/** `chattermark report RUN`: writes what is asked for, or prints the run when nothing is. */
export async function report(name: string, options: ReportCommand): Promise<void> {
  const record = await openRun(name)
  const { csv, html, hgrm } = options
  if (csv !== undefined) {
    for (const [file, table] of Object.entries(TABLES)) await write(join(csv, file), table(record))
  }
  if (html !== undefined) await write(html, htmlReport(record))
  if (hgrm !== undefined) await writeHgrm(hgrm, record)
  if (options.format === 'json') printJson(record)
  else if (csv === undefined && html === undefined && hgrm === undefined) print(runText(record))
}

/** Writes HdrHistogram percentile text, one file for each transport. @throws {CommandError} when it cannot */
export async function writeHgrm(path: string, record: RunRecord): Promise<void> {
  for (const file of hgrmFiles(record))
    await write(besides(path, file.name, record.transports.length), file.text)
}

/** A run of one transport goes to the named file; of several, each to a file beside it that tells which. */
function besides(path: string, name: string, count: number): string {
  if (count === 1) return path
  return path.replace(/(\.hgrm)?$/, `-${name}`)
}

async function write(path: string, content: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  } catch (error) {
    throw new CommandError(EXIT.couldNotRun, `${path} cannot be written (${errorCode(error)})`)
  }
  say(`wrote ${path}`)
}
