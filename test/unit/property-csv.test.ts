import fc from 'fast-check'
import { expect, test } from 'vitest'
import { errorsCsv, summaryCsv } from '../../shared/record/csv.ts'
import { runRecord, transportRecord } from '../support/records.ts'
import { visibleLines } from '../../shared/text/visible.ts'
import { readCsv } from '../support/read-csv.ts'

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '=',
      '+',
      '-',
      '@',
      '\t',
      '\r',
      '\n',
      '＝',
      '＋',
      '＠',
      '\0',
      '"',
      ',',
      "'",
      ';',
      'é',
      '日'
    ),
    fc.string({ minLength: 1, maxLength: 1 })
  ),
  maxLength: 20
})

test('tables hold any name and any text of a peer, each in one cell that starts no formula', () => {
  fc.assert(
    fc.property(hostile, hostile, hostile, (name, code, sample) => {
      const error = { class: 'rejected', code, phase: 'rcpt', count: 2, sample } as const
      const record = runRecord([transportRecord(name, [[1000]], { errors: [error] })])
      const [header = [], row = [], ...others] = readCsv(errorsCsv(record))
      expect(others).toEqual([])
      expect(row).toHaveLength(header.length)
      const shown = (text: string): string => {
        const visible = visibleLines(text)
        return /^[\s\ufffd]*[=+\-@＝＋－＠]|^[\t\r\n]/.test(visible) ? `'${visible}` : visible
      }
      expect([row[1], row[3], row[6]]).toEqual([name, code, sample].map(shown))
      for (const cells of readCsv(summaryCsv(record)).slice(1)) {
        expect(cells[1]).toBe(shown(name))
        expect(cells.at(-1)).toBe('all')
        expect(cells.slice(5, -1).every((cell) => cell === '' || Number.isFinite(Number(cell)))).toBe(true)
      }
    }),
    { numRuns: 100 }
  )
})
