import type { LiveStudy } from '../../shared/page/live-study.ts'
import type { RunEnd, Snapshot } from '../../shared/record/snapshot.ts'
import type { Client } from '../stores/client.ts'
import { LaneSeries } from '../lanes/lane-series.ts'

/** Snapshots come this often; more are not drawn. */
const SHOW_EVERY_MS = 180
const MISSED = 'It ended while the connection to Chattermark was lost, and nothing was kept of it.'

/**
 * The run that goes on, or the last one that ended. Figures are kept while the window is hidden, but what the
 * screen reads (`snapshot`, `drawn`) only moves while it is visible: nothing is drawn for nobody.
 */
export class LiveRun {
  snapshot = $state.raw<Snapshot | null>(null)
  /** The study that goes on, or the last one; null where transports are compared. */
  study = $state.raw<LiveStudy | null>(null)
  end = $state.raw<RunEnd | null>(null)
  /** How often Stop was pressed here. */
  #pressed = $state(0)
  /** How often Stop was pressed, here or in another page as far as is known: once ends in order, twice cuts. */
  readonly stops = $derived(Math.max(this.#pressed, this.#isStopping() ? 1 : 0))
  /** Counts the states that were shown; charts redraw when it moves. */
  drawn = $state(0)
  /** Whether a run goes on; it moves even while the window is hidden. */
  active = $state(false)

  /** The seconds of each transport, in the order of the plan; `drawn` says when they moved. */
  lanes = $state.raw<{ name: string; series: LaneSeries }[]>([])
  /** Told when a run ended. */
  onEnd: (end: RunEnd) => void = () => undefined

  #runId: string | null = null
  #latest: Snapshot | null = null
  #due: ReturnType<typeof setTimeout> | null = null
  #shownAt = -Infinity
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  /** Follows the run that goes on and those that follow; the function that comes back ends that. */
  follow(): () => void {
    const offSnapshot = this.#client.on('run.snapshot', (snapshot) => this.#take(snapshot))
    const offStudy = this.#client.on('run.study', (study) => this.#takeStudy(study))
    const offEnd = this.#client.on('run.end', (end) => this.#finish(end))
    const onVisible = (): void => this.#show()
    document.addEventListener('visibilitychange', onVisible)
    return () => {
      offSnapshot()
      offStudy()
      offEnd()
      document.removeEventListener('visibilitychange', onVisible)
    }
  }

  /** Catches up with a run that went on before this page was there. */
  async recover(): Promise<void> {
    const current = await this.#client.call('run.current')
    if (current === null) {
      if (this.active) await this.#missedEnd()
      return
    }
    if (current.kind === 'study') {
      this.#takeStudy(current.study)
      return
    }
    const { plan, snapshot, timelines } = current
    if (snapshot.runId !== this.#runId) this.#begin(snapshot.runId)
    this.lanes = plan.transports.map(({ name }) => {
      const series = new LaneSeries(plan)
      const known = timelines.find((timeline) => timeline.name === name)
      for (const round of known?.rounds ?? []) series.begin(round)
      for (const row of known?.rows ?? []) series.add(row)
      return { name, series }
    })
    this.#take(snapshot)
  }

  /** A run was accepted and is about to start. */
  starting(runId: string): void {
    if (this.#runId !== runId) this.#begin(runId)
    void this.recover().catch(() => undefined)
  }

  async stop(): Promise<void> {
    // As it was when it was pressed: the news of it may come before the answer.
    const { stops } = this
    await this.#client.call('run.stop')
    this.#pressed = Math.max(this.#pressed, stops) + 1
  }

  #begin(runId: string): void {
    this.#runId = runId
    this.#latest = null
    this.lanes = []
    this.snapshot = null
    this.study = null
    this.end = null
    this.#pressed = 0
    this.active = true
  }

  #isStopping(): boolean {
    return (this.study ?? this.snapshot)?.state === 'stopping'
  }

  #take(snapshot: Snapshot): void {
    if (snapshot.runId !== this.#runId) {
      this.#begin(snapshot.runId)
      void this.recover().catch(() => undefined)
    }
    this.#latest = snapshot
    for (const { name, round, rows } of snapshot.transports) {
      const series = this.lanes.find((lane) => lane.name === name)?.series
      if (round !== null) series?.begin(round)
      for (const row of rows) series?.add(row)
    }
    this.#show()
  }

  #takeStudy(study: LiveStudy): void {
    if (study.runId !== this.#runId) this.#begin(study.runId)
    this.study = study
  }

  /** The run ended while there was no connection: the history knows how. */
  async #missedEnd(): Promise<void> {
    const runId = this.#runId
    const run = (await this.#client.call('runs.list')).find(({ id }) => id === runId)
    if (runId === null || !this.active) return
    if (run !== undefined && run.state !== 'damaged')
      this.#finish({ runId, state: run.state, message: null, hasRecord: true })
    else this.#finish({ runId, state: 'failed', message: MISSED, hasRecord: false })
  }

  #finish(end: RunEnd): void {
    if (end.runId !== this.#runId) this.#begin(end.runId)
    this.active = false
    this.end = end
    this.#show()
    this.onEnd(end)
  }

  /** Lets the screen look at the newest state, at most five times a second however fast states come. */
  #show(): void {
    if (this.#due !== null) return
    const wait = Math.max(0, this.#shownAt + SHOW_EVERY_MS - performance.now())
    this.#due = setTimeout(() => {
      this.#due = null
      if (document.visibilityState === 'hidden' || this.#latest === null) return
      this.#shownAt = performance.now()
      this.snapshot = this.#latest
      this.drawn++
    }, wait)
  }
}
