import { strToU8, zipSync } from 'fflate'
import { hgrmText } from '../../shared/hgrm.ts'
import { decodeHistogram } from '../../shared/histogram.ts'
import type { ExportedFile, ExportFormat } from '../../shared/ipc.ts'
import { htmlReport } from '../../shared/report/html-report.ts'
import type { RunRecord } from '../../shared/run-record.ts'
import { TABLES } from './run-folder.ts'

/** A run in one of the export formats, as a file to save. */
export function exportRun(record: RunRecord, format: ExportFormat): ExportedFile {
  const base =
    record.name
      .replace(/[^\w-]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .toLowerCase() || 'run'
  switch (format) {
    case 'json':
      return file(`${base}.json`, 'application/json', `${JSON.stringify(record, null, 2)}\n`)
    case 'html':
      return file(`${base}.html`, 'text/html', htmlReport(record))
    case 'hgrm':
      return file(`${base}-hgrm.zip`, 'application/zip', zip(hgrmFiles(record)))
    case 'csv.zip':
      return file(
        `${base}-csv.zip`,
        'application/zip',
        zip(Object.entries(TABLES).map(([name, table]) => ({ name, text: table(record) })))
      )
    case 'summary.csv':
    case 'phases.csv':
    case 'timeline.csv':
    case 'errors.csv':
      return file(`${base}-${format}`, 'text/csv', TABLES[format](record))
  }
}

/** HdrHistogram percentile text, one file for each transport. */
export function hgrmFiles(record: RunRecord): { name: string; text: string }[] {
  return record.transports.map(({ name, histogram }) => ({
    name: `${name}.hgrm`,
    text: hgrmText(decodeHistogram(histogram))
  }))
}

function file(fileName: string, mimeType: string, content: string | Uint8Array): ExportedFile {
  return { fileName, mimeType, base64: Buffer.from(content).toString('base64') }
}

function zip(files: readonly { name: string; text: string }[]): Uint8Array {
  return zipSync(Object.fromEntries(files.map(({ name, text }) => [name, strToU8(text)])))
}
