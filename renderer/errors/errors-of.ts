import type { ErrorOf } from '../../shared/record/snapshot.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'

/** The kinds of error of a run with their conversations, the most frequent first. */
export function errorsOf({ transports }: Pick<RunRecord, 'transports'>): ErrorOf[] {
  return transports
    .flatMap(({ name, errors }) => errors.map((error) => ({ ...error, transport: name })))
    .toSorted((a, b) => b.count - a.count)
}
