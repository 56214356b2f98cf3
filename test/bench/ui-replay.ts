import { setTimeout as sleep } from 'node:timers/promises'
import type { Runner } from '../../electron/api/services.ts'
import type { Snapshot } from '../../shared/record/snapshot.ts'
import { SNAPSHOTS_PER_SECOND, type Recording, type RunSoFar } from './ui-recording.ts'

/** Plays a recording to whoever listens, as a runner of the app would while the run goes on. */
export class ReplayRunner implements Runner {
  readonly #recording: Recording
  readonly #listeners = new Set<(snapshot: Snapshot) => void>()
  #played = 1

  constructor(recording: Recording) {
    this.#recording = recording
  }

  /** Plays on until this share of the run, 0 to 1, at so many times its own speed. A late start is caught up with. */
  async playUntil(share: number, speed: number): Promise<void> {
    const { snapshots } = this.#recording
    const [first, startMs] = [this.#played, performance.now()]
    while (this.#played < snapshots.length * share) {
      const dueMs = startMs + ((this.#played - first + 1) * 1000) / SNAPSHOTS_PER_SECOND / speed
      await sleep(Math.max(0, dueMs - performance.now()))
      const snapshot = snapshots[this.#played++]
      for (const listener of this.#listeners) if (snapshot !== undefined) listener(snapshot)
    }
  }

  /** What a page asks for that joins while the run goes on: the whole seconds so far, and the state now. */
  current(): RunSoFar | null {
    const snapshot = this.#recording.snapshots[this.#played - 1]
    if (snapshot === undefined) return null
    const second = Math.floor(snapshot.elapsedMs / 1000)
    const timelines = this.#recording.timelines.map(({ name, rows, rounds }) => ({
      name,
      rounds: rounds.filter(({ startedMs }) => startedMs < second * 1000),
      rows: rows.filter((row) => row.second < second)
    }))
    return { kind: 'compare', plan: this.#recording.plan, snapshot, timelines }
  }

  onSnapshot(listener: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  errors(): [] {
    return []
  }

  onStudy(): () => void {
    return () => undefined
  }

  start(): never {
    throw new Error('a replay cannot be started from the page')
  }

  stop(): void {
    throw new Error('a replay cannot be stopped from the page')
  }

  onEnd(): () => void {
    return () => undefined
  }
}
