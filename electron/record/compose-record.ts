import { holds, measuredValue, parseAssertion } from '../../shared/insight/assertion.ts'
import { compareAll } from '../../shared/insight/comparison.ts'
import { verdict } from '../../shared/insight/verdict.ts'
import type { AssertRecord, RunRecord, TransportRecord } from '../../shared/record/run-record.ts'

/**
 * Completes a record with what follows from its figures.
 * @param comparable the transports with the rounds that may be compared; by default all
 */
export function composeRecord(
  facts: Omit<RunRecord, 'comparison' | 'verdict' | 'asserts'>,
  comparable: readonly TransportRecord[] = facts.transports
): RunRecord {
  const record: RunRecord = {
    ...facts,
    comparison: compareAll(comparable),
    verdict: '',
    asserts: facts.plan.assert.map((text) => evaluate(text, facts.transports))
  }
  return { ...record, verdict: verdict(record) }
}

function evaluate(text: string, transports: readonly TransportRecord[]): AssertRecord {
  const assertion = parseAssertion(text)
  if (!assertion.ok) return { text, pass: false, value: null }
  const { transport, field } = assertion.value
  const record = transports.find(({ name }) => name === transport)
  const value = record === undefined ? null : measuredValue(field, record)
  return { text, pass: holds(assertion.value, value), value }
}
