import { expect, test } from 'vitest'
import { Fold } from '../../electron/record/fold.ts'
import { mergeTransports } from '../../electron/record/merge-transports.ts'
import { RunTally } from '../../electron/record/tally.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import { errorSentence } from '../../shared/insight/error-sentence.ts'
import type { ErrorRecord } from '../../shared/record/run-record.ts'
import { transportRecord } from '../support/records.ts'

/** What a run keeps of connections that were cut, each second the same, behind whole messages or before their end. */
function errorsOf(
  seconds: readonly (readonly { count: number; mayBeDelivered: boolean }[])[]
): ErrorRecord[] {
  const tally = new RunTally()
  const fold = new Fold({
    ...{ transport: 0, round: 1, clockOffsetUs: 0, hiddenHandshakeUs: 0 },
    emit: (delta) => {
      tally.add(delta)
    }
  })
  const result = new SendResult(0)
  for (const second of seconds) {
    for (const { count, mayBeDelivered } of second) {
      for (let seq = 0; seq < count; seq++) {
        result.begin(seq, 0, 0)
        const cut = { outcome: 'failed', code: 'ECONNRESET', phase: 'content', sample: 'reset' } as const
        Object.assign(result, cut, { mayBeDelivered, doneUs: 1000 })
        fold.add(result)
      }
    }
    fold.flush()
  }
  return tally.errors()
}

const before = { count: 5, mayBeDelivered: false }
const behind = { count: 3, mayBeDelivered: true }

test.each([
  { title: 'in one second', seconds: [[before, behind]] },
  { title: 'the sure ones first', seconds: [[before], [behind]] },
  { title: 'the others first', seconds: [[behind], [before]] }
])(
  'messages that may have been delivered are counted apart from those that were not: $title',
  ({ seconds }) => {
    const errors = errorsOf(seconds)
    expect(errors.map(({ count, mayBeDelivered }) => [count, mayBeDelivered])).toEqual([
      [5, undefined],
      [3, true]
    ])
    expect(errors.map((error) => errorSentence(error).includes('may have been delivered'))).toEqual([
      false,
      true
    ])
    const record = transportRecord('smtp', [[1000]], { errors })
    const merged = mergeTransports([
      { place: 'fra', record },
      { place: 'iad', record }
    ])
    expect(merged.errors.map(({ count, mayBeDelivered }) => [count, mayBeDelivered])).toEqual([
      [10, undefined],
      [6, true]
    ])
  }
)
