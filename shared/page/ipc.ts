import { z } from 'zod'
import { PUSH_CHANNELS, type CALL_CHANNELS } from './channels.ts'
import { PLACE_NAME } from '../plan/bounds.ts'
import type { ExplainRecord } from '../record/explain-record.ts'
import type { Plan } from '../plan/plan.ts'
import type { Fault } from '../plan/schema-faults.ts'
import type { ProbePort, ProbeRecord } from '../record/probe-record.ts'
import type { ConditionDifference } from '../insight/condition-differences.ts'
import type { Comparison, Observed } from '../record/run-record.ts'
import type { RunSummary } from '../record/run-summary.ts'
import type { HistoryRecord } from '../record/study-record.ts'
import type { LiveStudy } from './live-study.ts'
import type { SecretSummary } from '../plan/secret-summary.ts'
import type { Screen } from './screens.ts'
import type { ErrorOf, RunEnd, Snapshot, TimelineSoFar } from '../record/snapshot.ts'

export type { RunSummary }

/** The application's own facts, for the page. */
export interface AppInfo {
  version: string
  mode: 'desktop' | 'serve'
  platform: string
  /** Whether secrets can be kept: in the system's keychain, or in `serve` until the program ends. */
  keychain: boolean
  environment: Record<string, string>
}

/** A target that is not on this machine, and what a plan would send to it. */
export interface RemoteTarget {
  transport: string
  target: string
  recipients: string[]
  /** Messages for it alone, warm-up included where it can be counted; null when it depends on the peer's speed. */
  messages: number | null
  /** Warm-up beside them, whose messages depend on the peer's speed, s. */
  warmupSeconds: number
  /** Whether the messages are marked as tests; `none` where its provider has no such mode, or is not known. */
  testMode: 'on' | 'off' | 'none'
}

/** Where a plan looks for arrivals. */
export interface DeliverySummary {
  /** One plain sentence. */
  sentence: string
  /** It leaves this machine, or opens a port of it to others. */
  isRemote: boolean
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
  remote: RemoteTarget[]
  /** Recipients that may be real mailboxes, those that a template names among them. */
  realRecipients: string[]
  /** The sender, where it may be a real mailbox that gets the bounces. */
  realSender: string | null
  /** Absent where it waits for no arrivals. */
  delivery?: DeliverySummary
  /** Secrets that go along, and to whom. */
  secrets: SecretSummary[]
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
  /** What became of every accepted message, where the run waited for them. */
  'deliveries.csv',
  'csv.zip',
  /** Of a search for the limit: its steps. */
  'capacity.csv',
  /** Of a sweep: its points. */
  'sweep.csv'
] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]
export interface ExportedFile {
  fileName: string
  mimeType: string
  base64: string
}

/** What came of connecting once: nothing was sent. */
export type ConnectionTest =
  | {
      ok: true
      /** Least TCP connect, ms; null where none was seen. */
      connectMs: number | null
      observed: Observed | null
    }
  | { ok: false; message: string }

/** Side-by-side of two runs, transport by transport: ratios are second by first. */
export interface RunComparison {
  a: RunSummary
  b: RunSummary
  /** `second` is the name in the second run, where it differs. */
  rows: { transport: string; second: string; comparisons: Comparison[] }[]
  /** Transports that only one of the runs has. */
  unmatched: string[]
  /** In what the runs were not made alike. */
  differences: ConditionDifference[]
  sentence: string
  /** What no interval of two runs can know; shown beside every comparison. */
  caution: string
}

/** The NATS server on which agents are found; a login stands in its credentials file, never in the address. */
const placesServer = z.object({
  url: z
    .url({ protocol: /^(nats|tls)$/, error: 'nats://HOST:4222 or tls://HOST:4222' })
    .refine(withoutLogin, {
      error: 'no user or password in the address: name a credentials file'
    }),
  credsFile: z.string().min(1).nullable().default(null),
  caFile: z.string().min(1).nullable().default(null)
})
export type PlacesServer = z.output<typeof placesServer>

function withoutLogin(url: string): boolean {
  const parsed = URL.parse(url)
  return parsed === null || (parsed.username === '' && parsed.password === '')
}

export const settingsSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']),
  /** Null or left out: there is none, and everything is sent from this machine. */
  server: placesServer.nullable().optional()
})
export type Settings = z.output<typeof settingsSchema>

/** An agent that is there. */
export interface PlaceSeen {
  name: string
  platform: string
  cores: number
  version: string
  /** Its operator lets it send beyond its own machine. */
  remote: boolean
  /** It works for a run. */
  busy: boolean
}

export type PlacesList = { ok: true; places: PlaceSeen[] } | { ok: false; message: string }

/** Plans open in Set up, as they stand there, right or wrong; each may hold what is asked of it in `study`. */
const drafts = z.object({ plans: z.array(z.json()).max(50), current: z.int().min(0) })
export type Drafts = z.output<typeof drafts>

const id = z.string().regex(/^[\w-]{1,100}$/)
const runName = z.string().min(1).max(200)
const json = z.json()

/** The reader's own words about a run, and whether other runs are held against it; what is left out stays. */
const runMark = z.object({
  note: z.string().max(2000).exactOptional(),
  baseline: z.boolean().exactOptional()
})
export type RunMark = z.output<typeof runMark>

/** A study as its author writes it; null asks for a comparison. */
const study = json.nullable()

/** Messages that a remote run may send when nobody says another number. */
export const DEFAULT_MAX_MESSAGES = 10_000

/** Places with an agent each; none for this machine. */
const places = z.array(z.string().regex(PLACE_NAME)).max(50)

