import type { ErrorRecord } from './run-record.ts'

/** Sends of one kind of error that are kept to be looked into, and the events of each. */
export const MOST_EXAMPLES = 3
export const MOST_EXAMPLE_EVENTS = 100

/** What errors of one transport are counted together by. */
export function errorKind({
  class: kind,
  code,
  phase,
  mayBeDelivered = false
}: Pick<ErrorRecord, 'class' | 'code' | 'phase' | 'mayBeDelivered'>): string {
  return `${kind} ${code} ${phase} ${mayBeDelivered}`
}

/** Errors of the same kind, added up. The first one's words stay. */
export function addErrors(known: ErrorRecord, more: ErrorRecord): ErrorRecord {
  const examples = [...(known.examples ?? []), ...(more.examples ?? [])].slice(0, MOST_EXAMPLES)
  return {
    ...known,
    count: known.count + more.count,
    ...either('firstMs', Math.min, known, more),
    ...either('lastMs', Math.max, known, more),
    ...either('carriedLeast', Math.min, known, more),
    ...either('carriedMost', Math.max, known, more),
    ...(examples.length === 0 ? {} : { examples })
  }
}

type Bound = 'firstMs' | 'lastMs' | 'carriedLeast' | 'carriedMost'

function either(
  field: Bound,
  choose: (...values: number[]) => number,
  one: ErrorRecord,
  other: ErrorRecord
): Partial<ErrorRecord> {
  const values = [one[field], other[field]].filter((value) => value !== undefined)
  return values.length === 0 ? {} : { [field]: choose(...values) }
}
