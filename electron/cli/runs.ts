import { readFile } from 'node:fs/promises'
import { figure, integer } from '../../shared/text/format.ts'
import { EXPORT_FORMATS, type ExportFormat, type RunSummary } from '../../shared/page/ipc.ts'
import { isStudy } from '../../shared/record/study-record.ts'
import { ApiError } from '../api/services.ts'
import { errorWords } from '../record/run-error.ts'
import { runsFolder } from '../store/data-folder.ts'
import { RunFolderHistory } from '../api/run-history.ts'
import { CommandError, EXIT } from './exit.ts'
import { print, printJson, say, textTable, type Format } from './output.ts'
import { writeAsked } from './write-file.ts'

interface RunsOptions {
  format: Format
}

/** `chattermark runs list`: the history, newest first. */
export async function listRuns({ format }: RunsOptions): Promise<void> {
  const runs = await history().list()
  if (format === 'json') printJson({ schema: 1, runs })
  else if (runs.length === 0) say(`There are no runs in ${runsFolder()} yet.`)
  else
    print(
      textTable(['run', 'started', 'state', 'accepted', 'p50 ms', 'name'], runs.map(row), ['state', 'name'])
    )
}

/** `chattermark runs show ID` */
export async function showRun(id: string, { format }: RunsOptions): Promise<void> {
  const record = await known(id, (runs) => runs.get(id))
  if (format === 'json') printJson(record)
  else if (isStudy(record)) print(record.verdict)
  else print((await import('./run-text.ts')).runText(record))
}

/** `chattermark runs rename ID NAME` */
export async function renameRun(id: string, name: string, options: RunsOptions): Promise<void> {
  if (name.trim() === '' || name.length > 200) {
    throw new CommandError(EXIT.usage, 'a name of 1 to 200 characters is needed; nothing was changed.')
  }
  await known(id, (runs) => runs.rename(id, name))
  tell({ id, name }, `renamed ${id} to ${name}`, options)
}

/** `chattermark runs delete ID`: for good. */
export async function deleteRun(id: string, options: RunsOptions): Promise<void> {
  await known(id, async (runs) => {
    await runs.delete(id)
    await runs.emptyBin()
  })
  tell({ id, deleted: true }, `deleted ${id}`, options)
}

/** `chattermark runs import FILE`: the `run.json` of a run from anywhere. */
export async function importRun(path: string, { format }: RunsOptions): Promise<void> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new CommandError(EXIT.usage, `${path} cannot be read (${errorWords(error)})`)
  }
  const imported = await asCommand(() => history().import(text))
  if (format === 'json') printJson(imported)
  else print(imported.id)
  say(`imported ${imported.name} as ${imported.id}`)
}

/** `chattermark runs export ID FILE`: the ending of the file's name chooses the format. */
export async function exportRun(id: string, path: string, options: RunsOptions): Promise<void> {
  const format = exportFormat(path)
  if (format === 'hgrm') {
    // A zip file, which the app makes of it, would have the wrong name here.
    const { writeHgrm } = await import('./report.ts')
    await writeHgrm(path, await known(id, (runs) => runs.run(id)))
    if (options.format === 'json') printJson({ id, file: path, format })
    return
  }
  const file = await known(id, (runs) => runs.export(id, format))
  await writeAsked(path, Buffer.from(file.base64, 'base64'))
  if (options.format === 'json') printJson({ id, file: path, format })
}

function history(): RunFolderHistory {
  return new RunFolderHistory(runsFolder())
}

/** Does something with a run of the history. @throws {CommandError} when there is no such run */
async function known<T>(id: string, act: (runs: RunFolderHistory) => Promise<T>): Promise<T> {
  if (!/^[\w-]{1,100}$/.test(id)) {
    throw new CommandError(EXIT.usage, `${id} is not the id of a run; see: chattermark runs list`)
  }
  return asCommand(() => act(history()))
}

async function asCommand<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (error instanceof ApiError)
      throw new CommandError(EXIT.usage, [error.message, error.hint ?? ''].join('\n').trim())
    throw error
  }
}

function exportFormat(path: string): ExportFormat {
  const found = EXPORT_FORMATS.find((format) => path.toLowerCase().endsWith(format))
  if (found !== undefined) return found
  throw new CommandError(
    EXIT.usage,
    `${path} does not tell a format; let its name end in ${EXPORT_FORMATS.map((format) => `.${format}`).join(', ')}. Nothing was written.`
  )
}

function row(run: RunSummary): string[] {
  const accepted = run.transports.reduce((sum, transport) => sum + transport.accepted, 0)
  const medians = run.transports.map(({ p50 }) => (p50 === null ? '-' : figure(p50)))
  // The Swedish way to write a local time is ISO's.
  const started = run.startedAt === '' ? '-' : new Date(run.startedAt).toLocaleString('sv')
  return [run.id, started, run.state, integer(accepted), medians.join(' / '), run.name]
}

function tell(record: unknown, text: string, { format }: RunsOptions): void {
  if (format === 'json') printJson(record)
  else say(text)
}
