import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  SENDS_HEADER,
  SUMMARY_HEADER,
  errorsCsv,
  phasesCsv,
  sendsLine,
  sendsPrefix,
  summaryCsv,
  sweepCsv,
  textCell,
  timelineCsv
} from '../../shared/record/csv.ts'
import { fitCells } from '../../shared/insight/sweep-fit.ts'
import { readCsv } from '../support/read-csv.ts'
import { runRecord, transportRecord } from '../support/records.ts'

const record = runRecord([
  transportRecord('smtp', [[1234, 5678, 91_011], [1300]], {
    phases: [{ name: 'mail', count: 4, meanMs: 1 / 3, p50: 0.3, p99: 0.4, turns: 1 }],
    timeline: [
      {
        second: 2,
        measuredSeconds: 0.5,
        accepted: 3,
        rejected: 1,
        failed: 0,
        aborted: 0,
        p50: null,
        p99: 7.001
      }
    ],
    errors: [
      { class: 'rejected', code: '450 4.2.1', phase: 'rcpt', count: 2, sample: '450 4.2.1 try, "later"' },
      { class: 'failed', code: 'RESET', phase: 'data', count: 1, sample: '=HYPERLINK("http://x")' }
    ]
  }),
  transportRecord('api', [[100], [200]], { protocol: 'http', client: 'undici', rttMs: null })
])

test('summary.csv has a row for each round, then one for all, with the very numbers of the record', () => {
  const [header, ...rows] = readCsv(summaryCsv(record))
  expect(header).toEqual(SUMMARY_HEADER.split(','))
  expect(rows.map((row) => [row[1], row[4]])).toEqual([
    ['smtp', '1'],
    ['smtp', '2'],
    ['smtp', 'all'],
    ['api', '1'],
    ['api', '2'],
    ['api', 'all']
  ])
  const column = (name: string): string => rows[2]![header!.indexOf(name)]!
  const { throughput, response, connections } = record.transports[0]!
  expect(Number(column('throughput_per_s'))).toBe(throughput)
  expect(Number(column('response_mean_ms'))).toBe(response.mean)
  expect(Number(column('response_p999_ms'))).toBe(response.p999)
  expect(Number(column('connections_opened'))).toBe(connections.opened)
  expect(rows[5]![header!.indexOf('rtt_ms')]).toBe('')
  for (const row of rows) expect(row).toHaveLength(header!.length)
})

test('phases, timeline and errors have a row each, with empty cells where nothing was measured', () => {
  expect(readCsv(phasesCsv(record))[1]).toEqual([
    'run-1',
    'smtp',
    'mail',
    '4',
    String(1 / 3),
    '0.3',
    '0.4',
    '1'
  ])
  expect(readCsv(timelineCsv(record))[1]).toEqual(['run-1', 'smtp', '2', '3', '1', '0', '', '7.001', '0.5'])
  expect(readCsv(errorsCsv(record)).map((row) => row.at(-1))).toEqual([
    'sample',
    '450 4.2.1 try, "later"',
    `'=HYPERLINK("http://x")`
  ])
})

test('sends.csv has times in ms to the µs', () => {
  const send = {
    seq: 7,
    connection: 2,
    reused: true,
    turns: 4,
    outcome: 'accepted',
    code: '250 2.0.0'
  } as const
  const line = sendsLine(sendsPrefix('smtp', 1), {
    ...send,
    ...{ intendedUs: 1000.25, startedUs: 1500, doneUs: 11_750.5, bytesOut: 1200, bytesIn: 90 },
    ...{ transferUs: 1200, retransmits: 2 }
  })
  expect(SENDS_HEADER.split(',')).toHaveLength(readCsv(line)[0]!.length)
  expect(line).toBe('smtp,1,7,2,true,1,1.5,11.751,10.75,10.251,4,accepted,250 2.0.0,1200,90,1.2,2\r\n')
})

test('sweep.csv repeats the fit on every point', () => {
  const ms = (rttMs: number): number => 3 + 4 * rttMs
  const rest = { serviceMean: null, sizeBytes: null, throughput: null }
  const sweep = fitCells('smtp', {
    ...{ turnsCounted: 4, statistic: 'p50', baseRttMs: null, isClosed: true },
    cells: [0, 50].map((rttMs) => [rttMs, ms(rttMs)]),
    points: [0, 50].map((rttMs) => ({ rttMs, n: 10, p50: ms(rttMs), serviceP50: ms(rttMs), ...rest }))
  })
  const rows = readCsv(sweepCsv({ schema: 1, transports: [sweep] }))
  expect(rows.slice(1)).toEqual([
    ['smtp', '0', '10', '3', '3', '4', '4', '3', '1', '', ''],
    ['smtp', '50', '10', '203', '203', '4', '4', '3', '1', '', '']
  ])
})

test.each(['=1+1', '+1', '-1', '@cmd', '\tx', '\rx', '\nx', '\n=1', ' =1', '＝1+1', '＋1', '－1', '＠x'])(
  'a text cell that starts a formula is escaped: %j',
  (text) => {
    expect(readCsv(`${textCell(text)}\r\n`)).toEqual([[`'${text}`]])
  }
)

test('any text survives a cell, but for the apostrophe before formulas', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '=', '"', ',', '\r', '\n', ' ', 'é') }), (text) => {
      const [[cell]] = readCsv(`${textCell(text)}\r\n`) as [[string]]
      expect(cell.replace(/^'(?=\s*=|[\r\n])/, '')).toBe(text)
      expect(cell).not.toMatch(/^[=+\-@\t\r\n]/)
    })
  )
})
