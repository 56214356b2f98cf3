import { z } from 'zod'
import { PUSH_CHANNELS, type CALL_CHANNELS } from './channels.ts'
import type { ExplainRecord } from './explain-record.ts'
import type { Fault } from './plan.ts'
import type { ProbePort, ProbeRecord } from './probe-record.ts'
import type { Comparison, RunRecord, RunState, TimelineRow } from './run-record.ts'
import type { RunEnd, Snapshot } from './snapshot.ts'

/** The application's own facts, for the page. */
export interface AppInfo {
  version: string
  mode: 'desktop' | 'serve'
  platform: string
  /** Whether secrets can be kept; false where the system has no keychain, and always in `serve`. */
  keychain: boolean
  environment: Record<string, string>
}

export interface RunSummary {
  id: string
  name: string
  startedAt: string
  finishedAt: string
  state: RunState
  verdict: string
  transports: { name: string; protocol: string; p50: number | null; throughput: number; accepted: number }[]
}

/** What a plan would do, said before it does it. */
export interface PlanSummary {
  /** Messages that will be sent in all, warm-up included where it can be counted; null when it depends on the peers' speed. */
  messages: number | null
  /** Rough length of the run; null when it depends on the peers' speed. */
  seconds: number | null
  /** One plain sentence. */
  sentence: string
  /** Targets that are not on this machine, with what they will get. */
  remote: { transport: string; target: string; recipients: string[] }[]
  /** Recipients that may be real mailboxes. */
  realRecipients: string[]
}

export type PlanCheck = { ok: true; summary: PlanSummary } | { ok: false; faults: Fault[] }

/** Every exported format; `png` is drawn by the page itself. */
export const EXPORT_FORMATS = [
  'json',
  'html',
  'hgrm',
  'summary.csv',
  'phases.csv',
  'timeline.csv',
  'errors.csv',
  'csv.zip'
] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]
export interface ExportedFile {
  fileName: string
  mimeType: string
  base64: string
}

/** Side-by-side of two runs, transport by transport name. */
export interface RunComparison {
  a: RunSummary
  b: RunSummary
  rows: { transport: string; comparisons: Comparison[] }[]
  /** Transports that only one of the runs has. */
  unmatched: string[]
  sentence: string
}

export interface Settings {
  theme: 'system' | 'light' | 'dark'
}

const id = z.string().regex(/^[\w-]{1,100}$/)
const runName = z.string().min(1).max(200)
const json = z.json()

/** What the user has agreed to in the app: sending beyond this machine, and to recipients who may be real. */
const consent = z.object({ remote: z.boolean(), realRecipients: z.boolean() })
export type Consent = z.output<typeof consent>

/**
 * Arguments of every call that the page may make, parsed on arrival. `CallResults` has what each returns.
 * This map and `PUSH_CHANNELS` are the whole process boundary, over Electron's IPC and over WebSocket alike.
 */
export const CALL_ARGS = {
  'app.info': z.tuple([]),
  'plan.default': z.tuple([]),
  'plan.check': z.tuple([json]),
  /** Lets the user pick a plan file; null when they change their mind. Desktop only. */
  'plan.open': z.tuple([]),
  'run.start': z.tuple([json, consent]),
  /** First call: ends in order. Second call: cuts the sends in flight. */
  'run.stop': z.tuple([]),
  'run.current': z.tuple([]),
  'runs.list': z.tuple([]),
  'runs.get': z.tuple([id]),
  'runs.rename': z.tuple([id, runName]),
  /** Moves a run out of the history; `runs.restore` undoes it until the program ends. */
  'runs.delete': z.tuple([id]),
  'runs.restore': z.tuple([id]),
  'runs.export': z.tuple([id, z.enum(EXPORT_FORMATS)]),
  /** Adds a run from the text of a `run.json`. */
  'runs.import': z.tuple([z.string().max(50_000_000)]),
  'runs.compare': z.tuple([id, id]),
  'probe.start': z.tuple([
    z.object({
      host: z.string().min(1).max(253),
      ports: z.array(z.int().min(1).max(65_535)).min(1).max(20),
      apiUrl: z.url({ protocol: /^https?$/ }).nullable()
    })
  ]),
  'explain.start': z.tuple([json, consent]),
  'secrets.list': z.tuple([]),
  'secrets.set': z.tuple([id, z.string().min(1).max(10_000)]),
  'secrets.delete': z.tuple([id]),
  'settings.get': z.tuple([]),
  'settings.set': z.tuple([z.object({ theme: z.enum(['system', 'light', 'dark']) })]),
  /** Native save dialog; answers the path, or null when the user changes their mind. Desktop only. */
  'file.save': z.tuple([
    z.object({ fileName: z.string().min(1).max(200), base64: z.string().max(100_000_000) })
  ]),
  'link.open': z.tuple([z.url({ protocol: /^(https|mailto)$/ })])
} as const satisfies Record<(typeof CALL_CHANNELS)[number], z.ZodTuple>

export type CallChannel = keyof typeof CALL_ARGS
export type CallArgs<C extends CallChannel> = z.output<(typeof CALL_ARGS)[C]>

export interface CallResults {
  'app.info': AppInfo
  'plan.default': unknown
  'plan.check': PlanCheck
  'plan.open': { fileName: string; text: string } | null
  'run.start': { ok: true; runId: string } | { ok: false; faults: Fault[] }
  'run.stop': null
  'run.current': { snapshot: Snapshot; timelines: { name: string; rows: TimelineRow[] }[] } | null
  'runs.list': RunSummary[]
  'runs.get': RunRecord
  'runs.rename': null
  'runs.delete': null
  'runs.restore': null
  'runs.export': ExportedFile
  'runs.import': RunSummary
  'runs.compare': RunComparison
  'probe.start': ProbeRecord
  'explain.start': ExplainRecord
  'secrets.list': string[]
  'secrets.set': null
  'secrets.delete': null
  'settings.get': Settings
  'settings.set': null
  'file.save': string | null
  'link.open': null
}

/** What the main process tells the page unasked. */
export interface Pushes {
  'run.snapshot': Snapshot
  'run.end': RunEnd
  'probe.port': ProbePort
  /** A plan was opened from the menu or by double click. */
  'plan.opened': { fileName: string; text: string }
  'menu.command':
    'new-plan' | 'start' | 'stop' | 'screen-1' | 'screen-2' | 'screen-3' | 'screen-4' | 'screen-5'
}
export type PushChannel = (typeof PUSH_CHANNELS)[number] & keyof Pushes
export { PUSH_CHANNELS }

/** Answer of every call: errors cross the boundary as data. */
export type Answer<T> =
  { ok: true; value: T } | { ok: false; error: { message: string; hint: string | null } }

/** What the page sees as `window.chattermark`, in the desktop and in the browser alike. */
export interface Bridge {
  call<C extends CallChannel>(
    channel: C,
    ...args: z.input<(typeof CALL_ARGS)[C]>
  ): Promise<Answer<CallResults[C]>>
  /** Subscribes to a push; the function that comes back ends the subscription. */
  on<C extends PushChannel>(channel: C, listener: (payload: Pushes[C]) => void): () => void
}
