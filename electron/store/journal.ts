import { closeSync, openSync, writeSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { runRecordSchema, type RunRecord } from '../../shared/run-record.ts'
import type { BlockEnd } from '../engine/block.ts'
import type { Delta } from '../engine/delta.ts'
import { RunRecorder, type RunStart } from '../engine/run-recorder.ts'

/** File in a run's folder that exists while the run goes on, and after a crash. */
export const JOURNAL_FILE = 'journal.ndjson'

type Line =
  | { kind: 'start'; start: RunStart }
  | { kind: 'delta'; delta: Delta }
  | { kind: 'block-so-far'; transport: number; round: number; worker: number; end: BlockEnd }
  | { kind: 'block-end'; transport: number; round: number; end: BlockEnd }

/** Appends what happens in a run, so that a killed process leaves a readable run behind. */
export class Journal {
  readonly #file: number
  #lines: string[] = []
  /** What a full disk took only a part of. */
  #rest: Buffer = Buffer.alloc(0)

  /** @throws the system's error, e.g. ENOSPC, when the journal cannot be begun */
  constructor(folder: string, start: RunStart) {
    this.#file = openSync(join(folder, JOURNAL_FILE), 'ax', 0o600)
    this.#append({ kind: 'start', start })
    try {
      this.flush()
    } catch (error) {
      this.close()
      throw error
    }
  }

  delta(delta: Delta): void {
    this.#append({ kind: 'delta', delta })
  }

  /** What a worker knows of a block that goes on; the end of the block makes it void. */
  blockSoFar(transport: number, round: number, worker: number, end: BlockEnd): void {
    this.#append({ kind: 'block-so-far', transport, round, worker, end })
  }

  blockEnd(transport: number, round: number, end: BlockEnd): void {
    this.#append({ kind: 'block-end', transport, round, end })
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

  close(): void {
    closeSync(this.#file)
  }

  #append(line: Line): void {
    this.#lines.push(`${JSON.stringify(line)}\n`)
  }
}

/** Rebuilds the record of a run that was cut off, up to the last whole line; null when the folder holds no journal. */
export async function recoverRun(folder: string): Promise<RunRecord | null> {
  const path = join(folder, JOURNAL_FILE)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch {
    return null
  }
  let recorder: RunRecorder | undefined
  /** What each worker knew last of the block that was cut off. */
  const soFar = new Map<number, { transport: number; round: number; end: BlockEnd }>()
  for (const line of text.split('\n').map(parseLine)) {
    if (line === null) break
    switch (line.kind) {
      case 'start':
        recorder = new RunRecorder(line.start)
        break
      case 'delta':
        recorder?.addDelta(line.delta)
        break
      case 'block-so-far':
        soFar.set(line.worker, line)
        break
      case 'block-end':
        soFar.clear()
        recorder?.addBlockEnd(line.transport, line.round, fromJson(line.end))
    }
  }
  if (recorder === undefined) return null
  for (const { transport, round, end } of soFar.values()) {
    recorder.addBlockEnd(transport, round, fromJson(end))
  }
  const { mtime } = await stat(path)
  return runRecordSchema.parse(recorder.record('crashed', mtime.toISOString()))
}

/** A line that the crash cut short, or the end of the text, gives null. */
function parseLine(text: string): Line | null {
  try {
    return JSON.parse(text) as Line
  } catch {
    return null
  }
}

/** JSON has no Infinity: what was never measured comes back as null. */
function fromJson(end: BlockEnd): BlockEnd {
  const { leastConnectUs, leastTurnUs } = end.stats as {
    leastConnectUs: number | null
    leastTurnUs: number | null
  }
  return {
    ...end,
    stats: { ...end.stats, leastConnectUs: leastConnectUs ?? Infinity, leastTurnUs: leastTurnUs ?? Infinity }
  }
}
