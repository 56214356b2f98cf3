import { ruleFaults, type PlanParts } from './plan-rules.ts'
import {
  deliverySchema,
  loadSchema,
  messageSchema,
  planSchema,
  roundsSchema,
  transportSchema,
  type Plan
} from './plan.ts'
import { applyPresets } from './presets.ts'
import { schemaFaults, type Fault } from './schema-faults.ts'

export type PlanResult = { ok: true; plan: Plan } | { ok: false; faults: Fault[] }

/**
 * Validates a plan that was read from JSON: provider presets are filled in, then every fault is reported at
 * once, those between fields too, as far as the fields that they span are sound themselves.
 */
export function parsePlan(raw: unknown): PlanResult {
  const preset = applyPresets(raw)
  const parsed = planSchema.safeParse(preset)
  const faults = [
    ...(parsed.success ? [] : schemaFaults(planSchema, preset, parsed.error.issues)),
    ...ruleFaults(soundParts(preset))
  ]
  return parsed.success && faults.length === 0 ? { ok: true, plan: parsed.data } : { ok: false, faults }
}

/** A raw plan for a command that has a load of its own: how its messages divide into rounds is no fault of it. */
export function inOneRound(raw: unknown): unknown {
  return typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? { ...raw, rounds: 1 } : raw
}

/** The parts of a plan that are right, each by itself. */
function soundParts(raw: unknown): PlanParts {
  const field = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
  const transports = list(field(raw, 'transports'))
  return {
    rounds: roundsSchema.safeParse(field(raw, 'rounds')).data,
    load: loadSchema.safeParse(field(raw, 'load')).data,
    message: messageSchema.safeParse(field(raw, 'message')).data,
    hasDelivery: field(raw, 'delivery') !== undefined,
    delivery: deliverySchema.safeParse(field(raw, 'delivery')).data,
    transports: transports.map((entry) => transportSchema.safeParse(entry).data),
    names: transports.map((entry) => text(field(entry, 'name'))),
    asserts: list(field(raw, 'assert')).map(text)
  }
}
