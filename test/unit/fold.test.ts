import { expect, test } from 'vitest'
import { Fold } from '../../electron/record/fold.ts'
import { RunTally } from '../../electron/record/tally.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import type { Phase } from '../../shared/record/words.ts'

test('behind a delay link the slowest are judged with its handshake where it belongs', () => {
  const tally = new RunTally()
  const fold = new Fold({
    ...{ transport: 0, round: 1, clockOffsetUs: 0, hiddenHandshakeUs: 40_000 },
    emit: (delta) => {
      tally.add(delta)
    }
  })
  /** As a client sees it: the connect is answered at once, and the greeting bears the round trip of both. */
  const waitsMs: [phase: Phase, ms: number][] = [
    ['tcp', 0.2],
    ['greeting', 80],
    ['ehlo', 55],
    ['content', 41]
  ]
  const result = new SendResult(0)
  for (let seq = 0; seq < 300; seq++) {
    result.begin(seq, 0, 0)
    for (const [phase, ms] of waitsMs) result.waited(phase, ms * 1000, 1)
    Object.assign(result, { outcome: 'accepted', doneUs: 177_000 })
    fold.add(result)
  }
  fold.flush()
  expect(tally.tail()?.causes).toEqual([{ cause: 'waited', phase: 'ehlo', count: 3 }])
  expect(tally.phases().find(({ name }) => name === 'tcp')?.meanMs).toBeCloseTo(40.2, 3)
})
