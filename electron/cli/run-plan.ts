import { join } from 'node:path'
import type { Plan } from '../../shared/plan/plan.ts'
import { StoppedEarly } from '../record/until-stopped.ts'
import { newRunId } from '../record/run-id.ts'
import type { OpenCrew } from '../engine/crew.ts'
import { startRun, type Run, type RunResult } from '../engine/run.ts'
import { noKeychain } from '../engine/read-secret.ts'
import { runsFolder } from '../store/data-folder.ts'
import { printJson, say } from './output.ts'
import { ProgressLine } from './progress.ts'
import { hearSignals } from './signals.ts'
import { withTelemetry, type Tell } from './telemetry.ts'

export interface RunPlanOptions {
  /** Folder for the run's files; the history's own when absent. */
  out?: string
  force: boolean
  sends: boolean
  workers?: number
  /** Hard stop: sends that may start. */
  maxMessages: number
  /** Who carries the blocks, and how many places may be lost; this machine by default. */
  openCrew?: OpenCrew
  allowLost?: number
  /** Base URL of a receiver of OTLP; the environment may name one as well. */
  otlp?: string
}

export interface RunPlanResult extends RunResult {
  interrupted: boolean
  /** The record is on stdout already: for a while the disk did not take it. */
  isPrinted: boolean
}

/**
 * Runs a plan with a progress line. Ctrl-C ends it in order: sends in flight may end, results are
 * written. A second one cuts them, and what was measured is written at once.
 * @throws {RunError} when it could not run
 */
export function runPlan(plan: Plan, options: RunPlanOptions): Promise<RunPlanResult> {
  const id = newRunId()
  return withTelemetry({ plan, url: options.otlp, id }, (tell) => runAndTell(plan, options, id, tell))
}

async function runAndTell(
  plan: Plan,
  options: RunPlanOptions,
  id: string,
  tell: Tell
): Promise<RunPlanResult> {
  const progress = new ProgressLine()
  let isPrinted = false
  const run = startRun({
    plan,
    onUnwritten: (message, record) => {
      isPrinted = true
      progress.clear()
      say(`${message}\nIts record goes to stdout, and is tried to be written every second until Ctrl-C.`)
      printJson(record)
    },
    id,
    folder: options.out ?? join(runsFolder(), id),
    force: options.force,
    collectSends: options.sends,
    maxMessages: options.maxMessages,
    keychain: noKeychain,
    onDelta: tell,
    ...(options.openCrew === undefined ? {} : { openCrew: options.openCrew }),
    ...(options.allowLost === undefined ? {} : { allowLost: options.allowLost }),
    ...(options.workers === undefined ? {} : { workers: options.workers })
  })
  run.onSnapshot((snapshot) => {
    progress.show(snapshot)
  })
  const signals = listenForSignals(run, `what is in flight, for ${plan.timeoutSeconds} s a wait at most,`)
  try {
    const result = await run.done
    return { ...result, interrupted: signals.count() > 0, isPrinted }
  } finally {
    progress.clear()
    signals.stop()
  }
}

/**
 * Does what a Ctrl-C, SIGTERM or SIGHUP cuts at once.
 * @throws {StoppedEarly} when it was cut
 */
export async function untilSignal<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interrupt = new AbortController()
  const stopHearing = hearSignals(() => interrupt.abort())
  try {
    return await work(interrupt.signal)
  } catch (error) {
    throw interrupt.signal.aborted ? new StoppedEarly() : error
  } finally {
    stopHearing()
  }
}

/** A terminal that closes, `timeout` and service managers send two signals by themselves, so soon after each other at most, ms. */
const ECHO_MS = 1000

/**
 * Hands each Ctrl-C on to what is running, until told to stop listening; SIGTERM and SIGHUP count as one, and their echo
 * as none.
 * @param waitingFor what the first one waits for, in words
 */
export function listenForSignals(
  run: Pick<Run, 'stop'>,
  waitingFor = 'what is in flight'
): { count: () => number; stop: () => void } {
  let count = 0
  let last: { name: NodeJS.Signals; ms: number } | null = null
  const onSignal = (name: NodeJS.Signals): void => {
    const ms = performance.now()
    const isEcho = name !== 'SIGINT' && last !== null && last.name !== 'SIGINT' && ms - last.ms < ECHO_MS
    last = { name, ms }
    if (isEcho) return
    count++
    if (count === 1) say(`\nStopping: ${waitingFor} is waited for; Ctrl-C once more cuts it.`)
    run.stop()
  }
  return { count: () => count, stop: hearSignals(onSignal) }
}
