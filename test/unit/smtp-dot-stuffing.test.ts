import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dotStuff } from '../../electron/transports/smtp/dot-stuffing.ts'

const stuffed = (text: string): string =>
  dotStuff({ bytes: Buffer.from(text), seqOffsets: [] }).bytes.toString()

test.each([
  ['nothing special', 'a\r\nb\r\n', 'a\r\nb\r\n.\r\n'],
  ['no line end at the end', 'a', 'a\r\n.\r\n'],
  ['a lone dot', 'a\r\n.\r\nb\r\n', 'a\r\n..\r\nb\r\n.\r\n'],
  ['a dot at the very start', '.a\r\n', '..a\r\n.\r\n'],
  ['two dots lead', '..a\r\n', '...a\r\n.\r\n'],
  ['a dot in the middle of a line', 'a.b\r\n', 'a.b\r\n.\r\n'],
  ['a dot behind a bare line feed starts no line', 'a\n.b\r\n', 'a\n.b\r\n.\r\n'],
  ['nothing at all', '', '.\r\n']
])('%s', (_sentence, text, expected) => {
  expect(stuffed(text)).toBe(expected)
})

test('what a server takes out again is what was put in', () => {
  const line = fc.stringMatching(/^[.a\r\n]{0,6}$/)
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const text = lines.join('\r\n') + '\r\n'
      const wire = stuffed(text)
      expect(wire.slice(0, -3).split('\r\n.').join('\r\n').replace(/^\./, '')).toBe(text)
      // The end is nowhere but at the end.
      expect(`\r\n${wire}`.indexOf('\r\n.\r\n')).toBe(wire.length - 3)
    })
  )
})

test('places of the message number move with the dots before them', () => {
  const text = '.x\r\nID 0000000000\r\n.\r\nID 0000000000\r\n'
  const offsets = [text.indexOf('0'), text.lastIndexOf('ID') + 3]
  const { bytes, seqOffsets } = dotStuff({ bytes: Buffer.from(text), seqOffsets: offsets })
  expect(seqOffsets.map((offset) => bytes.toString('utf8', offset - 3, offset + 10))).toEqual([
    'ID 0000000000',
    'ID 0000000000'
  ])
})
