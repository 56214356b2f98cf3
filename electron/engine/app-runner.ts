import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parsePlan } from '../../shared/plan.ts'
import type { CallResults, Consent } from '../../shared/ipc.ts'
import type { RunEnd, Snapshot } from '../../shared/snapshot.ts'
import { ApiError, type Runner } from '../api/services.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import { requireConsent } from './consent.ts'
import { newRunId, startRun, type Run } from './run.ts'
import type { Keychain } from './secrets.ts'

export interface AppRunnerOptions {
  keychain: Keychain
  /** Where the runs go, a folder each. */
  runsFolder: string
  fork?: ForkProcess
}

/** Runs plans for the app, one at a time, into the history. */
export class AppRunner implements Runner {
  readonly #options: AppRunnerOptions
  /** Each listener with how to end its subscription to the run that goes on, if one does. */
  readonly #snapshotListeners = new Map<(snapshot: Snapshot) => void, (() => void) | undefined>()
  readonly #endListeners = new Set<(end: RunEnd) => void>()
  #run: Run | null = null

  constructor(options: AppRunnerOptions) {
    this.#options = options
  }

  start(raw: unknown, consent: Consent): Promise<CallResults['run.start']> {
    if (this.#run !== null) throw new ApiError('A run is going already.', 'Stop it, or wait for its end.')
    const parsed = parsePlan(raw)
    if (!parsed.ok) return Promise.resolve({ ok: false, faults: parsed.faults })
    requireConsent(parsed.plan, consent)
    const id = newRunId()
    const { runsFolder, ...options } = this.#options
    const run = startRun({
      plan: parsed.plan,
      id,
      folder: join(runsFolder, id),
      force: false,
      collectSends: false,
      ...options
    })
    this.#run = run
    for (const listener of this.#snapshotListeners.keys()) {
      this.#snapshotListeners.set(listener, run.onSnapshot(listener))
    }
    void this.#finish(run)
    return Promise.resolve({ ok: true, runId: id })
  }

  stop(): void {
    this.#run?.stop()
  }

  current(): CallResults['run.current'] {
    if (this.#run === null) return null
    return { snapshot: this.#run.snapshot(), timelines: this.#run.timelines() }
  }

  onSnapshot(listener: (snapshot: Snapshot) => void): () => void {
    this.#snapshotListeners.set(listener, this.#run?.onSnapshot(listener))
    return () => {
      this.#snapshotListeners.get(listener)?.()
      this.#snapshotListeners.delete(listener)
    }
  }

  onEnd(listener: (end: RunEnd) => void): () => void {
    this.#endListeners.add(listener)
    return () => {
      this.#endListeners.delete(listener)
    }
  }

  async #finish(run: Run): Promise<void> {
    let end: RunEnd
    try {
      const { state } = await run.done
      end = { runId: run.id, state, message: null, hasRecord: true }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      end = { runId: run.id, state: 'failed', message, hasRecord: existsSync(run.folder) }
    }
    this.#run = null
    for (const listener of this.#endListeners) listener(end)
  }
}
