import { strToU8, zipSync } from 'fflate'
import { hgrmText } from '../../shared/record/hgrm.ts'
import { decodeHistogram } from '../../shared/record/histogram.ts'
import type { ExportedFile, ExportFormat } from '../../shared/page/ipc.ts'
import { capacityHtml } from '../../shared/report/capacity-html.ts'
import { htmlReport } from '../../shared/report/html-report.ts'
import { capacityCsv, sweepCsv } from '../../shared/record/csv.ts'
import { isStudy, type HistoryRecord, type StudyRecord } from '../../shared/record/study-record.ts'
import { RunError } from '../record/run-error.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { DELIVERIES_FILE, TABLES } from '../record/run-folder.ts'

/**
 * A run or a study in one of the export formats, as a file to save.
 * @param deliveries what became of every accepted message, CSV; null where nobody knows
 * @throws {RunError} when there is no such format of its kind
 */
export function exportRun(
  record: HistoryRecord,
  format: ExportFormat,
  deliveries: string | null
): ExportedFile {
  const base = fileBase(record)
  if (format === 'json')
    return file(`${base}.json`, 'application/json', `${JSON.stringify(record, null, 2)}\n`)
  if (isStudy(record)) return exportStudy(record, format, base)
  switch (format) {
    case 'html':
      return file(`${base}.html`, 'text/html', htmlReport(record))
    case 'hgrm':
      return file(`${base}-hgrm.zip`, 'application/zip', zip(hgrmFiles(record)))
    case 'csv.zip':
      return file(
        `${base}-csv.zip`,
        'application/zip',
        zip([
          ...Object.entries(TABLES).map(([name, table]) => ({ name, text: table(record) })),
          ...(deliveries === null ? [] : [{ name: DELIVERIES_FILE, text: deliveries }])
        ])
      )
    case 'summary.csv':
    case 'phases.csv':
    case 'timeline.csv':
    case 'errors.csv':
      return file(`${base}-${format}`, 'text/csv', TABLES[format](record))
    case 'deliveries.csv':
      if (deliveries !== null) return file(`${base}-${format}`, 'text/csv', deliveries)
      throw new RunError(
        record.plan.delivery === undefined
          ? `${record.name} did not wait for its messages to arrive: there is no ${format} of it`
          : `what became of each message of ${record.name} is not in its record: it is in the ${format} beside it`
      )
    case 'capacity.csv':
    case 'sweep.csv':
      throw new RunError(`${record.name} compares transports: there is no ${format} of it`)
  }
}

function exportStudy(
  { name, capacity, sweep }: StudyRecord,
  format: ExportFormat,
  base: string
): ExportedFile {
  if (format === 'capacity.csv' && capacity !== null)
    return file(`${base}-${format}`, 'text/csv', capacityCsv(capacity))
  if (format === 'sweep.csv' && sweep !== null) return file(`${base}-${format}`, 'text/csv', sweepCsv(sweep))
  if (format === 'html' && capacity !== null)
    return file(`${base}.html`, 'text/html', capacityHtml(name, capacity))
  throw new RunError(`there is no ${format} of ${name}`)
}

/** A name as a person would give it: what it is, and the day on which it was measured. */
function fileBase({ name, startedAt }: HistoryRecord): string {
  const words = name
    .replace(/[^\w-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase()
  return `${words || 'run'}-${startedAt.slice(0, 10)}`
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
