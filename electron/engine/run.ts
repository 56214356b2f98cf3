import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { maskedPlan } from '../../shared/plan/masked-plan.ts'
import { loadConcurrency } from '../../shared/plan/load-concurrency.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { RunRecord, RunState } from '../../shared/record/run-record.ts'
import type { ErrorOf, Snapshot } from '../../shared/record/snapshot.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import type { Delta } from '../record/delta.ts'
import { Journal } from '../record/journal.ts'
import type { DeliveryBook } from '../record/delivery-book.ts'
import type { FolderClaim } from '../record/folder-claim.ts'
import { claimRunFolder, SendsFile, writeDeliveries, writeRun } from '../record/run-folder.ts'
import { loginRefusalText } from './login-refusal.ts'
import { AbortWatch } from './abort-watch.ts'
import { DeliveryWatch } from './delivery-watch.ts'
import { blocksOf, type BlockShare } from './block-plan.ts'
import { environment } from './environment.ts'
import { LiveView } from './live-view.ts'
import type { Crew, OpenCrew } from './crew.ts'
import { openLocalCrew } from './local-crew.ts'
import { messageOf, RunError } from '../record/run-error.ts'
import { newRunId } from '../record/run-id.ts'
import { createRecorder } from '../record/create-recorder.ts'
import type { RunRecorder } from '../record/run-recorder.ts'
import { StoppedEarly } from '../record/until-stopped.ts'
import type { Keychain } from './read-secret.ts'

/** How often listeners hear of a run, ms. */
const SNAPSHOT_MS = 200
/** How often a record is tried to be written that the disk did not take, ms. */
const WRITE_AGAIN_MS = 1000
/** How often the journal goes to the disk, ms. */
const JOURNAL_MS = 1000
/** Workers at most by default: one feeds some 30,000 sends a second, more are for many-core machines. */
const MAX_WORKERS = 4

export interface RunOptions {
  plan: Plan
  /** Who carries the blocks; by default the threads of this machine. */
  openCrew?: OpenCrew
  /** Places that may be lost before assertions fail; none by default. */
  allowLost?: number
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
  /** Hears what is measured, about once a second for each transport; must not throw. `place` is its name, where there are places. */
  onDelta?: (delta: Delta, place: string | null) => void
  /** Waited for before each block: lets several runs take turns. */
  beforeBlock?: (round: number) => Promise<void>
  /** Hears once of a record that the disk does not take. It is tried again until the disk does, or until {@link Run.stop}. */
  onUnwritten?: (message: string, record: RunRecord) => void
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
  /** First call: starts no more sends and lets those in flight end; cuts what is prepared. Second call: cuts them. */
  stop(): void
  /** The latest state: as listeners heard it, or composed anew when there are none. */
  snapshot(): Snapshot
  /** What is measured so far; null while preparing. */
  soFar(): RunRecord | null
  /** Rows of each transport's timeline so far. */
  timelines(): ReturnType<RunRecorder['timelines']>
  /** Every kind of error so far, with its conversations. */
  errors(): ErrorOf[]
  /** About five snapshots a second. Returns how to end it. */
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void
  /**
   * Settles exactly once, when the run is over and written.
   * @throws {RunError} when it could not run, or its record could not be written; {@link StoppedEarly} when it was
   * stopped before its first send
   */
  readonly done: Promise<RunResult>
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
  /** Transports whose login the peer does not know. */
  const refused = new Set<number>()
  let crew: Crew | undefined
  const preparing = new AbortController()
  let wake = (): void => undefined
  /** Adds up what is measured; undefined while preparing. */
  let counting: RunRecorder | undefined
  const startedAt = new Date().toISOString()
  const startedMs = performance.now()
  /** By the steady clock: the other one may be set back meanwhile. */
  const finishedAt = (): string =>
    new Date(Date.parse(startedAt) + performance.now() - startedMs).toISOString()

  const stop = (): void => {
    stops++
    view.stopping()
    preparing.abort()
    crew?.stop(stops > 1)
    wake()
  }

  async function execute(): Promise<RunResult> {
    const claim = await claimRunFolder(folder, options.force)
    let isWorthless = false
    try {
      const running = (crew = await (options.openCrew ?? openLocalCrew)({
        ...options,
        workers,
        collectSends: options.collectSends || plan.delivery !== undefined,
        maxMessages: options.maxMessages ?? Infinity,
        signal: preparing.signal
      }))
      return await measure(running, claim)
    } catch (error) {
      isWorthless = counting?.hasAccepted !== true
      throw isWorthless ? error : withKept(error, claim.path)
    } finally {
      await crew?.close()
      await claim.release(isWorthless)
    }
  }

