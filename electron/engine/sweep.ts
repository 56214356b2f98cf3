import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Plan } from '../../shared/plan.ts'
import type { RunRecord, TransportRecord } from '../../shared/run-record.ts'
import type { Snapshot } from '../../shared/snapshot.ts'
import { mean } from '../../shared/statistics.ts'
import { fitSweep, type SweepPoint, type SweepRecord } from '../../shared/sweep.ts'
import { medianTurns } from '../../shared/what-if.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import { startRun, type Run } from './run.ts'
import type { Keychain } from './secrets.ts'

export interface SweepOptions {
  plan: Plan
  /** Round-trip times to emulate, ms, in the order in which they are run. */
  rttsMs: readonly number[]
  keychain: Keychain
  fork?: ForkProcess
  workers?: number
  /** Hard stop for each run: sends that may start. */
  maxMessages?: number
  /** Keeps the run of each RTT, in a folder `rtt-20` here; without it they are thrown away. */
  folder?: string
  /** Overwrite earlier runs in `folder`. */
  force?: boolean
}

export interface SweepResult {
  record: SweepRecord
  /** The runs behind it, in order; only those that were measured when it was stopped. */
  runs: RunRecord[]
  stopped: boolean
}

/** Where a sweep is. */
export interface SweepProgress {
  rttMs: number
  /** Place of the RTT, from 1, and how many there are. */
  step: number
  steps: number
  snapshot: Snapshot
}

/** A sweep that goes on. */
export interface Sweep {
  /** First call: lets sends in flight end. Second call: cuts them. Either way what was measured is fitted. */
  stop(): void
  /**
   * Settles exactly once.
   * @throws {RunError} when a run could not be made
   */
  readonly done: Promise<SweepResult>
}

/** Runs a plan at several round-trip times, one after another, and fits each transport's latency over them. */
export function startSweep(options: SweepOptions, onProgress: (progress: SweepProgress) => void): Sweep {
  let stops = 0
  let run: Run | null = null

  async function execute(): Promise<SweepResult> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'chattermark-sweep-')))
    try {
      const runs = await runAll(folder)
      return { record: sweepRecord(options.plan, runs), runs, stopped: stops > 0 }
    } finally {
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true })
    }
  }

  async function runAll(folder: string): Promise<RunRecord[]> {
    const runs: RunRecord[] = []
    const { rttsMs, ...rest } = options
    for (const [index, rttMs] of rttsMs.entries()) {
      if (stops > 0) break
      run = startRun({
        ...rest,
        plan: { ...options.plan, emulate: { rttMs } },
        folder: join(folder, runFolder(rttMs)),
        force: options.force ?? false,
        collectSends: false,
        // All points on one path: what the link itself costs belongs to the intercept and not to the slope.
        alwaysLink: true
      })
      run.onSnapshot((snapshot) => {
        onProgress({ rttMs, step: index + 1, steps: rttsMs.length, snapshot })
      })
      runs.push((await run.done).record)
    }
    return runs
  }

  return {
    stop() {
      stops++
      run?.stop()
    },
    done: execute()
  }
}

/** Name of the folder that keeps the run at an RTT. */
export function runFolder(rttMs: number): string {
  return `rtt-${rttMs}`
}

/** Fits each transport over runs of the same plan that differ in their emulated RTT. */
export function sweepRecord(plan: Plan, runs: readonly RunRecord[]): SweepRecord {
  const transports = plan.transports.map(({ name }, index) => {
    const measured = runs.flatMap((run) => {
      const transport = run.transports[index]
      return transport === undefined ? [] : [{ rttMs: run.plan.emulate.rttMs, transport }]
    })
    const turns = measured.flatMap(({ transport }) => medianTurns(transport) ?? [])
    return fitSweep(
      name,
      turns.length === 0 ? null : mean(turns),
      measured.map(({ rttMs, transport }) => pointOf(rttMs, transport))
    )
  })
  return { schema: 1, transports }
}

function pointOf(rttMs: number, { counts, response, service }: TransportRecord): SweepPoint {
  return { rttMs, n: counts.accepted, p50: response.p50, serviceP50: service.p50 }
}
