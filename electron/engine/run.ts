import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { loadConcurrency, type Plan } from '../../shared/plan.ts'
import type { RunRecord, RunState } from '../../shared/run-record.ts'
import type { Snapshot } from '../../shared/snapshot.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import { Journal } from '../store/journal.ts'
import { createRunFolder, discardRunFolder, SendsFile, writeRun } from '../store/run-folder.ts'
import { BlockPlan, type BlockShare } from './block-plan.ts'
import { environment } from './environment.ts'
import { LiveView } from './live-view.ts'
import { prepare, type Prepared } from './prepare.ts'
import { RunError } from './run-error.ts'
import { RunRecorder, type RunStart } from './run-recorder.ts'
import { errorCode, type Keychain } from './secrets.ts'
import { WorkerPool } from './worker-pool.ts'

/** How often listeners hear of a run, ms. */
const SNAPSHOT_MS = 200
/** How often the journal goes to the disk, ms. */
const JOURNAL_MS = 1000
/** Workers at most by default: one feeds some 30,000 sends a second, more are for many-core machines. */
const MAX_WORKERS = 4

export interface RunOptions {
  plan: Plan
  /** Folder for the run's files; made here. */
  folder: string
  /** Overwrite an earlier run in `folder`. */
  force: boolean
  /** Also write `sends.csv`. */
  collectSends: boolean
  keychain: Keychain
  fork?: ForkProcess
  /** Run through the delay link even where the plan emulates no distance, for runs that are compared with such that do. */
  alwaysLink?: boolean
  /** Worker threads; by default one core is left to everything else. */
  workers?: number
  /** Hard stop: sends that may start in the whole run, warm-up and all; no limit by default. */
  maxMessages?: number
  id?: string
}

export interface RunResult {
  state: RunState
  record: RunRecord
  folder: string
  /** The hard stop ended it. */
  usedUp: boolean
}

/** A run that goes on. */
export interface Run {
  readonly id: string
  readonly folder: string
  /** First call: starts no more sends and lets those in flight end. Second call: cuts them. */
  stop(): void
  /** The latest state; composed only when asked for. */
  snapshot(): Snapshot
  /** Rows of each transport's timeline so far. */
  timelines(): ReturnType<RunRecorder['timelines']>
  /** About five snapshots a second. Returns how to end it. */
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void
  /**
   * Settles exactly once, when the run is over and written.
   * @throws {RunError} when it could not run, or its record could not be written
   */
  readonly done: Promise<RunResult>
}

/** An id that sorts by time: `20261123-140259-1f3a`. */
export function newRunId(): string {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${stamp}-${randomBytes(2).toString('hex')}`
}

/** Starts a validated plan. Nothing is sent before every transport has passed its preflight. */
export function startRun(options: RunOptions): Run {
  const { plan, folder } = options
  const id = options.id ?? newRunId()
  const workers = workerCount(plan, options.workers)
  const view = new LiveView(id, plan)
  const listeners = new Set<(snapshot: Snapshot) => void>()
  let stops = 0
  let usedUp = false
  let pool: WorkerPool | undefined
  /** Whether there is anything worth keeping should the run fail. */
  let accepted = (): boolean => false

  const stop = (): void => {
    stops++
    view.stopping()
    pool?.stop(stops > 1)
  }

  async function execute(): Promise<RunResult> {
    const startedAt = new Date().toISOString()
    await createRunFolder(folder, options.force)
    let prepared: Prepared | undefined
    try {
      prepared = await prepare(plan, options)
      return await measure(prepared, startedAt)
    } catch (error) {
      if (!accepted()) await discardRunFolder(folder)
      throw error
    } finally {
      await pool?.close()
      await prepared?.close()
    }
  }

  async function measure(prepared: Prepared, startedAt: string): Promise<RunResult> {
    const start = { id, startedAt, environment: environment(workers), plan, transports: prepared.starts }
    const recorder = new RunRecorder(start)
    accepted = () => recorder.hasAccepted
    view.attach(recorder)
    const running = (pool = await WorkerPool.open({
      plan,
      transports: prepared.transports,
      workers,
      collectSends: options.collectSends,
      maxMessages: options.maxMessages ?? Infinity
    }))
    const journal = openJournal(folder, start)
    const sends = options.collectSends
      ? new SendsFile(
          folder,
          plan.transports.map(({ name }) => name)
        )
      : undefined
    if (stops > 0) running.stop(stops > 1)
    const timers = [
      setInterval(publish, SNAPSHOT_MS),
      setInterval(() => {
        writeJournal(journal)
      }, JOURNAL_MS)
    ]
    try {
      for (const share of new BlockPlan(plan, workers)) {
        if (stops > 0) break
        await runBlock(share, running, recorder, journal, sends)
      }
    } finally {
      for (const timer of timers) clearInterval(timer)
      writeJournal(journal)
      journal.close()
      await sends?.close()
    }
    const state = stops > 0 ? 'stopped' : 'finished'
    const record = recorder.record(state, new Date().toISOString())
    publish()
    await writeRun(folder, record)
    sends?.assertComplete()
    return { state, record, folder, usedUp }
  }

  async function runBlock(
    share: BlockShare,
    running: WorkerPool,
    recorder: RunRecorder,
    journal: Journal,
    sends: SendsFile | undefined
  ): Promise<void> {
    view.beginBlock(share)
    let refusal: string | null = null
    const ends = await running.runBlock(share, {
      onDelta: (delta, open, worker) => {
        recorder.addDelta(delta)
        journal.delta(delta)
        view.delta(delta, open, worker)
      },
      onSoFar: (end, worker) => {
        journal.blockSoFar(share.transport, share.round, worker, end)
      },
      onStage: (stage) => {
        view.stage(stage)
      },
      onRefused: (code, sample) => {
        if (share.round > 1) return
        refusal = `${plan.transports[share.transport]?.name ?? ''}: the peer refused the login with ${code}: ${sample}`
        running.stop(true)
      },
      onSends: (rows, worker) => {
        sends?.add(`${share.round} ${share.transport} ${worker}`, rows)
      },
      onUsedUp: () => {
        usedUp = true
        recorder.note(
          `The hard stop of ${options.maxMessages} messages ended the run before its plan was done.`
        )
        if (stops === 0) stop()
      }
    })
    if (refusal !== null) throw new RunError(refusal)
    for (const end of ends) {
      recorder.addBlockEnd(share.transport, share.round, end)
      journal.blockEnd(share.transport, share.round, end)
    }
    view.endBlock(share)
  }

  function publish(): void {
    if (listeners.size === 0) return
    const snapshot = view.take()
    for (const listener of listeners) listener(snapshot)
  }

  return {
    id,
    folder,
    stop,
    snapshot: () => view.take(),
    timelines: () => view.timelines(),
    onSnapshot(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    done: execute()
  }
}

/** @throws {RunError} when the disk refuses from the start */
function openJournal(folder: string, start: RunStart): Journal {
  try {
    return new Journal(folder, start)
  } catch (error) {
    throw new RunError(`nothing can be written to ${folder} (${errorCode(error)}); nothing was sent`)
  }
}

/** A disk that refuses must not end a measurement: the lines are tried again, and writing the record tells of it aloud. */
function writeJournal(journal: Journal): void {
  try {
    journal.flush()
  } catch {
    return
  }
}

/** Worker threads for a plan: as asked, or by the machine, and no more than it has sends in flight. */
export function workerCount(plan: Plan, asked: number | undefined): number {
  const fitting = asked ?? Math.min(MAX_WORKERS, availableParallelism() - 1)
  return Math.max(1, Math.min(fitting, loadConcurrency(plan.load)))
}
