import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import type { CallResults, Consent } from '../../shared/page/ipc.ts'
import type { LiveStudy } from '../../shared/page/live-study.ts'
import type { RunEnd, Snapshot } from '../../shared/record/snapshot.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { parseStudy } from '../../shared/plan/study.ts'
import { messageOf } from '../record/run-error.ts'
import { ApiError, type Runner } from './services.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import { requireConsent } from './consent.ts'
import type { KnownSecrets } from '../store/known-secrets.ts'
import { StoppedEarly } from '../record/until-stopped.ts'
import { newRunId } from '../record/run-id.ts'
import type { OpenCrew } from '../engine/crew.ts'
import type { ServerOptions } from '../places/server.ts'
import { startRun, type Run } from '../engine/run.ts'
import type { Keychain } from '../engine/read-secret.ts'
import { startStudy, type StudyRun } from './study-run.ts'

export interface AppRunnerOptions {
  keychain: Keychain
  known: KnownSecrets
  /** Where the runs go, a folder each. */
  runsFolder: string
  fork?: ForkProcess
  /** Where agents are found; null for nowhere. */
  server: () => ServerOptions | null
}

/** What goes on: one run or one study at a time. */
type Going = { kind: 'compare'; plan: Plan; run: Run } | { kind: 'study'; run: StudyRun }

/** Runs plans for the app, one at a time, into the history. */
export class AppRunner implements Runner {
  readonly #options: AppRunnerOptions
  /** Each listener with how to end its subscription to what goes on, if it is of its kind. */
  readonly #snapshotListeners = new Map<(snapshot: Snapshot) => void, (() => void) | undefined>()
  readonly #studyListeners = new Map<(study: LiveStudy) => void, (() => void) | undefined>()
  readonly #endListeners = new Set<(end: RunEnd) => void>()
  #going: Going | null = null

  constructor(options: AppRunnerOptions) {
    this.#options = options
  }

  async start(
    raw: unknown,
    consent: Consent,
    rawStudy: unknown = null,
    places: readonly string[] = []
  ): Promise<CallResults['run.start']> {
    this.#assertIdle()
    const parsed = parsePlan(raw)
    const asked = parseStudy(rawStudy)
    if (!parsed.ok || !asked.ok) {
      const faults = [...(parsed.ok ? [] : parsed.faults), ...(asked.ok ? [] : asked.faults)]
      return { ok: false, faults }
    }
    if (places.length > 0 && asked.study !== null && asked.study.kind !== 'capacity') {
      throw new ApiError(
        'Several places are distances of their own: none is emulated for them.',
        'Compare at these places, or choose this machine.'
      )
    }
    const openCrew = places.length === 0 ? undefined : await this.#crewOf(places)
    this.#assertIdle()
    const { plan } = parsed
    const maxMessages = requireConsent(plan, consent, this.#options.known)
    const id = newRunId()
    const { keychain, runsFolder, fork } = this.#options
    const common = { plan, id, folder: join(runsFolder, id), keychain, maxMessages, fork, openCrew }
    const going: Going =
      asked.study === null
        ? { kind: 'compare', plan, run: startRun({ ...common, force: false, collectSends: false }) }
        : { kind: 'study', run: startStudy({ ...common, study: asked.study }) }
    this.#going = going
    for (const listener of this.#snapshotListeners.keys()) {
      this.#snapshotListeners.set(listener, this.#listen(listener))
    }
    for (const listener of this.#studyListeners.keys()) {
      this.#studyListeners.set(listener, this.#listenToStudy(listener))
    }
    void this.#finish(going.run)
    return { ok: true, runId: id }
  }

  stop(): void {
    this.#going?.run.stop()
  }

  current(): CallResults['run.current'] {
    switch (this.#going?.kind) {
      case 'compare': {
        const { plan, run } = this.#going
        return { kind: 'compare', plan, snapshot: run.snapshot(), timelines: run.timelines() }
      }
      case 'study':
        return { kind: 'study', study: this.#going.run.live() }
      case undefined:
        return null
    }
  }

  errors(): CallResults['run.errors'] {
    return this.#going?.kind === 'compare' ? this.#going.run.errors() : []
  }

  onSnapshot(listener: (snapshot: Snapshot) => void): () => void {
    this.#snapshotListeners.set(listener, this.#listen(listener))
    return () => {
      this.#snapshotListeners.get(listener)?.()
      this.#snapshotListeners.delete(listener)
    }
  }

  onStudy(listener: (study: LiveStudy) => void): () => void {
    this.#studyListeners.set(listener, this.#listenToStudy(listener))
    return () => {
      this.#studyListeners.get(listener)?.()
      this.#studyListeners.delete(listener)
    }
  }

  onEnd(listener: (end: RunEnd) => void): () => void {
    this.#endListeners.add(listener)
    return () => {
      this.#endListeners.delete(listener)
    }
  }

  #listen(listener: (snapshot: Snapshot) => void): (() => void) | undefined {
    return this.#going?.kind === 'compare' ? this.#going.run.onSnapshot(listener) : undefined
  }

  #listenToStudy(listener: (study: LiveStudy) => void): (() => void) | undefined {
    return this.#going?.kind === 'study' ? this.#going.run.onLive(listener) : undefined
  }

  #assertIdle(): void {
    if (this.#going !== null) throw new ApiError('A run is going already.', 'Stop it, or wait for its end.')
  }

  /** The agents' side is loaded when it is first wanted: it takes longer than the rest of a start. */
  async #crewOf(places: readonly string[]): Promise<OpenCrew> {
    const server = this.#options.server()
    if (server === null) throw new ApiError('No server is set on which agents could be found.')
    const { placesCrew } = await import('../places/places-crew.ts')
    return placesCrew({ server, places })
  }

  async #finish(run: Run | StudyRun): Promise<void> {
    let end: RunEnd
    try {
      const { state } = await run.done
      end = { runId: run.id, state, message: null, hasRecord: true }
    } catch (error) {
      const message = messageOf(error)
      const state = error instanceof StoppedEarly ? 'stopped' : 'failed'
      end = { runId: run.id, state, message, hasRecord: existsSync(run.folder) }
    }
    this.#going = null
    for (const listener of this.#endListeners) listener(end)
  }
}
