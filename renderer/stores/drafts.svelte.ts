import { type JsonObject, PlanDraft } from '../setup/plan-draft.svelte.ts'
import type { Client } from './client.ts'

/** How long after the last change the plans are kept, ms. */
const KEEP_AFTER_MS = 400

/** A plan that is open, which stays the same one however others are opened and closed around it. */
interface OpenPlan {
  readonly key: symbol
  readonly json: JsonObject
}

function opened(json: JsonObject): OpenPlan {
  return { key: Symbol('plan'), json }
}

/** The plans that are open in Set up. They keep themselves, so that nothing is lost by leaving. */
export class Drafts {
  /** The plan that is seen and edited. */
  readonly draft = new PlanDraft()
  /** All that are open; the one that is edited stands here as it was when it was last put aside. */
  plans = $state.raw<OpenPlan[]>([])
  current = $state(0)
  readonly #client: Client
  #due: ReturnType<typeof setTimeout> | undefined
  /** The plans that were open last are asked for and not known yet: to keep others would be the end of them. */
  #unread = false
  #opening: Promise<void> | null = null
  /** The plans as the other side has them, as far as it is known here. */
  #kept = ''

  constructor(client: Client) {
    this.#client = client
  }

  /** Takes the plans that were open last, before those that were opened meanwhile; without any, the built-in one. */
  open(): Promise<void> {
    return (this.#opening ??= this.#read().finally(() => (this.#opening = null)))
  }

  /**
   * Brings this page and the other side together after a time in which they may have gone apart: what was changed here is
   * kept, else what was kept elsewhere is taken.
   */
  async catchUp(): Promise<void> {
    if (this.#unread || this.plans.length === 0) return this.open()
    if (this.#isChanged()) return this.keep()
    const { plans } = await this.#client.call('drafts.get')
    const known = plans.filter(isPlanObject)
    if (known.length === 0 || textOf(known) === this.#kept || this.#isChanged()) return
    const seen = this.draft.fingerprint
    const at = known.findIndex((plan) => JSON.stringify(plan) === seen)
    this.#kept = textOf(known)
    const own = this.plans[this.current]
    // What is seen and is still there stays the plan that it is, the caret in its field too.
    this.plans = known.map((plan, index) => (index === at && own !== undefined ? own : opened(plan)))
    if (at >= 0) this.current = at
    else this.#show(Math.min(this.current, known.length - 1))
  }

  /** Opens a plan beside those that are open. */
  add(json: JsonObject): Promise<void> {
    this.plans = [...this.#withCurrent(), opened(json)]
    this.#show(this.plans.length - 1)
    return this.keep()
  }

  /** Shows a plan that is open already; else opens it. */
  addOrShow(json: JsonObject): void {
    const text = JSON.stringify(json)
    const known = this.#withCurrent().findIndex(({ json: plan }) => JSON.stringify(plan) === text)
    if (known < 0) void this.add(json).catch(() => undefined)
    else this.show(known)
  }

  /** The plan that is seen as it is now: the function that comes back brings it back, beside the others if it was closed. */
  remember(): () => void {
    const key = this.plans[this.current]?.key
    const plan = this.draft.toDraft()
    return () => {
      const at = this.plans.findIndex((other) => other.key === key)
      if (at < 0) return this.#insert(this.plans.length, opened(plan))
      if (this.current !== at) this.show(at)
      this.draft.load(plan)
    }
  }

  show(index: number): void {
    this.plans = this.#withCurrent()
    this.#show(index)
    this.keepSoon()
  }

  /** Closes a plan; the function that comes back opens it again, where it was, and leaves the others as they are by then. */
  close(index: number): () => void {
    const before = this.#withCurrent()
    const closed = before[index]
    const shown = this.current
    this.plans = before.filter((_, at) => at !== index)
    this.#show(Math.max(0, Math.min(index < shown ? shown - 1 : shown, this.plans.length - 1)))
    this.keepSoon()
    return () => {
      if (closed !== undefined) this.#insert(index, closed)
    }
  }

  /** A plan's name, for its tab. */
  nameOf(index: number): string {
    const name = index === this.current ? this.draft.text('name') : this.plans[index]?.json.name
    return typeof name === 'string' && name.trim() !== '' ? name : 'Unnamed plan'
  }

  /** Keeps all of it once nothing has changed for a while. */
  keepSoon(): void {
    clearTimeout(this.#due)
    this.#due = setTimeout(() => void this.keep().catch(() => undefined), KEEP_AFTER_MS)
  }

  /** Keeps at once what would be kept soon: there may be no later. */
  keepDue(): void {
    if (this.#due !== undefined) void this.keep().catch(() => undefined)
  }

  async keep(): Promise<void> {
    clearTimeout(this.#due)
    this.#due = undefined
    if (this.plans.length === 0 || this.#unread) return
    const plans = this.#withCurrent().map(({ json }) => json)
    await this.#client.call('drafts.set', { plans, current: this.current })
    this.#kept = textOf(plans)
  }

  async #read(): Promise<void> {
    this.#unread = true
    const { plans, current } = await this.#client.call('drafts.get')
    const known = plans.filter(isPlanObject)
    const early = this.#withCurrent()
    this.#unread = false
    this.#kept = textOf(known)
    this.plans = [...known.map(opened), ...early]
    if (early.length > 0) {
      this.#show(known.length + this.current)
      await this.keep()
    } else if (known.length > 0) this.#show(Math.min(current, known.length - 1))
    else {
      const builtIn = (await this.#client.call('plan.default')) as JsonObject
      // Whoever has opened a plan meanwhile looks at that one.
      if (this.plans.length === 0) await this.add(builtIn)
    }
  }

  #isChanged(): boolean {
    return textOf(this.#withCurrent().map(({ json }) => json)) !== this.#kept
  }

  #withCurrent(): OpenPlan[] {
    return this.plans.map((plan, index) =>
      index === this.current ? { ...plan, json: this.draft.toDraft() } : plan
    )
  }

  #insert(index: number, plan: OpenPlan): void {
    this.plans = this.#withCurrent().toSpliced(index, 0, plan)
    this.#show(this.plans.indexOf(plan))
    this.keepSoon()
  }

  #show(index: number): void {
    this.current = index
    const plan = this.plans[index]
    if (plan !== undefined) this.draft.load(plan.json)
  }
}

function textOf(plans: readonly JsonObject[]): string {
  return JSON.stringify(plans)
}

function isPlanObject(plan: unknown): plan is JsonObject {
  return typeof plan === 'object' && plan !== null && !Array.isArray(plan)
}
