import type { RunEnd, Snapshot } from '../../shared/snapshot.ts'
import type { Client } from '../stores/client.ts'
import { LiveFigures } from './live-figures.ts'

/** Snapshots come this often; more are not drawn. */
const SHOW_EVERY_MS = 180
const MISSED = 'It ended while the connection to Chattermark was lost, and nothing was kept of it.'

/**
 * The run that goes on, or the last one that ended. Figures are kept while the window is hidden, but what the
 * screen reads (`snapshot`, `drawn`) only moves while it is visible: nothing is drawn for nobody.
 */
export class LiveRun {
  snapshot = $state.raw<Snapshot | null>(null)
  end = $state.raw<RunEnd | null>(null)
  /** How often Stop was pressed: once ends in order, twice cuts. */
  stops = $state(0)
  /** Counts the states that were shown; charts redraw when it moves. */
  drawn = $state(0)
  /** Whether a run goes on; it moves even while the window is hidden. */
  active = $state(false)

  /** Read it beside `drawn`, which says when it moved. */
  readonly figures = new LiveFigures()
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
    const offEnd = this.#client.on('run.end', (end) => this.#finish(end))
    const onVisible = (): void => this.#show()
    document.addEventListener('visibilitychange', onVisible)
    return () => {
      offSnapshot()
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
    this.#begin(current.snapshot.runId)
    for (const transport of current.snapshot.transports) {
      const timeline = current.timelines.find(({ name }) => name === transport.name)
      this.figures.replay(transport, timeline?.rows ?? [])
    }
    this.#take(current.snapshot)
  }

  /** A run was accepted and is about to start. */
  starting(runId: string): void {
    if (this.#runId !== runId) this.#begin(runId)
  }

  async stop(): Promise<void> {
    await this.#client.call('run.stop')
    this.stops++
  }

  #begin(runId: string): void {
    this.#runId = runId
    this.#latest = null
    this.figures.clear()
    this.snapshot = null
    this.end = null
    this.stops = 0
    this.active = true
  }

  #take(snapshot: Snapshot): void {
    if (snapshot.runId !== this.#runId) {
      this.#begin(snapshot.runId)
      void this.recover()
    }
    this.#latest = snapshot
    this.figures.take(snapshot)
    this.#show()
  }

  /** The run ended while there was no connection: the history knows how. */
  async #missedEnd(): Promise<void> {
    const runId = this.#runId
    const run = (await this.#client.call('runs.list')).find(({ id }) => id === runId)
    if (runId === null || !this.active) return
    if (run !== undefined) this.#finish({ runId, state: run.state, message: null, hasRecord: true })
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
