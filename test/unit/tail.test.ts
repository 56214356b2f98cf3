import { expect, test } from 'vitest'
import { tailSentence } from '../../shared/insight/tail-sentence.ts'
import { SlowestOfAll, SlowestSends } from '../../electron/record/slowest.ts'
import { SendResult } from '../../electron/transports/send-result.ts'

function send(responseUs: number, change: (result: SendResult) => void = () => undefined): SendResult {
  const result = new SendResult(0)
  result.begin(1, 0, 0)
  result.reused = true
  result.waited('mail', 40_000, 1)
  result.waited('content', responseUs - 40_000, 1)
  result.doneUs = responseUs
  change(result)
  return result
}

test('the slowest of many are kept, each with what may explain it', () => {
  const slowest = new SlowestSends()
  for (let index = 0; index < 1000; index++) slowest.add(send(80_000 + index))
  slowest.add(send(900_000, (result) => (result.retransmits = 2)))
  slowest.add(send(800_000, (result) => (result.reused = false)))
  slowest.add(send(700_000, (result) => (result.startedUs = 600_000)))
  slowest.add(send(600_000))
  const all = new SlowestOfAll()
  all.add(slowest.take())
  expect(slowest.take()).toEqual([])
  const found = all.slowest(0.01, 1004)
  expect(found).toHaveLength(11)
  expect(found.slice(0, 4)).toEqual([
    { responseUs: 900_000, lost: true, queued: false, opened: false, phase: 'content' },
    { responseUs: 800_000, lost: false, queued: false, opened: true, phase: 'content' },
    { responseUs: 700_000, lost: false, queued: true, opened: false, phase: 'content' },
    { responseUs: 600_000, lost: false, queued: false, opened: false, phase: 'content' }
  ])
  expect(found.at(-1)?.responseUs).toBe(80_993)
})

test('the tail in a sentence', () => {
  const causes = [
    { cause: 'lost', phase: null, count: 9 },
    { cause: 'opened', phase: null, count: 2 },
    { cause: 'waited', phase: 'content', count: 1 }
  ] as const
  expect(tailSentence('smtp', { slowest: 12, fromMs: 250, causes: [...causes] })).toBe(
    'Of the 12 slowest messages of smtp (250\u202fms and more) 9 lost a packet, 2 opened a connection and 1 waited longest in content.'
  )
  expect(tailSentence('smtp', { slowest: 2, fromMs: 250, causes: [] })).toBe('')
  expect(tailSentence('smtp', null)).toBe('')
})
