import type { Delta } from '../record/delta.ts'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConcurrency } from '../../shared/plan/load-concurrency.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import type { Snapshot } from '../../shared/record/snapshot.ts'
import type { SweepRecord } from '../../shared/record/sweep-record.ts'
import { type SizedRun, sizeRounds } from '../../shared/insight/size-rounds.ts'
import { fitSweep, pointOf } from '../../shared/insight/sweep-fit.ts'
import { StoppedEarly } from '../record/until-stopped.ts'
import { claimRunFolder } from '../record/run-folder.ts'
import { startRun, type Run, type RunOptions } from './run.ts'
import { RoundOrder } from './round-order.ts'

/** The hard stop is that of each run. */
export interface SweepOptions extends Pick<
  RunOptions,
  'plan' | 'keychain' | 'fork' | 'workers' | 'maxMessages'
> {
  /** Round-trip times to emulate, ms, in the order in which the first round takes them. */
  rttsMs: readonly number[]
  /** Sizes of the message's text, bytes, each run at every RTT; left out for the plan's own. */
  sizesBytes?: readonly number[]
  /** Keeps the run of each RTT, in a folder `rtt-20` here; without it they are thrown away. */
  folder?: string
  /** Overwrite earlier runs in `folder`. */
  force?: boolean
  /** Hears what is known after each round of each run. */
  onPoint?: (record: SweepRecord) => void
  /** Hears what is measured, about once a second, and at which point; must not throw. */
  onDelta?: (delta: Delta, at: Step) => void
}

export interface SweepResult {
  record: SweepRecord
  /** The runs behind it, in order; only those that were measured when it was stopped. */
  runs: RunRecord[]
  stopped: boolean
  /** The hard stop ended one of its runs at least. */
  usedUp: boolean
}

/** What one run of a sweep differs in. */
export interface Step {
  rttMs: number
  /** Null where the sweep is not over sizes. */
  sizeBytes: number | null
}

/** Where a sweep is. */
export interface SweepProgress extends Step {
  /** Place of the round among those of all runs, from 1, and how many there are: one for each RTT and round. */
  step: number
  steps: number
  /** Of the run at this RTT; its progress is that of the round. */
  snapshot: Snapshot
}

/** A sweep that goes on. */
export interface Sweep {
  /** First call: lets sends in flight end. Second call: cuts them. Either way what was measured is fitted. */
  stop(): void
  /**
   * Settles exactly once.
   * @throws {RunError} when a run could not be made; {@link StoppedEarly} when it was stopped before its first send
   */
  readonly done: Promise<SweepResult>
}

/**
 * Runs a plan at several round-trip times and fits each transport's latency over them. The distances alternate round by
 * round: one after another, a machine that slows down meanwhile would look like more turns.
 */
