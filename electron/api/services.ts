import type {
  CallResults,
  Consent,
  ExportedFile,
  ExportFormat,
  PlanCheck,
  RunComparison,
  RunSummary,
  Settings
} from '../../shared/ipc.ts'
import type { Plan } from '../../shared/plan.ts'
import type { ExplainRecord } from '../../shared/explain-record.ts'
import type { ProbePort, ProbeRecord } from '../../shared/probe-record.ts'
import type { RunRecord } from '../../shared/run-record.ts'
import type { RunEnd, Snapshot } from '../../shared/snapshot.ts'

/** Everything the API stands on. All of it is free of Electron, so that the desktop and `serve` share it. */
export interface Services {
  /** Version of the program, and what the environment of a run record would say. */
  version: string
  environment: Record<string, string>
  plans: PlanService
  runner: Runner
  runs: RunHistory
  /** Tries the ports; `onPort` hears each as soon as it is known. */
  probe(target: ProbeTarget, onPort: (port: ProbePort) => void): Promise<ProbeRecord>
  explain(plan: Plan, consent: Consent): Promise<ExplainRecord>
  secrets: SecretKeeper
  settings: SettingsKeeper
}

export interface PlanService {
  /** The plan of the first start: the built-in sandbox, ready to run. */
  defaultPlan(): unknown
  /** Judges a raw plan and says what it would do; sends nothing. */
  check(raw: unknown): PlanCheck
}

/** Executes one plan at a time. */
export interface Runner {
  /**
   * Starts a run, or answers with the faults that keep it from starting.
   * @throws {ApiError} when a run is going already
   */
  start(raw: unknown, consent: Consent): Promise<CallResults['run.start']>
  /** First call: lets the sends in flight end. Second call: cuts them. Nothing happens without a run. */
  stop(): void
  current(): CallResults['run.current']
  /** About five snapshots a second while a run goes; none is composed without a listener. Returns how to end it. */
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void
  /** Told once per run, after its last snapshot. */
  onEnd(listener: (end: RunEnd) => void): () => void
}

/** The runs in the user's data folder. Every method that names a run throws an {@link ApiError} when there is none such. */
export interface RunHistory {
  /** Newest first. */
  list(): Promise<RunSummary[]>
  get(id: string): Promise<RunRecord>
  rename(id: string, name: string): Promise<void>
  delete(id: string): Promise<void>
  restore(id: string): Promise<void>
  export(id: string, format: ExportFormat): Promise<ExportedFile>
  /** Adds a run from untrusted text. */
  import(text: string): Promise<RunSummary>
  compare(a: string, b: string): Promise<RunComparison>
}

export interface ProbeTarget {
  host: string
  ports: number[]
  apiUrl: string | null
}

/** Passwords under names, kept by the system's keychain. */
export interface SecretKeeper {
  /** Whether there is a keychain to keep them. */
  available(): Promise<boolean>
  list(): Promise<string[]>
  /** @throws {ApiError} without a keychain */
  set(id: string, secret: string): Promise<void>
  delete(id: string): Promise<void>
  /** The secret itself, for the engine alone; null when there is none of that name. No call hands it to the page. */
  get(id: string): Promise<string | null>
}

export interface SettingsKeeper {
  get(): Settings
  set(settings: Settings): Promise<void>
}

/** What the page cannot do itself and only its surroundings can. */
export interface Host {
  mode: 'desktop' | 'serve'
  /** Lets the user pick a plan; null when they change their mind. */
  openPlan(): Promise<CallResults['plan.open']>
  /** Lets the user say where to, and writes; null when they change their mind. */
  saveFile(fileName: string, content: Uint8Array): Promise<string | null>
  openLink(url: string): Promise<void>
}

/** A refusal that the user is meant to read. Its text never holds a secret. */
export class ApiError extends Error {
  /** What to do about it. */
  readonly hint: string | null

  constructor(message: string, hint: string | null = null) {
    super(message)
    this.name = 'ApiError'
    this.hint = hint
  }
}
