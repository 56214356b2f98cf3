import { createContext } from 'svelte'
import type { AppInfo, Bridge, ConsentInput, Pushes, RunSummary } from '../../shared/page/ipc.ts'
import { isStudy, type HistoryRecord } from '../../shared/record/study-record.ts'
import { LiveRun } from '../live/live-run.svelte.ts'
import { ProbeSession } from '../ports/probe-session.svelte.ts'
import { screenOf } from '../../shared/page/screens.ts'
import type { JsonObject } from '../setup/plan-draft.svelte.ts'
import { Client, describeError } from './client.ts'
import { Drafts } from './drafts.svelte.ts'
import { History } from './history.svelte.ts'
import { Route } from './route.svelte.ts'
import { Theme, type ThemeChoice } from './theme.svelte.ts'
import { Toasts } from './toasts.svelte.ts'

/** Enough for what stays on this machine and reaches nobody real. */
export const NO_CONSENT: ConsentInput = { remote: false, realRecipients: false }

/** A plan from a file that the user has not said yes to. */
export interface ForeignPlan {
  fileName: string
  json: JsonObject
}

/** One message over each transport of a plan, as it was asked for: this plan, and what was agreed to for it. */
export interface Explaining {
  plan: JsonObject
  /** Its transports. */
  names: readonly string[]
  consent: ConsentInput
}

/** Everything that the screens share, made once for a page. */
export class AppState {
  info = $state.raw<AppInfo | null>(null)
  /** Whether the other side can be reached; without it nobody knows what goes on. */
  connected = $state(true)
  /** A plan that waits for the user's trust; nothing of it is looked up, kept or sent before. */
  foreign = $state.raw<ForeignPlan | null>(null)
  /** Places that the next run is sent from; none for this machine. */
  places = $state.raw<string[]>([])
  /** The menu asked for a start; Set up answers. */
  startRequested = $state(false)
  /** What is being explained; null while nobody has asked. */
  explaining = $state.raw<Explaining | null>(null)
  /** Something that every screen needs was asked for in vain: it is asked for again once there is a connection. */
  missing = false
  readonly client: Client
  readonly route = new Route()
  readonly toasts = new Toasts()
  readonly theme = new Theme()
  readonly drafts: Drafts
  readonly live: LiveRun
  readonly history: History
  readonly probe: ProbeSession

  constructor(bridge: Bridge) {
    this.client = new Client(bridge)
    this.drafts = new Drafts(this.client)
    this.live = new LiveRun(this.client)
    this.history = new History(this.client)
    this.probe = new ProbeSession(this.client)
  }

  /** The plan that is seen in Set up. */
  get draft(): Drafts['draft'] {
    return this.drafts.draft
  }

