import { createContext } from 'svelte'
import type { AppInfo, Bridge, Consent, Pushes, RunSummary } from '../../shared/ipc.ts'
import { LiveRun } from '../live/live-run.svelte.ts'
import { ProbeSession } from '../ports/probe-session.svelte.ts'
import { type JsonObject, PlanDraft } from '../setup/plan-draft.svelte.ts'
import { Client, describeError } from './client.ts'
import { History } from './history.svelte.ts'
import { Route } from './route.svelte.ts'
import { Theme, type ThemeChoice } from './theme.svelte.ts'
import { Toasts } from './toasts.svelte.ts'

/** Enough for what stays on this machine and reaches nobody real. */
export const NO_CONSENT: Consent = { remote: false, realRecipients: false }

/** Everything that the screens share, made once for a page. */
export class AppState {
  info = $state.raw<AppInfo | null>(null)
  /** The menu asked for a start; Set up answers. */
  startRequested = $state(false)
  /** What the user has agreed to for the messages that are being explained. */
  explainConsent: Consent = NO_CONSENT
  readonly client: Client
  readonly route = new Route()
  readonly toasts = new Toasts()
  readonly theme = new Theme()
  readonly draft = new PlanDraft()
  readonly live: LiveRun
  readonly history: History
  readonly probe: ProbeSession

  constructor(bridge: Bridge) {
    this.client = new Client(bridge)
    this.live = new LiveRun(this.client)
    this.history = new History(this.client)
    this.probe = new ProbeSession(this.client)
  }

  /** Loads what every screen needs, and follows what happens; the function that comes back ends that. */
  start(): () => void {
    this.live.onEnd = (end) => {
      void this.attempt(() => this.history.refresh())
      if (end.hasRecord && this.route.place.screen === 'live') this.route.go('result', end.runId)
      else if (end.hasRecord)
        this.toasts.info('The run has ended.', {
          label: 'Show the result',
          run: () => this.route.go('result', end.runId)
        })
    }
    const ends = [
      this.live.follow(),
      this.client.on('plan.opened', ({ fileName, text }) => this.openPlan(fileName, text)),
      this.client.on('menu.command', (command) => void this.#menu(command))
    ]
    void this.attempt(async () => {
      this.info = await this.client.call('app.info')
      this.theme.choice = (await this.client.call('settings.get')).theme
      await this.live.recover()
      await this.history.refresh()
    })
    void this.attempt(() => this.newPlan())
    return () => ends.forEach((end) => end())
  }

  /** Asks again for what may have changed while there was no connection. */
  async catchUp(): Promise<void> {
    await this.attempt(async () => {
      await this.live.recover()
      await this.history.refresh()
    })
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

  /** Puts the built-in plan into Set up: both transports against the sandbox. */
  async newPlan(): Promise<void> {
    this.draft.load((await this.client.call('plan.default')) as JsonObject)
  }

  /** Takes a plan's text into Set up, faults and all; what is not a JSON object is refused. */
  openPlan(fileName: string, text: string): void {
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch (error) {
      this.toasts.error(`${fileName} is not JSON: ${describeError(error)}`)
      return
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      this.toasts.error(`${fileName} is not a plan: a plan is a JSON object with "schema": 1.`)
      return
    }
    this.draft.load(json as JsonObject)
    this.route.go('setup')
    this.toasts.info(`${fileName} is in Set up now.`)
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
      case 'screen-1':
        this.route.go('setup')
        break
      case 'screen-2':
        this.route.go('live')
        break
      case 'screen-3':
        this.route.go('result')
        break
      case 'screen-4':
        this.route.go('ports')
        break
      case 'screen-5':
        this.route.go('history')
        break
    }
  }
}

export const [getApp, setApp] = createContext<AppState>()
