import fc from 'fast-check'
import { expect, test } from 'vitest'
import { corpus, inputs, type ParserName, pieceSizes } from '../fuzz/inputs.ts'
import { check, readAnswers, readHttp2, readReplies, type Target } from '../fuzz/targets.ts'

const PARSERS: [ParserName, Target][] = [
  ['smtp', readReplies],
  ['http', readAnswers],
  ['http2', readHttp2]
]

test.each(PARSERS)('%s: every input of the corpus is read alike in any pieces', (name, target) => {
  for (const bytes of corpus(name))
    for (let size = 1; size <= bytes.length; size++) expect(() => check(target, bytes, [size])).not.toThrow()
})

test.each(PARSERS)(
  '%s: garbage near the real thing is read alike in any pieces, and never throws',
  (name, target) => {
    fc.assert(
      fc.property(inputs(name), pieceSizes, (bytes, sizes) => {
        check(target, bytes, sizes)
      }),
      { numRuns: 800 }
    )
  }
)

test('whole replies are found again, whatever their texts say', () => {
  const text = fc.string({ maxLength: 30 }).map((line) => line.replace(/[\r\n]/g, ' '))
  const reply = fc.tuple(fc.integer({ min: 200, max: 599 }), fc.array(text, { minLength: 1, maxLength: 5 }))
  fc.assert(
    fc.property(fc.array(reply, { maxLength: 6 }), pieceSizes, (replies, sizes) => {
      const wire = replies.map(([code, lines]) =>
        lines.map((line, index) => `${code}${index === lines.length - 1 ? ' ' : '-'}${line}\r\n`).join('')
      )
      const heard = check(readReplies, Buffer.from(wire.join('')), sizes)
        .split('\n')
        .slice(0, -1)
      expect(heard.map((line) => (JSON.parse(line) as [string, string[]])[1])).toEqual(
        wire.map((lines) => lines.replace(/\r\n$/, '').split('\r\n'))
      )
    }),
    { numRuns: 200 }
  )
})
