import type {
  CallArgs,
  CallResults,
  ConnectionTest,
  Consent,
  Drafts,
  ExportedFile,
  ExportFormat,
  PlacesList,
  PlanCheck,
  RunComparison,
  RunMark,
  RunSummary,
  Settings
} from '../../shared/page/ipc.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { ExplainRecord } from '../../shared/record/explain-record.ts'
import type { ProbePort, ProbeRecord } from '../../shared/record/probe-record.ts'
import type { HistoryRecord } from '../../shared/record/study-record.ts'
import type { LiveStudy } from '../../shared/page/live-study.ts'
import type { RunEnd, Snapshot } from '../../shared/record/snapshot.ts'

/** Everything the API stands on. All of it is free of Electron, so that the desktop and `serve` share it. */
export interface Services {
  /** Version of the program, and what the environment of a run record would say. */
  version: string
  environment: Record<string, string>
  plans: PlanService
  runner: Runner
  runs: RunHistory
  /** Tries the ports; `onPort` hears each as soon as it is known. */
  probe(target: CallArgs<'probe.start'>[0], onPort: (port: ProbePort) => void): Promise<ProbeRecord>
  explain(plan: Plan, consent: Consent): Promise<ExplainRecord>
  /** Connects once over each transport and logs in; nothing is sent. */
  test(plan: Plan, consent: Consent): Promise<ConnectionTest>
  secrets: SecretKeeper
  settings: SettingsKeeper
  /** The agents that are there, on the server of the settings. */
  places(): Promise<PlacesList>
  /** Plans that are open in Set up. */
  drafts: { get(): Drafts; set(drafts: Drafts): void }
}

export interface PlanService {
  /** The plan of the first start: the built-in sandbox, ready to run. */
  defaultPlan(): unknown
  /** Judges a raw plan and says what it would do; sends nothing. */
  check(raw: unknown, study?: unknown): PlanCheck
}

/** Executes one plan at a time. */
export interface Runner {
  /**
   * Starts a run, or a study where one is asked for, or answers with the faults that keep it from starting.
   * @param places names of the places that it is sent from; none for this machine
   * @throws {ApiError} when a run is going already, or cannot go at places
   */
  start(
    raw: unknown,
    consent: Consent,
    study?: unknown,
    places?: readonly string[]
  ): Promise<CallResults['run.start']>
  /** First call: lets the sends in flight end. Second call: cuts them. Nothing happens without a run. */
  stop(): void
  current(): CallResults['run.current']
  /** Errors of the run that goes on, with their conversations; none without one. */
  errors(): CallResults['run.errors']
  /** About five snapshots a second while a run goes that compares; none is composed without a listener. Returns how to end it. */
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void
  /** About five states a second while a study goes, and at its every step. */
  onStudy(listener: (study: LiveStudy) => void): () => void
  /** Told once per run or study, after its last snapshot. */
  onEnd(listener: (end: RunEnd) => void): () => void
}

/** The runs in the user's data folder. Every method that names a run throws an {@link ApiError} when there is none such. */
export interface RunHistory {
  /** Newest first. */
  list(): Promise<RunSummary[]>
  get(id: string): Promise<HistoryRecord>
  rename(id: string, name: string): Promise<void>
  /**
   * Keeps the reader's own words about a run, or whether others are held against it. A plan has one baseline for each
   * kind of question: the one before gives way.
   */
  mark(id: string, mark: RunMark): Promise<void>
  delete(id: string): Promise<void>
  restore(id: string): Promise<void>
  /** Ends the time in which what was deleted here can be restored, before it returns; what a program left that is no longer there goes too. */
  emptyBin(): Promise<void>
  export(id: string, format: ExportFormat): Promise<ExportedFile>
  /** Adds a run from untrusted text. */
  import(text: string): Promise<RunSummary>
  /** @param pairs names of transports that belong together, where they are called differently */
  compare(a: string, b: string, pairs: readonly (readonly [string, string])[]): Promise<RunComparison>
}

/** Passwords under names, kept by the system's keychain. */
export interface SecretKeeper {
  /** Whether there is a keychain to keep them. */
  available(): Promise<boolean>
  list(): Promise<string[]>
  /**
   * @param host the only one that may get it; bound to the first that asks when it is left out
   * @throws {ApiError} without a keychain
   */
  set(id: string, secret: string, host?: string): Promise<void>
  delete(id: string): Promise<void>
  /** The secret itself, for the engine alone; null when there is none of that name. No call hands it to the page. */
  get(id: string, host: string): Promise<string | null>
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
