import { untrack } from 'svelte'
import { SvelteMap } from 'svelte/reactivity'
import type { z } from 'zod'
import type { CALL_ARGS } from '../../shared/ipc.ts'
import { type Fault, parsePlan } from '../../shared/plan.ts'
import { applyPresets } from '../../shared/presets.ts'
import { defaultAt } from './plan-defaults.ts'
import { isWithin, parsePath, setValueAt, valueAt } from './plan-path.ts'

/** A JSON object as a call takes it. */
export type JsonObject = Extract<z.input<(typeof CALL_ARGS)['plan.check']>[0], Record<string, unknown>>

/**
 * A plan while it is edited: the JSON as its author writes it, right or wrong. Nothing is repaired, so a
 * wrong value stays in its field, with the fault beside it; what is left out stays left out.
 */
export class PlanDraft {
  #json = $state<JsonObject>({})
  /** Faults that only the other side could find, of the plan as it was then. */
  #foreign = $state.raw<{ of: string; faults: Fault[] }>({ of: '', faults: [] })
  /** Fields on the screen, counted, so that faults without a field can be shown elsewhere. */
  readonly #fields = new SvelteMap<string, number>()

  readonly #text = $derived(JSON.stringify(this.#json))
  readonly #result = $derived(parsePlan(JSON.parse(this.#text)))
  readonly #preset = $derived(applyPresets(JSON.parse(this.#text)))

  /** Every fault of the plan as it stands; empty when it may be sent. */
  readonly faults = $derived.by((): Fault[] => {
    if (!this.#result.ok) return this.#result.faults
    return this.#foreign.of === this.#text ? this.#foreign.faults : []
  })
  /** Faults whose field is not on the screen. */
  readonly faultsElsewhere = $derived(
    this.faults.filter((fault) => ![...this.#fields.keys()].some((field) => isWithin(fault.path, field)))
  )
  /** The validated plan, or null while it has faults. */
  readonly plan = $derived(this.#result.ok ? this.#result.plan : null)

  /** The plan as plain JSON, to be sent or saved. */
  toJson(): JsonObject {
    return JSON.parse(this.#text) as JsonObject
  }

  /** One text for each state of the plan: changes exactly when the plan does. */
  get fingerprint(): string {
    return this.#text
  }

  load(json: JsonObject): void {
    this.#json = JSON.parse(JSON.stringify(json)) as JsonObject
  }

  /** Keeps faults that came back from the other side, until the plan is changed. */
  refuse(faults: Fault[]): void {
    this.#foreign = { of: this.#text, faults }
  }

  /** What a field shows: what is written, else what the preset says, else the default. */
  value(path: string): unknown {
    const steps = parsePath(path)
    const written = valueAt(this.#json, steps)
    if (written !== undefined) return written
    return valueAt(this.#preset, steps) ?? defaultAt(this.#json, steps)
  }

  /** What a text field shows; empty where the value is no text. */
  text(path: string): string {
    const value = this.value(path)
    return typeof value === 'string' ? value : ''
  }

  /** Sets what is written in a field; `undefined` leaves it out again. */
  set(path: string, value: unknown): void {
    setValueAt(this.#json, parsePath(path), value)
  }

  list(path: string): unknown[] {
    const value = valueAt(this.#json, parsePath(path))
    return Array.isArray(value) ? (value as unknown[]) : []
  }

  insert(path: string, index: number, entry: unknown): void {
    const list = this.list(path)
    if (list.length === 0) this.set(path, [entry])
    else list.splice(index, 0, entry)
  }

  remove(path: string, index: number): void {
    this.list(path).splice(index, 1)
  }

  move(path: string, from: number, to: number): void {
    const list = this.list(path)
    if (to < 0 || to >= list.length) return
    list.splice(to, 0, ...list.splice(from, 1))
  }

  faultsWithin(path: string): Fault[] {
    return this.faults.filter((fault) => isWithin(fault.path, path))
  }

  /** Says that a field is on the screen; the function that comes back takes that back. */
  showField(path: string): () => void {
    const count = (change: number): void => {
      const shown = untrack(() => this.#fields.get(path) ?? 0) + change
      if (shown === 0) this.#fields.delete(path)
      else this.#fields.set(path, shown)
    }
    count(1)
    return () => count(-1)
  }
}
