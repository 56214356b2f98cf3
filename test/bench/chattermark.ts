import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { runRecordSchema, type RunRecord, type TransportRecord } from '../../shared/record/run-record.ts'
import { output, temporaryFolder } from './processes.ts'

export const CLI = resolve(import.meta.dirname, '../../electron/cli/main.ts')
/** The same as it is installed: built. */
export const BUILT_CLI = resolve(import.meta.dirname, '../../out/main/cli.js')

/** A transport as a plan has it. */
export type TransportInput = PlanInput['transports'][number]

export interface Load {
  transport: TransportInput
  concurrency: number
  messages: number
  /** Sends per second that come due, instead of one as soon as the last is done. */
  rate?: number
  sizeBytes?: number
  /** Without it long enough for Node to have compiled what is hot. */
  warmupSeconds?: number
  delivery?: PlanInput['delivery']
  /** Further arguments of `run`. */
  args?: string[]
}

/** Node compiles what is hot while it runs: the first seconds are slower, and thrown away as a user would. */
const WARMUP_SECONDS = 3

/** The plan of a load. */
export function planOf(load: Load): PlanInput {
  return {
    schema: 1,
    name: 'bench',
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: load.sizeBytes ?? 1024 },
    load:
      load.rate === undefined
        ? { model: 'closed', concurrency: load.concurrency, messages: load.messages }
        : {
            model: 'open',
            rate: load.rate,
            durationSeconds: load.messages / load.rate,
            maxConcurrency: load.concurrency
          },
    warmupSeconds: load.warmupSeconds ?? WARMUP_SECONDS,
    rounds: 1,
    transports: [load.transport],
    ...(load.delivery === undefined ? {} : { delivery: load.delivery })
  }
}

/** Runs one transport through the command line, as a user would, all recording on. */
export async function chattermark(load: Load): Promise<TransportRecord> {
  const { transports } = await chattermarkRun(load)
  const [transport] = transports
  if (transport === undefined || transport.counts.accepted !== load.messages) {
    throw new Error(`not every message was accepted: ${JSON.stringify(transport?.counts)}`)
  }
  return transport
}

/** The same, with the whole record. */
export async function chattermarkRun(load: Load): Promise<RunRecord> {
  const folder = temporaryFolder()
  const file = join(folder, 'plan.json')
  writeFileSync(file, JSON.stringify(planOf(load)))
  const args = ['run', file, '--out', join(folder, 'run'), '--format', 'json', ...(load.args ?? [])]
  const text = await output(process.execPath, [CLI, ...args])
  return runRecordSchema.parse(JSON.parse(text.slice(0, text.lastIndexOf('}') + 1)))
}

/** SMTP through the wire client on plain text. */
export function smtpTransport(port: number, changes: object = {}): TransportInput {
  return {
    name: 'smtp',
    protocol: 'smtp',
    host: '127.0.0.1',
    port,
    security: 'none',
    ...changes
  }
}

/** The HTTP API through the wire client. */
export function httpTransport(url: string, changes: object = {}): TransportInput {
  return { name: 'api', protocol: 'http', url, domain: 'example.com', ...changes }
}
