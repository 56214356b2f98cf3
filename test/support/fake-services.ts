import { summarizeRun } from '../../shared/insight/run-summary.ts'
import type { ExportedFile, Settings } from '../../shared/page/ipc.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import type { LiveStudy } from '../../shared/page/live-study.ts'
import type { RunEnd, Snapshot } from '../../shared/record/snapshot.ts'
import { ApiError, type Services } from '../../electron/api/services.ts'
import { closedKeychain } from './closed-keychain.ts'

/** Services without engine or disk, to test and to look at what stands on them. */
export interface FakeServices extends Services {
  /** Sends a snapshot to whoever listens. */
  emitSnapshot(snapshot: Snapshot): void
  /** Sends the state of a study to whoever listens. */
  emitStudy(study: LiveStudy): void
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
  const studyListeners = new Set<(study: LiveStudy) => void>()
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
          realRecipients: [],
          realSender: null,
          secrets: []
        }
        return { ok: true, summary }
      }
    },
    places: () => Promise.resolve({ ok: true, places: [] }),
    runner: {
      start: () => Promise.resolve({ ok: true, runId: 'run-1' }),
      stop: () => {
        stops++
      },
      current: () => null,
      errors: () => [],
      onSnapshot: (listener) => {
        snapshotListeners.add(listener)
        return () => snapshotListeners.delete(listener)
      },
      onStudy: (listener) => {
        studyListeners.add(listener)
        return () => studyListeners.delete(listener)
      },
      onEnd: (listener) => {
        endListeners.add(listener)
        return () => endListeners.delete(listener)
      }
    },
    runs: {
      list: () => Promise.resolve([...history.values()].map(summarizeRun)),
      get: (id) => Promise.resolve(id).then(find),
      rename: async (id, name) => {
        history.set(id, { ...find(await Promise.resolve(id)), name })
      },
      mark: async (id, mark) => {
        history.set(id, { ...find(await Promise.resolve(id)), ...mark })
      },
      delete: async (id) => {
        deleted.set(id, find(await Promise.resolve(id)))
        history.delete(id)
      },
      restore: async (id) => {
        const record = deleted.get(await Promise.resolve(id))
        if (record !== undefined) history.set(id, record)
      },
      emptyBin: () => Promise.resolve(deleted.clear()),
      export: (id) => Promise.resolve(id).then((run) => exported(find(run))),
      import: (text) =>
        Promise.resolve(text).then((json) => {
          const record = JSON.parse(json) as RunRecord
          history.set(record.id, record)
          return summarizeRun(record)
        }),
      compare: async (a, b) => ({
        a: summarizeRun(find(await Promise.resolve(a))),
        b: summarizeRun(find(b)),
        rows: [],
        unmatched: [],
        differences: [],
        caution: '',
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
    test: () => Promise.resolve({ ok: true, connectMs: null, observed: null }),
    explain: () => Promise.resolve({ schema: 1, transports: [] }),
    secrets: closedKeychain,
    drafts: { get: () => ({ plans: [], current: 0 }), set: () => undefined },
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
    emitStudy: (study) => {
      for (const listener of studyListeners) listener(study)
    },
    emitEnd: (end) => {
      for (const listener of endListeners) listener(end)
    },
    snapshotListeners: () => snapshotListeners.size,
    stops: () => stops
  }
}

function exported(record: RunRecord): ExportedFile {
  return {
    fileName: `${record.id}.json`,
    mimeType: 'application/json',
    base64: Buffer.from(JSON.stringify(record)).toString('base64')
  }
}
