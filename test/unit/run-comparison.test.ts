import { expect, test } from 'vitest'
import { compareRuns } from '../../shared/insight/run-comparison.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { runRecord } from '../support/records.ts'
import { scripted, type Script } from '../support/scripted-transport.ts'

const run = (name: string, script: Partial<Script>): RunRecord =>
  runRecord([scripted('smtp', { turns: 4, rttMs: 40, restMs: 10, ...script })], { name })

test.each<[why: string, a: Partial<Script>, b: Partial<Script>, said: RegExp]>([
  [
    'a difference with its interval',
    {},
    { restMs: 60 },
    /^smtp took 1\.29 times \(1\.2\d to 1\.3\d\) as long in the second run/
  ],
  ['that a difference rests on few rounds', { restMs: 60, rounds: 3 }, { rounds: 3 }, /by 3 rounds only/],
  [
    'no difference with its interval',
    {},
    { levels: [1.001, 1] },
    /^smtp: no difference seen \(0\.9.* to 1\.0.*\)/
  ],
  [
    'what cannot be told',
    { levels: [0.3, 1.5, 0.5, 3] },
    {},
    /^smtp: cannot tell, the second run may have taken/
  ],
  ['that one round tells nothing', { rounds: 1 }, {}, /^smtp cannot be compared/],
  ['too few messages', { perRound: 2 }, { perRound: 2 }, /^smtp: too few messages/]
])('two runs are compared with %s', (_why, a, b, said) => {
  expect(compareRuns(run('first', a), run('second', b)).sentence).toMatch(said)
})

test('beside every comparison stands that two runs differ by more than their rounds, and to repeat them', () => {
  expect(compareRuns(run('first', {}), run('second', {})).caution).toMatch(
    /Two runs differ by more than their rounds show.*Repeat both/
  )
})
