import { holds, parseField, OPERATOR_PATTERN, type Operator } from './assertion.ts'
import type { Counts, Distribution } from '../record/run-record.ts'

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
  /** The demand as a share of messages that may lie beyond it; null where it is none, like a mean or a count. */
  share: ShareDemand | null
}

/**
 * A demand on a share: `response.p99 < 500` allows 1 % of the accepted beyond 500 ms, `rejected/sent < 0.01` allows 1 %
 * of the sent to be rejected.
 */
export type ShareDemand =
  | { kind: 'time'; allowed: number; distribution: 'response' | 'service'; limitMs: number }
  | { kind: 'count'; allowed: number; dividend: Count; divisor: Count }

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
  const demand = { operator: operator as Operator, value: Number(value) }
  return { ok: true, value: { text, measure, ...demand, share: shareDemand(field, divisor, demand) } }
}

/** Percent of the answers that each key of a distribution is about; the others are about no share. */
const PERCENTS: Readonly<Record<string, number>> = { p50: 50, p90: 90, p95: 95, p99: 99, p999: 99.9 }

function shareDemand(
  field: string,
  divisor: string | undefined,
  { operator, value }: Pick<Objective, 'operator' | 'value'>
): ShareDemand | null {
  if (operator !== '<' && operator !== '<=') return null
  if (divisor !== undefined) {
    const counts = isCount(field) && isCount(divisor) && value > 0 && value < 1
    return counts ? { kind: 'count', allowed: value, dividend: field, divisor } : null
  }
  const parsed = parseField(field)
  const percent = parsed === null ? undefined : PERCENTS[parsed.key]
  if (parsed === null || percent === undefined) return null
  return { kind: 'time', allowed: (100 - percent) / 100, distribution: parsed.distribution, limitMs: value }
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
