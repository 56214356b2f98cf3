import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { PlanInput } from '../../shared/plan.ts'
import { runRecordSchema, type RunRecord, type TransportRecord } from '../../shared/run-record.ts'
import { output, temporaryFolder } from './processes.ts'

export const CLI = resolve(import.meta.dirname, '../../electron/cli/main.ts')

/** A transport as a plan has it. */
export type TransportInput = PlanInput['transports'][number]

export interface Load {
  transport: TransportInput
  concurrency: number
  messages: number
  /** Sends per second that come due, instead of one as soon as the last is done. */
  rate?: number
  sizeBytes?: number
  /** Further arguments of `run`. */
  args?: string[]
}

/** Node compiles what is hot while it runs: the first seconds are slower, and thrown away as a user would. */
const WARMUP_SECONDS = 3

/** Runs one transport through the command line, as a user would, all recording on. */
export async function chattermark(load: Load): Promise<TransportRecord> {
  const folder = temporaryFolder()
  const plan: PlanInput = {
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
    warmupSeconds: WARMUP_SECONDS,
    rounds: 1,
    transports: [load.transport]
  }
  const file = join(folder, 'plan.json')
  writeFileSync(file, JSON.stringify(plan))
  const args = ['run', file, '--out', join(folder, 'run'), '--format', 'json', ...(load.args ?? [])]
  const text = await output(process.execPath, [CLI, ...args])
  const record: RunRecord = runRecordSchema.parse(JSON.parse(text.slice(0, text.lastIndexOf('}') + 1)))
  const [transport] = record.transports
  if (transport === undefined || transport.counts.accepted !== load.messages) {
    throw new Error(`not every message was accepted: ${JSON.stringify(transport?.counts)}`)
  }
  return transport
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
