import { holds, parseField, OPERATOR_PATTERN, type Operator } from './assertion.ts'
import type { Counts, Distribution } from './run-record.ts'

/** What a step of a capacity search measured: what objectives may speak of. */
export interface Measured {
  counts: Counts
  throughput: number
  response: Distribution
  service: Distribution
}

/** One demand on a transport at any rate: `response.p99 < 500`, `failed == 0`, `rejected/sent < 0.01`. */
export interface Objective {
  /** As it was written. */
  text: string
  measure: (measured: Measured) => number | null
  operator: Operator
  value: number
}

export type ObjectiveResult = { ok: true; value: Objective } | { ok: false; message: string }

const COUNTS = ['sent', 'accepted', 'rejected', 'failed', 'aborted'] as const
type Count = (typeof COUNTS)[number]

const LINE = new RegExp(
  String.raw`^\s*([A-Za-z][\w.]*)\s*(?:/\s*([A-Za-z]+))?\s*${OPERATOR_PATTERN}\s*$`,
  'i'
)

/** Reads an objective: an assertion without its transport, or with a ratio of two counts on its left. */
export function parseObjective(text: string): ObjectiveResult {
  const [, field, divisor, operator, value] = LINE.exec(text) ?? []
  if (field === undefined || operator === undefined || value === undefined) {
    return {
      ok: false,
      message: `cannot read ${JSON.stringify(text)}; allowed: FIELD OP NUMBER, like "response.p99 < 500" or "rejected/sent < 0.01"`
    }
  }
  const measure = divisor === undefined ? fieldMeasure(field) : ratioMeasure(field, divisor)
  if (measure === null) {
    return {
      ok: false,
      message: `unknown field in ${JSON.stringify(text)}; allowed: sent, accepted, rejected, failed, aborted, a ratio of two of them, throughput, response.p99, service.p50 and their like`
    }
  }
  return { ok: true, value: { text, measure, operator: operator as Operator, value: Number(value) } }
}

/** The first objective that a step missed; null when it kept all. */
export function missedObjective(objectives: readonly Objective[], measured: Measured): Objective | null {
  return objectives.find((objective) => !holds(objective, objective.measure(measured))) ?? null
}

function ratioMeasure(dividend: string, divisor: string): Objective['measure'] | null {
  if (!isCount(dividend) || !isCount(divisor)) return null
  return ({ counts }) => (counts[divisor] === 0 ? null : counts[dividend] / counts[divisor])
}

function fieldMeasure(field: string): Objective['measure'] | null {
  if (isCount(field)) return ({ counts }) => counts[field]
  if (field === 'throughput') return ({ throughput }) => throughput
  const percentile = parseField(field)
  if (percentile === null) return null
  return (measured) => measured[percentile.distribution][percentile.key]
}

function isCount(text: string): text is Count {
  return (COUNTS as readonly string[]).includes(text)
}
