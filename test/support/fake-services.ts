import type { ExportedFile, RunSummary, Settings } from '../../shared/ipc.ts'
import { parsePlan } from '../../shared/plan.ts'
import type { RunRecord } from '../../shared/run-record.ts'
import type { RunEnd, Snapshot } from '../../shared/snapshot.ts'
import { ApiError, type Services } from '../../electron/api/services.ts'
import { closedKeychain } from '../../electron/serve/closed-keychain.ts'

/** Services without engine or disk, to test and to look at what stands on them. */
export interface FakeServices extends Services {
  /** Sends a snapshot to whoever listens. */
  emitSnapshot(snapshot: Snapshot): void
  emitEnd(end: RunEnd): void
  snapshotListeners(): number
  stops(): number
}

const PLAN = {
  schema: 1,
  name: 'SMTP against the API',
  message: { from: 'bench@example.com', to: ['sink@example.com'] },
  load: { model: 'closed', concurrency: 10, messages: 600 },
  transports: [
    { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: 2525, security: 'none' },
    { name: 'api', protocol: 'http', url: 'http://127.0.0.1:8080', domain: 'example.com' }
  ]
}

/** @param records what the history holds at first, newest first */
export function createFakeServices(records: RunRecord[] = []): FakeServices {
  const snapshotListeners = new Set<(snapshot: Snapshot) => void>()
  const endListeners = new Set<(end: RunEnd) => void>()
  const history = new Map(records.map((record) => [record.id, record]))
  const deleted = new Map<string, RunRecord>()
  let settings: Settings = { theme: 'system' }
  let stops = 0

  const find = (id: string): RunRecord => {
    const record = history.get(id)
    if (record === undefined) throw new ApiError(`There is no run "${id}".`, 'It may have been deleted.')
    return record
  }
  return {
    version: '0.0.0',
    environment: { node: process.versions.node },
    plans: {
      defaultPlan: () => PLAN,
      check: (raw) => {
        const result = parsePlan(raw)
        if (!result.ok) return result
        const summary = {
          messages: 1200,
          seconds: 2,
          sentence: 'Sends 1,200 messages.',
          remote: [],
          realRecipients: []
        }
        return { ok: true, summary }
      }
    },
    runner: {
      start: () => Promise.resolve({ ok: true, runId: 'run-1' }),
      stop: () => {
        stops++
      },
      current: () => null,
      onSnapshot: (listener) => {
        snapshotListeners.add(listener)
        return () => snapshotListeners.delete(listener)
      },
      onEnd: (listener) => {
        endListeners.add(listener)
        return () => endListeners.delete(listener)
      }
    },
    runs: {
      list: () => Promise.resolve([...history.values()].map(summarise)),
      get: (id) => Promise.resolve(id).then(find),
      rename: async (id, name) => {
        history.set(id, { ...find(await Promise.resolve(id)), name })
      },
      delete: async (id) => {
        deleted.set(id, find(await Promise.resolve(id)))
        history.delete(id)
      },
      restore: async (id) => {
        const record = deleted.get(await Promise.resolve(id))
        if (record !== undefined) history.set(id, record)
      },
      export: (id) => Promise.resolve(id).then((run) => exported(find(run))),
      import: (text) =>
        Promise.resolve(text).then((json) => {
          const record = JSON.parse(json) as RunRecord
          history.set(record.id, record)
          return summarise(record)
        }),
      compare: async (a, b) => ({
        a: summarise(find(await Promise.resolve(a))),
        b: summarise(find(b)),
        rows: [],
        unmatched: [],
        sentence: 'No difference seen.'
      })
    },
    probe: ({ host }) =>
      Promise.resolve({
        schema: 1,
        host,
        ports: [],
        recommendation: { port: null, security: null, reason: 'Nothing answered.' }
      }),
    explain: () => Promise.resolve({ schema: 1, transports: [] }),
    secrets: closedKeychain,
    settings: {
      get: () => settings,
      set: (value) => {
        settings = value
        return Promise.resolve()
      }
    },
    emitSnapshot: (snapshot) => {
      for (const listener of snapshotListeners) listener(snapshot)
    },
    emitEnd: (end) => {
      for (const listener of endListeners) listener(end)
    },
    snapshotListeners: () => snapshotListeners.size,
    stops: () => stops
  }
}

function summarise({ id, name, startedAt, finishedAt, state, verdict, transports }: RunRecord): RunSummary {
  return {
    id,
    name,
    startedAt,
    finishedAt,
    state,
    verdict,
    transports: transports.map((transport) => ({
      name: transport.name,
      protocol: transport.protocol,
      p50: transport.response.p50,
      throughput: transport.throughput,
      accepted: transport.counts.accepted
    }))
  }
}

function exported(record: RunRecord): ExportedFile {
  return {
    fileName: `${record.id}.json`,
    mimeType: 'application/json',
    base64: Buffer.from(JSON.stringify(record)).toString('base64')
  }
}