/** What the user has agreed to in the app: sending beyond this machine, and to recipients who may be real. */
const consent = z.object({
  remote: z.boolean(),
  realRecipients: z.boolean(),
  /** The secrets that the summary names may go where it says. */
  secrets: z.boolean().default(false),
  /** Hard stop for a remote run: sends that may start, warm-up and all. */
  maxMessages: z.int().min(1).default(DEFAULT_MAX_MESSAGES)
})
export type Consent = z.output<typeof consent>
export type ConsentInput = z.input<typeof consent>

/**
 * Arguments of every call that the page may make, parsed on arrival. `CallResults` has what each returns.
 * This map and `PUSH_CHANNELS` are the whole process boundary, over Electron's IPC and over WebSocket alike.
 */
export const CALL_ARGS = {
  'app.info': z.tuple([]),
  'plan.default': z.tuple([]),
  'plan.check': z.tuple([json, study.default(null)]),
  /** Lets the user pick a plan file; null when they change their mind. Desktop only. */
  'plan.open': z.tuple([]),
  'drafts.get': z.tuple([]),
  'drafts.set': z.tuple([drafts]),
  /**
   * The plan, what was agreed to, what is asked of the plan when it is not to compare its transports, and the places that
   * it is sent from when that is not this machine.
   */
  'run.start': z.tuple([json, consent, study.default(null), places.default([])]),
  /** First call: ends in order. Second call: cuts the sends in flight. */
  'run.stop': z.tuple([]),
  'run.current': z.tuple([]),
  /** Errors of the run that goes on, with what was said and heard for the first few of each kind; no snapshot carries that. */
  'run.errors': z.tuple([]),
  'runs.list': z.tuple([]),
  'runs.get': z.tuple([id]),
  'runs.rename': z.tuple([id, runName]),
  'runs.mark': z.tuple([id, runMark]),
  /** Moves a run out of the history; `runs.restore` undoes it until the program ends. */
  'runs.delete': z.tuple([id]),
  'runs.restore': z.tuple([id]),
  'runs.export': z.tuple([id, z.enum(EXPORT_FORMATS)]),
  /** Adds a run from the text of a `run.json` or `study.json`. */
  'runs.import': z.tuple([z.string().max(50_000_000)]),
  /** Two runs, first and second; transports of other names that belong together, as pairs of their names. */
  'runs.compare': z.tuple([
    id,
    id,
    z
      .array(z.tuple([z.string(), z.string()]))
      .max(50)
      .default([])
  ]),
  'probe.start': z.tuple([
    z.object({
      host: z.string().min(1).max(253),
      ports: z.array(z.int().min(1).max(65_535)).min(1).max(20),
      apiUrl: z.url({ protocol: /^https?$/ }).nullable(),
      /** Name given in EHLO; null for this machine's own. */
      ehloName: z
        .string()
        .regex(/^[^\s<>]{1,255}$/)
        .nullable()
        .default(null),
      /** File of certificates that are trusted beside the built-in roots. */
      caFile: z.string().min(1).nullable().default(null)
    })
  ]),
  'explain.start': z.tuple([json, consent]),
  /** Connects once over each transport of a plan and logs in; nothing is sent. */
  'connection.test': z.tuple([json, consent]),
  'secrets.list': z.tuple([]),
  /** With the host that it is entered for: no other gets it. */
  'secrets.set': z.tuple([
    id,
    z.string().min(1).max(10_000),
    z.string().min(1).max(253).nullable().default(null)
  ]),
  'secrets.delete': z.tuple([id]),
  /** Why a reference leads nowhere yet; null when there is something. */
  'secrets.missing': z.tuple([
    z.union([z.strictObject({ env: z.string() }), z.strictObject({ file: z.string() })])
  ]),
  'settings.get': z.tuple([]),
  'settings.set': z.tuple([settingsSchema]),
  /** The agents that are there, on the server of the settings. */
  'places.list': z.tuple([]),
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
  'drafts.get': Drafts
  'drafts.set': null
  'run.start': { ok: true; runId: string } | { ok: false; faults: Fault[] }
  'run.stop': null
  'run.current': CurrentRun | null
  'run.errors': ErrorOf[]
  'runs.list': RunSummary[]
  'runs.get': HistoryRecord
  'runs.rename': null
  'runs.mark': null
  'runs.delete': null
  'runs.restore': null
  'runs.export': ExportedFile
  'runs.import': RunSummary
  'runs.compare': RunComparison
  'probe.start': ProbeRecord
  'explain.start': ExplainRecord
  'connection.test': ConnectionTest
  'secrets.list': string[]
  'secrets.set': null
  'secrets.delete': null
  'secrets.missing': string | null
  'settings.get': Settings
  'settings.set': null
  'places.list': PlacesList
  'file.save': string | null
  'link.open': null
}

/** The run that goes on, as a page hears of it that comes in the middle. */
export type CurrentRun =
  | { kind: 'compare'; plan: Plan; snapshot: Snapshot; timelines: TimelineSoFar[] }
  | { kind: 'study'; study: LiveStudy }

/** What the main process tells the page unasked. */
export interface Pushes {
  'run.snapshot': Snapshot
  'run.study': LiveStudy
  'run.end': RunEnd
  /** A page changed the history, this one or another. */
  'runs.changed': null
  'probe.port': ProbePort
  /** A plan was opened from the menu or by double click. */
  'plan.opened': { fileName: string; text: string }
  'menu.command': 'new-plan' | 'start' | 'stop' | `screen-${Screen}`
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
