import { join } from 'node:path'
import type { Plan } from '../../shared/plan.ts'
import { RunError } from '../engine/run-error.ts'
import { newRunId, startRun, type Run, type RunResult } from '../engine/run.ts'
import { noKeychain } from '../engine/secrets.ts'
import { runsFolder } from '../store/data-folder.ts'
import { CommandError, EXIT } from './exit.ts'
import { ProgressLine } from './progress.ts'

export interface RunPlanOptions {
  /** Folder for the run's files; the history's own when absent. */
  out?: string
  force: boolean
  sends: boolean
  workers?: number
  /** Hard stop: sends that may start. */
  maxMessages: number
}

export interface RunPlanResult extends RunResult {
  interrupted: boolean
}

/**
 * Runs a plan with a progress line. Ctrl-C ends it in order: sends in flight may end, results are
 * written. A second one cuts them, and what was measured is written at once.
 * @throws {CommandError} when it could not run
 */
export async function runPlan(plan: Plan, options: RunPlanOptions): Promise<RunPlanResult> {
  const id = newRunId()
  const run = startRun({
    plan,
    id,
    folder: options.out ?? join(runsFolder(), id),
    force: options.force,
    collectSends: options.sends,
    maxMessages: options.maxMessages,
    keychain: noKeychain,
    ...(options.workers === undefined ? {} : { workers: options.workers })
  })
  const progress = new ProgressLine()
  run.onSnapshot((snapshot) => {
    progress.show(snapshot)
  })
  const signals = listenForSignals(run)
  try {
    const result = await run.done
    return { ...result, interrupted: signals.count() > 0 }
  } catch (error) {
    if (error instanceof RunError) throw new CommandError(EXIT.couldNotRun, error.message)
    throw error
  } finally {
    progress.clear()
    signals.stop()
  }
}

/** Hands each Ctrl-C on to what is running, until told to stop listening. */
export function listenForSignals(run: Pick<Run, 'stop'>): { count: () => number; stop: () => void } {
  let count = 0
  const onSignal = (): void => {
    count++
    run.stop()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return {
    count: () => count,
    stop: () => {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
    }
  }
}
