import type { ErrorRecord, FailureExample } from '../record/run-record.ts'
import { counted, duration, integer, milliseconds } from '../text/format.ts'

/** When the errors of one kind came, and on what connections; empty for a record from before that was kept. */
export function errorSentence(error: ErrorRecord): string {
  const { count, firstMs, lastMs, carriedLeast, carriedMost } = error
  if (firstMs === undefined || lastMs === undefined) return ''
  const came =
    count === 1
      ? `It came ${since(firstMs)} into the run.`
      : `The first came ${since(firstMs)} into the run, the last ${since(lastMs)}.`
  const unsure = error.mayBeDelivered === true ? ' Behind a whole message: it may have been delivered.' : ''
  if (carriedLeast === undefined || carriedMost === undefined) return `${came}${unsure}`
  return `${came} ${carried(count, carriedLeast, carriedMost)}${unsure}`
}

/** Which send an example is. */
export function exampleTitle({ atMs, round, connection, carriedBefore }: FailureExample): string {
  const where =
    connection === 0
      ? 'no connection was reached'
      : carriedBefore === 0
        ? `connection ${integer(connection)}, its first message`
        : `connection ${integer(connection)}, after ${counted(carriedBefore, 'message')}`
  return `At ${since(atMs)}, round ${integer(round)}: ${where}`
}

function carried(count: number, least: number, most: number): string {
  const whose = count === 1 ? 'Its connection' : 'Their connections'
  if (most === 0) return `${whose} had carried no message before.`
  const many = least === most ? counted(most, 'message') : `${integer(least)} to ${counted(most, 'message')}`
  return `${whose} had carried ${many} before.`
}

/** The clock of a run: to the millisecond at its begin, later as a length of time. */
function since(ms: number): string {
  return ms < 100_000 ? milliseconds(Math.max(0, ms)) : duration(ms / 1000)
}
