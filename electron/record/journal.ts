import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { runRecordSchema, type RunRecord } from '../../shared/record/run-record.ts'
import { visibleJson } from '../../shared/text/visible.ts'
import { blockEndSchema, type BlockEnd } from './block-end.ts'
import { deltaSchema } from './delta.ts'
import { deliveryNewsSchema } from './delivery-book.ts'
import { createRecorder } from './create-recorder.ts'
import { JOURNAL_FILE } from './journal-file.ts'
import { systemCode, errorWords, RunError } from './run-error.ts'
import type { RunRecorder } from './run-recorder.ts'
import { runStartSchema, type RunStart } from './run-start.ts'

const position = { transport: z.int(), round: z.int() }
const lineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), start: runStartSchema }),
  z.object({ kind: z.literal('delta'), delta: deltaSchema }),
  z.object({ kind: z.literal('delivery'), news: deliveryNewsSchema }),
  /** What a worker knows of a block that goes on; the end of the block makes it void. */
  z.object({ kind: z.literal('block-so-far'), ...position, worker: z.int(), end: blockEndSchema }),
  z.object({ kind: z.literal('block-end'), ...position, end: blockEndSchema }),
  /** A place fell silent in a block. */
  z.object({ kind: z.literal('lost'), ...position, place: z.int() })
])
type Line = z.output<typeof lineSchema>

/** Appends what happens in a run, so that a killed process leaves a readable run behind. */
export class Journal {
  readonly #file: number
  #lines: string[] = []
  /** What a full disk took only a part of. */
  #rest: Buffer = Buffer.alloc(0)

  /** @throws {RunError} when the disk refuses from the start */
  constructor(folder: string, start: RunStart) {
    let file: number | null = null
    try {
      this.#file = file = openSync(join(folder, JOURNAL_FILE), 'ax', 0o600)
      this.append({ kind: 'start', start })
      this.flush()
    } catch (error) {
      if (file !== null) closeSync(file)
      throw new RunError(`nothing can be written to ${folder} (${errorWords(error)}); nothing was sent`)
    }
  }

  append(line: Line): void {
    this.#lines.push(`${JSON.stringify(line)}\n`)
  }

  /**
   * Writes what has come together. From then on it survives the end of the process.
   * @throws the system's error, e.g. ENOSPC; what could not be written is tried again next time
   */
  flush(): void {
    this.#rest = Buffer.concat([this.#rest, Buffer.from(this.#lines.join(''))])
    this.#lines = []
    while (this.#rest.length > 0) this.#rest = this.#rest.subarray(writeSync(this.#file, this.#rest))
  }

  /** The same where a disk that refuses must not end a measurement: writing the record tells of it aloud. */
  tryFlush(): void {
    try {
      this.flush()
    } catch {
      return
    }
  }

  close(): void {
    closeSync(this.#file)
  }
}

/**
 * Rebuilds the record of a run that was cut off, up to the last whole line; null when the folder holds no journal.
 * @throws {RunError} see {@link replay}
 */
export async function recoverRun(folder: string): Promise<RunRecord | null> {
  const recorder = await replay(folder)
  if (recorder === null) return null
  const { mtime } = await stat(join(folder, JOURNAL_FILE))
  return runRecordSchema.parse(recorder.record('crashed', mtime.toISOString()))
}

/**
 * What a journal tells of, up to its last whole line; null when the folder holds none.
 * @throws {RunError} when the system refuses to read it
 */
export async function replay(folder: string): Promise<RunRecorder | null> {
  let recorder: RunRecorder | undefined
  /** What each worker knew last of the block that was cut off. */
  const soFar = new Map<number, { transport: number; round: number; end: BlockEnd }>()
  for await (const text of linesOf(join(folder, JOURNAL_FILE))) {
    const line = parseLine(text)
    if (line === null) break
    switch (line.kind) {
      case 'start':
        recorder = createRecorder(line.start)
        break
      case 'delta':
        recorder?.addDelta(line.delta)
        break
      case 'delivery':
        recorder?.deliveries?.add(line.news)
        break
      case 'block-so-far':
        soFar.set(line.worker, line)
        break
      case 'block-end':
        soFar.clear()
        recorder?.addBlockEnd(line.transport, line.round, line.end)
        break
      case 'lost':
        recorder?.addLoss(line.place, line.transport, line.round)
    }
  }
  if (recorder === undefined) return null
  for (const { transport, round, end } of soFar.values()) {
    recorder.addBlockEnd(transport, round, end)
  }
  return recorder
}

/**
 * Lines of a file of any length, one by one; none of a file that is not there. Only a line feed ends one: readline takes
 * U+2028 for an end as well, which JSON leaves as it is.
 */
async function* linesOf(path: string): AsyncGenerator<string> {
  const begun: string[] = []
  try {
    for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
      const [first = '', ...rest] = chunk.split('\n')
      begun.push(first)
      for (const next of rest) {
        yield begun.splice(0).join('')
        begun.push(next)
      }
    }
    yield begun.join('')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error))) return
    throw new RunError(`the journal ${path} cannot be read (${errorWords(error)})`)
  }
}

/** A line that the crash cut short, or the end of the text, gives null. */
function parseLine(text: string): Line | null {
  try {
    return lineSchema.parse(visibleJson(JSON.parse(text)))
  } catch {
    return null
  }
}