  async function measure(running: Crew, claim: FolderClaim): Promise<RunResult> {
    const start = {
      ...{ id, startedAt, plan: maskedPlan(plan) },
      environment: environment(workers),
      transports: running.starts,
      places: [...running.places],
      allowLost: options.allowLost ?? 0
    }
    const recorder = (counting = createRecorder(start))
    const watch = new AbortWatch(plan)
    view.attach(recorder)
    const journal = new Journal(claim.path, start)
    const deliveries = await openDeliveries(running, recorder, journal)
    const sends = options.collectSends
      ? new SendsFile(
          claim.path,
          plan.transports.map(({ name }) => name)
        )
      : undefined
    if (stops > 0) running.stop(stops > 1)
    const timers = [
      setInterval(publish, SNAPSHOT_MS),
      setInterval(() => {
        journal.tryFlush()
        const missed = stops > 0 ? null : watch.missed(recorder)
        if (missed === null) return
        recorder.note(`The assertion “${missed}” ended the run before its plan was done.`)
        stop()
      }, JOURNAL_MS)
    ]
    try {
      for (const share of blocksOf(plan, running.workers)) {
        await options.beforeBlock?.(share.round)
        if (stops > 0) break
        if (refused.has(share.transport)) continue
        await runBlock(share, running, recorder, journal, sends, deliveries)
      }
      if (deliveries !== null) {
        view.stage('delivering')
        await deliveries.settle(() => stops > 0)
      }
    } finally {
      for (const timer of timers) clearInterval(timer)
      await deliveries?.close()
      journal.tryFlush()
      journal.close()
      await sends?.close()
    }
    if (stops > 0 && running.started() === 0) throw new StoppedEarly()
    const state = stops > 0 ? 'stopped' : 'finished'
    const record = recorder.record(state, finishedAt())
    publish()
    await writeAtLast(claim, record, recorder.deliveries)
    sends?.assertComplete()
    return { state, record, folder, usedUp }
  }

  async function openDeliveries(
    running: Crew,
    recorder: RunRecorder,
    journal: Journal
  ): Promise<DeliveryWatch | null> {
    const book = recorder.deliveries
    if (plan.delivery === undefined || book === null) return null
    try {
      return await DeliveryWatch.open({
        ...{ plan, delivery: plan.delivery, crew: running, book },
        ...{ keychain: options.keychain, fork: options.fork },
        onNews: (news) => {
          journal.append({ kind: 'delivery', news })
        }
      })
    } catch (error) {
      journal.close()
      throw error
    }
  }

  /** A disk that is full at the very end must not cost the run: it is held in memory until there is room, or a stop. */
  async function writeAtLast(
    claim: FolderClaim,
    record: RunRecord,
    deliveries: DeliveryBook | null
  ): Promise<void> {
    const stopsBefore = stops
    for (let attempt = 1; ; attempt++) {
      try {
        if (deliveries !== null) await writeDeliveries(claim.path, deliveries, plan)
        await writeRun(claim.path, record)
        await claim.commit()
        view.trouble(null)
        return
      } catch (error) {
        if (stops > stopsBefore) throw error
        const message = messageOf(error)
        view.trouble(message)
        if (attempt === 1) options.onUnwritten?.(message, record)
        const waking = new AbortController()
        wake = () => waking.abort()
        await sleep(WRITE_AGAIN_MS, null, { signal: waking.signal }).catch(() => undefined)
        publish()
      }
    }
  }

  async function runBlock(
    share: BlockShare,
    running: Crew,
    recorder: RunRecorder,
    journal: Journal,
    sends: SendsFile | undefined,
    deliveries: DeliveryWatch | null
  ): Promise<void> {
    const { transport, round } = share
    view.beginBlock(share)
    let refusal: string | null = null
    const ends = await running.runBlock(share, {
      onDelta: (delta, open, worker) => {
        recorder.addDelta(delta)
        journal.append({ kind: 'delta', delta })
        view.delta(delta, open, worker)
        options.onDelta?.(delta, running.places[delta.place ?? -1]?.name ?? null)
      },
      onSoFar: (end, worker) => {
        journal.append({ kind: 'block-so-far', transport, round, worker, end })
      },
      onStage: (stage) => {
        view.stage(stage)
      },
      onRefused: (code, sample) => {
        // After good answers a 401 or 403 is a limit's or a firewall's word, and counts as what it is: a rejection.
        if (round > 1 || recorder.counts(transport).accepted > 0) return
        const told = loginRefusalText(plan.transports[transport]?.name ?? '', code, sample)
        if (recorder.hasAccepted) {
          // What others have measured is not thrown away for it.
          refused.add(transport)
          recorder.note(`${told}; it was not tried any further.`)
          running.endBlock()
        } else {
          refusal = told
          running.stop(true)
        }
      },
      onSends: (rows, worker) => {
        sends?.add(`${round} ${transport} ${worker}`, rows)
        deliveries?.addSends(rows)
      },
      onLost: (place) => {
        recorder.addLoss(place, transport, round)
        journal.append({ kind: 'lost', place, transport, round })
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
      recorder.addBlockEnd(transport, round, end)
      journal.append({ kind: 'block-end', transport, round, end })
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
    snapshot: () => (listeners.size > 0 ? view.latest() : view.take()),
    soFar: () => counting?.record('crashed', new Date().toISOString()) ?? null,
    timelines: () => counting?.timelines() ?? [],
    errors: () => counting?.errors() ?? [],
    onSnapshot(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    done: execute()
  }
}

/** Tells where what was measured before the run broke off is. */
function withKept(error: unknown, path: string): unknown {
  if (!(error instanceof RunError)) return error
  return new RunError(
    `${error.message}\nWhat was measured before is kept; to see it: chattermark report ${path}`
  )
}

/** Worker threads for a plan: as asked, or by the machine, and no more than it has sends in flight. */
export function workerCount(plan: Plan, asked: number | undefined): number {
  const fitting = asked ?? Math.min(MAX_WORKERS, availableParallelism() - 1)
  return Math.max(1, Math.min(fitting, loadConcurrency(plan.load)))
}
