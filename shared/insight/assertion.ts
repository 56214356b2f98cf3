import type { Distribution, TransportRecord } from '../record/run-record.ts'
import { figure } from '../text/format.ts'

export type Operator = '<' | '<=' | '>' | '>=' | '==' | '!='

/** Matches an operator and a number, each in a group. */
export const OPERATOR_PATTERN = String.raw`(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)`

/** One line of a plan's `assert`: `transport.field.path OP number`, with ` abort after 10s` behind it where a miss ends the run. */
export interface Assertion {
  transport: string
  /** Path below the transport's record, e.g. `response.p99`, `turns.warm`, or a count such as `failed`. */
  field: string
  operator: Operator
  value: number
  /** A miss this long after the transport's first send, s, or later, ends the run; null when it does not. */
  abortAfterSeconds: number | null
}

export type AssertionResult = { ok: true; value: Assertion } | { ok: false; message: string }

/** How each field that an assertion may name is read from a transport's record. */
const SIMPLE_FIELDS: Readonly<Record<string, (record: TransportRecord) => number | null>> = {
  sent: ({ counts }) => counts.sent,
  accepted: ({ counts }) => counts.accepted,
  rejected: ({ counts }) => counts.rejected,
  failed: ({ counts }) => counts.failed,
  aborted: ({ counts }) => counts.aborted,
  throughput: ({ throughput }) => throughput,
  offeredRate: ({ offeredRate }) => offeredRate,
  startedLate: ({ startedLate }) => startedLate,
  throttled: ({ throttled }) => throttled,
  rttMs: ({ rttMs }) => rttMs,
  lookupMs: ({ lookupMs }) => lookupMs,
  chatterMs: ({ chatterMs }) => chatterMs,
  serverMs: ({ serverMs }) => serverMs,
  clientMs: ({ clientMs }) => clientMs,
  residualMs: ({ residualMs }) => residualMs,
  queueMs: ({ queueMs }) => queueMs,
  transferMs: ({ transferMs }) => transferMs,
  retransmits: ({ retransmits }) => retransmits,
  'turns.perMessage': ({ turns }) => turns.perMessage,
  'turns.cold': ({ turns }) => turns.cold,
  'turns.warm': ({ turns }) => turns.warm,
  'connections.opened': ({ connections }) => connections.opened,
  'connections.reused': ({ connections }) => connections.reused,
  'connections.maxOpen': ({ connections }) => connections.maxOpen,
  'bytes.out': ({ bytes }) => bytes.out,
  'bytes.in': ({ bytes }) => bytes.in
}

const LINE = new RegExp(
  String.raw`^\s*([A-Za-z0-9][\w-]*)\.([A-Za-z][\w.]*)\s*${OPERATOR_PATTERN}(?:\s+(abort)(?:\s+after\s+(\d+(?:\.\d+)?)\s*s)?)?\s*$`,
  'i'
)

/** Reads an assertion; the message of a fault says what a right one looks like. */
export function parseAssertion(text: string): AssertionResult {
  const [, transport, field, operator, value, abort, after] = LINE.exec(text) ?? []
  if (transport === undefined || field === undefined || value === undefined) {
    return {
      ok: false,
      message: `cannot read ${JSON.stringify(text)}; allowed: TRANSPORT.FIELD OP NUMBER, like "api.response.p99 < 250" or "api.failed < 10 abort after 5s"`
    }
  }
  if (!Object.hasOwn(SIMPLE_FIELDS, field) && parseField(field) === null) {
    return {
      ok: false,
      message: `unknown field "${field}"; allowed: sent, accepted, rejected, failed, aborted, throughput, response.p99, service.p50, turns.perMessage, rttMs, lookupMs, chatterMs, serverMs, clientMs, connections.opened, bytes.out and their like`
    }
  }
  const abortAfterSeconds = abort === undefined ? null : Number(after ?? 0)
  return {
    ok: true,
    value: { transport, field, operator: operator as Operator, value: Number(value), abortAfterSeconds }
  }
}

/** A field of one of the two distributions. */
export interface DistributionField {
  distribution: 'response' | 'service'
  key: keyof Distribution
}

/** Reads `response.p99` and its like; null for anything else. */
export function parseField(field: string): DistributionField | null {
  const [, distribution, key] = /^(response|service)\.(min|mean|p50|p90|p95|p99|p999|max)$/.exec(field) ?? []
  if (distribution === undefined || key === undefined) return null
  return { distribution, key } as DistributionField
}

/** The value that an assertion speaks of; null where it was not measured. */
export function measuredValue(field: string, record: TransportRecord): number | null {
  const parsed = parseField(field)
  if (parsed !== null) return record[parsed.distribution][parsed.key]
  return SIMPLE_FIELDS[field]?.(record) ?? null
}

/** Whether a measured value meets an assertion. A value that was not measured (null) meets none. */
export function holds(assertion: Pick<Assertion, 'operator' | 'value'>, measured: number | null): boolean {
  if (measured === null) return false
  switch (assertion.operator) {
    case '<':
      return measured < assertion.value
    case '<=':
      return measured <= assertion.value
    case '>':
      return measured > assertion.value
    case '>=':
      return measured >= assertion.value
    case '==':
      return measured === assertion.value
    case '!=':
      return measured !== assertion.value
  }
}

/** What an assertion's field came to, in words. */
export function valueWords(value: number | null): string {
  return value === null ? 'not measured' : figure(value)
}
