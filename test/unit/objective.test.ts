import { expect, test } from 'vitest'
import { missedObjective, parseObjective, type Objective } from '../../shared/insight/objective.ts'
import { transportRecord } from '../support/records.ts'

const measured = {
  ...transportRecord('smtp', [[400_000, 400_000]]),
  counts: { sent: 100, accepted: 98, rejected: 2, failed: 0, aborted: 0 },
  throughput: 9.5
}

function parsed(text: string): Objective {
  const objective = parseObjective(text)
  if (!objective.ok) throw new Error(objective.message)
  return objective.value
}

test.each([
  ['response.p99 < 500', true],
  ['response.p99 < 400', false],
  ['service.mean >= 399', true],
  ['failed == 0', true],
  ['rejected/sent < 0.01', false],
  [' rejected / sent <= 2e-2 ', true],
  ['throughput > 9', true],
  ['accepted != 98', false]
])('%s is kept: %s', (text, kept) => {
  expect(missedObjective([parsed(text)], measured)?.text ?? null).toBe(kept ? null : text)
})

test('the first objective that is missed is named', () => {
  const objectives = ['failed == 0', 'sent > 1000', 'response.p50 < 1'].map(parsed)
  expect(missedObjective(objectives, measured)?.text).toBe('sent > 1000')
})

test('nothing measured keeps no objective', () => {
  const empty = { ...transportRecord('smtp', [[]]) }
  expect(missedObjective([parsed('response.p99 < 500')], empty)).not.toBeNull()
  expect(missedObjective([parsed('rejected/sent < 1')], empty)).not.toBeNull()
})

test.each([
  ['smtp.response.p99 < 500', /unknown field/],
  ['response.p98 < 500', /unknown field/],
  ['constructor < 1', /unknown field/],
  ['rejected/nothing < 0.1', /unknown field/],
  ['response.p99/sent < 0.1', /unknown field/],
  ['response.p99', /cannot read/],
  ['response.p99 < fast', /cannot read/],
  ['response.p99 =< 5', /cannot read/],
  ['', /cannot read/]
])('%j is refused with what is allowed', (text, message) => {
  expect(parseObjective(text)).toEqual({ ok: false, message: expect.stringMatching(message) as string })
})