  /** Loads what every screen needs, and follows what happens; the function that comes back ends that. */
  start(): () => void {
    this.live.onEnd = (end) => {
      void this.attempt(() => this.history.refresh())
      if (this.route.place.screen === 'live') {
        if (end.hasRecord) this.route.go('result', end.runId)
        return
      }
      if (end.state === 'failed') this.toasts.error(`The run failed: ${end.message ?? 'it could not go on.'}`)
      if (end.hasRecord)
        this.toasts.info('The run has ended.', {
          label: 'Show the result',
          run: () => this.route.go('result', end.runId)
        })
    }
    const ends = [
      this.live.follow(),
      this.client.on('runs.changed', () => void this.attempt(() => this.history.refresh())),
      this.client.on('plan.opened', ({ fileName, text }) => this.open(fileName, text)),
      this.client.on('menu.command', (command) => void this.#menu(command)),
      this.#followWindow()
    ]
    void this.catchUp()
    return () => ends.forEach((end) => end())
  }

  /** Asks for what is not known yet, and again for what may have changed while there was no connection. */
  async catchUp(): Promise<void> {
    const done = await Promise.all([
      this.attempt(() => this.#load()),
      this.attempt(() => this.drafts.catchUp())
    ])
    this.missing = done.includes(false)
  }

  /** Does something that may fail, and says so when it does. Answers whether it went well. */
  async attempt(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action()
      return true
    } catch (error) {
      this.toasts.error(describeError(error))
      return false
    }
  }

  /** Opens the built-in plan in Set up, beside those that are open: both protocols against the sandbox. */
  async newPlan(): Promise<void> {
    await this.drafts.add((await this.client.call('plan.default')) as JsonObject)
  }

  /**
   * Opens a plan's text, which the user has before their eyes, in Set up, faults and all.
   * @returns why it cannot be opened; null when it was
   */
  async openPlan(fileName: string, text: string): Promise<string | null> {
    const read = planObject(fileName, text)
    if (typeof read === 'string') return read
    await this.#show({ fileName, json: read })
    return null
  }

  /** Takes a plan from a file, whoever wrote it: the user sees what it would do before anything is done about it. */
  open(fileName: string, text: string): void {
    const read = planObject(fileName, text)
    if (typeof read === 'string') this.toasts.error(read)
    else this.foreign = { fileName, json: read }
  }

  /** Opens the plan that waits. */
  async trust(): Promise<void> {
    const { foreign } = this
    this.foreign = null
    if (foreign !== null) await this.#show(foreign)
  }

  /** Forgets the plan that waits. */
  distrust(): void {
    this.foreign = null
  }

  /** Asks the same of the same plan again, through Set up: there it is seen, checked and, when it leaves the machine, asked about. */
  runAgain(record: HistoryRecord): void {
    const asked = isStudy(record) ? { ...record.plan, study: record.study } : record.plan
    this.drafts.addOrShow(JSON.parse(JSON.stringify(asked)) as JsonObject)
    this.route.go('setup')
    this.startRequested = true
  }

  /** Shows what changed between two runs: from the older to the newer. */
  compare(...pair: { id: string; startedAt: string }[]): void {
    const ids = pair.toSorted((a, b) => a.startedAt.localeCompare(b.startedAt)).map(({ id }) => id)
    this.route.go('history', 'compare', ...ids)
  }

  /** Puts a text where it can be pasted from. */
  async copy(text: string, what: string): Promise<void> {
    await this.attempt(async () => {
      await navigator.clipboard.writeText(text)
      this.toasts.info(`${what} is in the clipboard.`)
    })
  }

  /** Changes the plan in a way that takes something away; a toast offers to undo it. */
  undoable(text: string, change: () => void): void {
    const undo = this.drafts.remember()
    change()
    this.toasts.info(text, { label: 'Undo', run: undo })
  }

  async chooseTheme(choice: ThemeChoice): Promise<void> {
    this.theme.choice = choice
    await this.attempt(() => this.client.call('settings.set', { theme: choice }))
  }

  /** Takes a run out of the history; a toast offers to undo it. */
  async deleteRun(run: RunSummary): Promise<void> {
    await this.attempt(async () => {
      await this.history.delete(run.id)
      this.toasts.info(`Deleted "${run.name}".`, {
        label: 'Undo',
        run: () => void this.attempt(() => this.history.restore(run.id))
      })
    })
  }

  async #load(): Promise<void> {
    if (this.info === null) {
      const info = await this.client.call('app.info')
      this.theme.choice = (await this.client.call('settings.get')).theme
      this.info = info
    }
    await this.live.recover()
    await this.history.refresh()
  }

  /** Plans may be edited in another window too: what is left is kept, and whoever comes back goes on with what was kept. */
  #followWindow(): () => void {
    const keep = (): void => this.drafts.keepDue()
    const comeBack = (): void => void this.drafts.catchUp().catch(() => undefined)
    window.addEventListener('blur', keep)
    window.addEventListener('pagehide', keep)
    window.addEventListener('focus', comeBack)
    return () => {
      window.removeEventListener('blur', keep)
      window.removeEventListener('pagehide', keep)
      window.removeEventListener('focus', comeBack)
    }
  }

  async #show({ fileName, json }: ForeignPlan): Promise<void> {
    await this.drafts.add(json)
    this.route.go('setup')
    this.toasts.info(`${fileName} is in Set up now.`)
  }

  async #menu(command: Pushes['menu.command']): Promise<void> {
    switch (command) {
      case 'new-plan':
        this.route.go('setup')
        await this.attempt(() => this.newPlan())
        break
      case 'start':
        this.route.go('setup')
        this.startRequested = true
        break
      case 'stop':
        if (this.live.active) await this.attempt(() => this.live.stop())
        break
      default: {
        const screen = screenOf(command.slice('screen-'.length))
        if (screen !== undefined) this.route.go(screen)
      }
    }
  }
}

/** A plan's text as an object; why it is none, in words. */
function planObject(fileName: string, text: string): JsonObject | string {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    return `${fileName} is not JSON: ${describeError(error)}`
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return `${fileName} is not a plan: a plan is a JSON object with "schema": 1.`
  }
  return json as JsonObject
}

export const [getApp, setApp] = createContext<AppState>()