export function startSweep(options: SweepOptions, onProgress: (progress: SweepProgress) => void): Sweep {
  const steps: Step[] = (options.sizesBytes ?? [null]).flatMap((sizeBytes) =>
    options.rttsMs.map((rttMs) => ({ rttMs, sizeBytes }))
  )
  let stops = 0
  let running: Run[] = []
  let release = (): void => undefined
  /** Runs that are over and written. */
  let runs = 0
  let usedUp = false

  async function execute(): Promise<SweepResult> {
    if (options.folder === undefined) {
      const folder = await mkdtemp(join(tmpdir(), 'chattermark-sweep-'))
      try {
        return await sweepInto(folder)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
    const claim = await claimRunFolder(options.folder, options.force ?? false)
    let isWorthless = true
    try {
      const result = await sweepInto(claim.path)
      await claim.commit()
      isWorthless = false
      return result
    } catch (error) {
      isWorthless = runs === 0
      throw error
    } finally {
      await claim.release(isWorthless)
    }
  }

  async function sweepInto(folder: string): Promise<SweepResult> {
    const records = await runAll(folder)
    return {
      record: recordOf(records),
      runs: records,
      stopped: stops > 0,
      usedUp
    }
  }

  function recordOf(runs: readonly RunRecord[]): SweepRecord {
    return sweepRecord(options.plan, runs, options.sizesBytes !== undefined)
  }

  async function runAll(folder: string): Promise<RunRecord[]> {
    const records: RunRecord[] = []
    for (const together of batches(steps)) {
      if (stops > 0) break
      records.push(...(await runTogether(folder, together, records)))
    }
    if (stops > 0 && records.length === 0) throw new StoppedEarly()
    return records.sort((a, b) => place(a) - place(b))
  }

  /** Runs at several distances that alternate, round by round. */
  async function runTogether(
    folder: string,
    together: readonly Step[],
    before: readonly RunRecord[]
  ): Promise<RunRecord[]> {
    const { rounds } = options.plan
    const order = new RoundOrder(together.length, rounds, (begun) => {
      now = begun
      const measured = [...before, ...soFar()]
      if (measured.length === 0) return
      options.onPoint?.(recordOf(measured))
    })
    let now = { runner: -1, round: 1, index: 0 }
    const soFar = (): RunRecord[] => running.flatMap((run) => run.soFar() ?? []).filter(hasSent)
    release = () => {
      order.open()
    }
    running = together.map((at, runner) => {
      const run = startOne(folder, at, (round) => order.take(runner, round))
      run.onSnapshot((snapshot) => {
        if (now.runner !== runner) return
        const progress = Math.min(1, Math.max(0, snapshot.progress * rounds - now.round + 1))
        const step = before.length * rounds + now.index + 1
        onProgress({
          ...at,
          step,
          steps: steps.length * rounds,
          snapshot: { ...snapshot, progress }
        })
      })
      return run
    })
    const results = await Promise.allSettled(
      running.map(async (run, runner) => {
        try {
          const result = await run.done
          runs++
          usedUp ||= result.usedUp
          return result.record
        } catch (error) {
          stopAll()
          throw error
        } finally {
          order.leave(runner)
        }
      })
    )
    const reasons = results.flatMap((result): unknown[] =>
      result.status === 'rejected' ? [result.reason] : []
    )
    // One that fails stops the others, whose early end is not what is to be told.
    const failure = reasons.find((reason) => !(reason instanceof StoppedEarly))
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- as it was thrown
    if (failure !== undefined) throw failure
    // What others have measured is not thrown away for one that was stopped before its first round.
    if (reasons.length > 0 && runs === 0) throw new StoppedEarly()
    const records = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    options.onPoint?.(recordOf([...before, ...records]))
    return records.filter(hasSent)
  }

  function startOne(folder: string, at: Step, beforeBlock: (round: number) => Promise<void>): Run {
    const { keychain, fork, workers, maxMessages } = options
    // A sweep is about distances to the peer: its points, which alternate, would want the same receiver.
    const plan = { ...options.plan }
    delete plan.delivery
    return startRun({
      ...{ keychain, fork, workers, maxMessages },
      plan: planOf(plan, at),
      folder: join(folder, runFolder(at.rttMs, at.sizeBytes)),
      force: false,
      collectSends: false,
      // All points on one path: what the link itself costs belongs to the intercept and not to the slope. One distance
      // alone has no slope, and TCP's window is that of the real path.
      alwaysLink: options.rttsMs.length > 1,
      beforeBlock,
      onDelta: (delta) => options.onDelta?.(delta, at)
    })
  }

  function place({ plan }: RunRecord): number {
    return steps.findIndex(
      ({ rttMs, sizeBytes }) =>
        rttMs === plan.emulate.rttMs && (sizeBytes === null || sizeBytes === plan.message.sizeBytes)
    )
  }

  function stopAll(): void {
    for (const run of running) run.stop()
    release()
  }

  return {
    stop() {
      stops++
      stopAll()
    },
    done: execute()
  }
}

/** Runs that alternate at most: each keeps its sandbox, link and threads meanwhile. */
const MOST_TOGETHER = 8

/** Steps in groups that alternate. Each group spans the whole range, so that drift between groups tilts no line. */
function batches(steps: readonly Step[]): Step[][] {
  const count = Math.ceil(steps.length / MOST_TOGETHER)
  return Array.from({ length: count }, (_, group) => steps.filter((_step, index) => index % count === group))
}

function hasSent({ transports }: RunRecord): boolean {
  return transports.some(({ counts }) => counts.sent > 0)
}

function planOf(plan: Plan, { rttMs, sizeBytes }: Step): Plan {
  const message = sizeBytes === null ? plan.message : { ...plan.message, sizeBytes }
  return { ...plan, message, emulate: { ...plan.emulate, rttMs } }
}

/** Name of the folder that keeps the run at an RTT, and with messages of a size. */
export function runFolder(rttMs: number, sizeBytes: number | null = null): string {
  return sizeBytes === null ? `rtt-${rttMs}` : `rtt-${rttMs}-size-${sizeBytes}`
}

/**
 * Fits each transport over runs of the same plan that differ in their emulated RTT, and over sizes beside that: then the
 * line is that of the smallest size. Over sizes at one distance there is none.
 */
function sweepRecord(plan: Plan, runs: readonly RunRecord[], overSizes = false): SweepRecord {
  const transports = plan.transports.map(({ name }, index) => {
    const measured = runs.flatMap((run): SizedRun[] => {
      const transport = run.transports[index]
      if (transport === undefined) return []
      return [{ rttMs: run.plan.emulate.rttMs, sizeBytes: run.plan.message.sizeBytes, transport }]
    })
    const concurrency = loadConcurrency(plan.load)
    if (!overSizes) return fitSweep(name, measured, concurrency)
    const smallest = Math.min(...measured.map(({ sizeBytes }) => sizeBytes))
    return {
      ...fitSweep(
        name,
        measured.filter(({ sizeBytes }) => sizeBytes === smallest),
        concurrency
      ),
      sizes: sizeRounds(measured),
      points: measured.map((run) => pointOf(run, run.sizeBytes))
    }
  })
  return { schema: 1, transports }
}
