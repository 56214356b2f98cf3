import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redactor, sentForms } from '../../electron/transports/redact.ts'

const secret = fc.string({ unit: fc.constantFrom(...'aZ09"<&+%/é$^\\.*({ '), minLength: 4, maxLength: 24 })
const around = fc.string({ unit: fc.constantFrom('x', ' ', ':', '{'), maxLength: 8 })

const SPELLINGS: [string, (secret: string) => string][] = [
  ['as it is', (text) => text],
  ['as JSON', (text) => JSON.stringify(text).slice(1, -1)],
  ['in an address', encodeURIComponent],
  ['in base64', (text) => Buffer.from(text).toString('base64').replace(/=+$/, '')],
  ['as AUTH PLAIN', (text) => Buffer.from(`\0user\0${text}`).toString('base64').replace(/=+$/, '')],
  ['as Basic', (text) => Buffer.from(`user:${text}`).toString('base64').replace(/=+$/, '')],
  ['in Latin-1', (text) => Buffer.from(text).toString('latin1')]
]

test.each(SPELLINGS)('no text shows a secret %s', (_how, spell) => {
  fc.assert(
    fc.property(secret, around, around, (text, before, after) => {
      const shown = redactor(sentForms('user', text))(`${before}${spell(text)}${after}`)
      expect(shown).not.toContain(spell(text))
      expect(shown).toContain('***')
    }),
    { numRuns: 100 }
  )
})

test('a text that was cut within a secret does not show its start', () => {
  fc.assert(
    fc.property(secret, fc.integer({ min: 4, max: 23 }), (text, length) => {
      const cut = text.slice(0, length)
      expect(redactor([text])(`at ${cut}`)).toBe('at ***')
    }),
    { numRuns: 100 }
  )
})

test('other texts stay as they are, and short secrets hide no words', () => {
  const redact = redactor(sentForms('user', 'abc'))
  expect(redact('450 4.2.1 abcdef try later')).toBe('450 4.2.1 abcdef try later')
  expect(redactor([])('anything')).toBe('anything')
})

test('a secret of any length is replaced, be it a file that was named by mistake', () => {
  const long = 'a line of a large file\n'.repeat(20_000)
  expect(redactor(sentForms('user', long))(`535 no such login: ${long}`)).toBe('535 no such login: ***')
})
