import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { runText } from '../../electron/cli/run-text.ts'
import { tailSentence } from '../../shared/insight/tail-sentence.ts'
import { tailTable } from '../../shared/insight/tail-table.ts'
import { htmlReport } from '../../shared/report/html-report.ts'
import type { TailRecord } from '../../shared/record/run-record.ts'
import { SlowestOfAll, SlowestSends } from '../../electron/record/slowest.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import { runRecord, transportRecord } from '../support/records.ts'

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

const tails: Record<string, TailRecord | null> = {
  few: { slowest: 2, fromMs: 90, causes: [{ cause: 'queued', phase: null, count: 2 }] },
  smtp: {
    ...{ slowest: 12, fromMs: 250 },
    causes: [
      { cause: 'opened', phase: null, count: 8 },
      { cause: 'waited', phase: 'content', count: 4 }
    ]
  },
  none: null,
  api: {
    ...{ slowest: 11, fromMs: 40 },
    causes: [
      { cause: 'lost', phase: null, count: 10 },
      { cause: 'opened', phase: null, count: 1 }
    ]
  }
}
const told = Object.entries(tails).map(([name, tail]) => transportRecord(name, [[1000]], { tail }))

test('the tails in a table: the transports that have one, and the causes that occur in any', () => {
  expect(tailTable(told)).toEqual({
    causes: ['lost a packet', 'opened a connection', 'in content'],
    rows: [
      { index: 1, name: 'smtp', slowest: 12, counts: [0, 8, 4] },
      { index: 3, name: 'api', slowest: 11, counts: [10, 1, 0] }
    ]
  })
  expect(tailTable(told.filter(({ name }) => name === 'few' || name === 'none'))).toBeNull()
})

test('the terminal and the report show the table beside the sentences, and nothing where there is none', () => {
  const text = (transports: typeof told): string => stripVTControlCharacters(runText(runRecord(transports)))
  expect(text(told)).toContain(
    [
      'of the slowest messages  all  lost a packet  opened a connection  in content',
      'smtp                      12              0                    8           4',
      'api                       11             10                    1           0\n\nOf the 12 slowest'
    ].join('\n')
  )
  expect(text(told.slice(0, 1))).not.toContain('slowest')
  const html = htmlReport(runRecord(told))
  expect(html).toContain('<th scope="col">lost a packet</th>')
  expect(html).toMatch(/api<\/td><td>11<\/td><td>10<\/td><td>1<\/td><td>0<\/td>/)
  expect(htmlReport(runRecord(told.slice(0, 1)))).not.toContain('slowest')
})
