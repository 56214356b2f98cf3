import { untrack } from 'svelte'
import { SvelteMap } from 'svelte/reactivity'
import type { z } from 'zod'
import type { CALL_ARGS } from '../../shared/page/ipc.ts'
import type { Fault } from '../../shared/plan/schema-faults.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import { RUN_KINDS, parseStudy, studySchema, type RunKind } from '../../shared/plan/study.ts'
import { applyPresets } from '../../shared/plan/presets.ts'
import { defaultAt } from './plan-defaults.ts'
import { isWithin, parsePath, setValueAt, valueAt } from '../../shared/plan/plan-path.ts'

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
  /** The questions that were set before another one was chosen. */
  #questions: Partial<Record<RunKind, unknown>> = {}
  /** Fields on the screen, counted, so that faults without a field can be shown elsewhere. */
  readonly #fields = new SvelteMap<string, number>()

  readonly #text = $derived(JSON.stringify(this.#json))
  readonly #result = $derived(parsePlan(this.toJson()))
  readonly #asked = $derived(parseStudy(this.studyJson()))
  readonly #preset = $derived(applyPresets(this.toJson()))

  /** Every fault of the plan and its question as they stand; empty when it may be sent. */
  readonly faults = $derived.by((): Fault[] => {
    const own = [
      ...(this.#result.ok ? [] : this.#result.faults),
      ...(this.#asked.ok ? [] : this.#asked.faults)
    ]
    if (own.length > 0) return own
    return this.#foreign.of === this.#text ? this.#foreign.faults : []
  })
  /** Faults whose field is not on the screen. */
  readonly faultsElsewhere = $derived(
    this.faults.filter((fault) => ![...this.#fields.keys()].some((field) => isWithin(fault.path, field)))
  )
  /** The validated plan, or null while it has faults. */
  readonly plan = $derived(this.#result.ok ? this.#result.plan : null)
  /** What is asked of the plan beyond comparing; null for a comparison, and while it has faults. */
  readonly study = $derived(this.#asked.ok ? this.#asked.study : null)
  readonly kind = $derived<RunKind>(RUN_KINDS.find((kind) => kind === this.value('study.kind')) ?? 'compare')

  /** The plan alone as plain JSON, to be sent or saved. */
  toJson(): JsonObject {
    const plan = this.toDraft()
    delete plan.study
    return plan
  }

  /** What is asked of it, as plain JSON; null for a comparison. */
  studyJson(): JsonObject[string] | null {
    return this.toDraft().study ?? null
  }

  /** Plan and question together, to be kept. */
  toDraft(): JsonObject {
    return JSON.parse(this.#text) as JsonObject
  }

  /** One text for each state of the plan: changes exactly when the plan does. */
  get fingerprint(): string {
    return this.#text
  }

  /** Asks something else of the plan; what was set for the question before comes back with it. */
  ask(kind: RunKind): void {
    const before = this.studyJson()
    if (before !== null) this.#questions[this.kind] = before
    const again = this.#questions[kind]
    const fresh = kind === 'compare' ? undefined : studySchema.parse({ kind })
    this.set('study', again ?? fresh)
  }

  load(json: JsonObject): void {
    this.#questions = {}
    this.#json = JSON.parse(JSON.stringify(json)) as JsonObject
  }

  /** Keeps faults that came back from the other side, for as long as the plan is the one that they are of. */
  refuse(fingerprint: string, faults: Fault[]): void {
    this.#foreign = { of: fingerprint, faults }
  }

  /** What a field shows: what is written, else what the preset says, else the default. */
  value(path: string): unknown {
    const steps = parsePath(path)
    const written = valueAt(this.#json, steps)
    if (written !== undefined) return written
    return steps[0] === 'study' ? undefined : (valueAt(this.#preset, steps) ?? defaultAt(this.#json, steps))
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
