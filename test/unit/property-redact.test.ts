import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redactor, sentForms } from '../../electron/transports/redact.ts'
import { SPELLINGS } from '../support/spellings.ts'

const secret = fc.string({ unit: fc.constantFrom(...'aZ09"<&+%/é$^\\.*({ '), minLength: 8, maxLength: 24 })
const around = fc.string({ unit: fc.constantFrom('x', ' ', ':', '{'), maxLength: 8 })

describe('no text shows a secret', () => {
  test.each(Object.entries(SPELLINGS))('%s', (_how, spell) => {
    fc.assert(
      fc.property(secret, around, around, (text, before, after) => {
        const shown = redactor(sentForms('user', text))(`${before}${spell(text)}${after}`)
        // What is left tells nothing: four characters of the secret's own spelling at the most.
        expect(shown).not.toContain(spell(text))
        expect(shown).toContain('***')
        expect(shown.replaceAll('***', '').length).toBeLessThanOrEqual(before.length + after.length + 6)
      }),
      { numRuns: 60 }
    )
  })
})

test('a text that was cut within a secret shows neither its start nor its end nor its middle', () => {
  fc.assert(
    fc.property(secret, fc.integer({ min: 4, max: 7 }), (text, length) => {
      expect(redactor([text])(`at ${text.slice(0, length)}`)).toBe('at ***')
      expect(redactor([text])(`${text.slice(-length)} was it`)).toBe('*** was it')
      expect(redactor([text])(text.slice(2, 2 + length))).toBe('***')
    }),
    { numRuns: 100 }
  )
})

test('a secret over lines is found where one of them begins as a reply does', () => {
  expect(redactor(['secret909 word'])('said: secret\n909 word')).toBe('said: ***')
})

test('other texts stay as they are, and short secrets hide no words', () => {
  const redact = redactor(sentForms('user', 'abc'))
  expect(redact('450 4.2.1 abcdef try later')).toBe('450 4.2.1 abcdef try later')
  expect(redactor([])('anything')).toBe('anything')
  const long = redactor(sentForms('user', 'a good long password'))
  for (const text of [
    '250 2.0.0 Ok: queued as 4C1F2A77E3',
    '550 5.1.1 <sink@example.com>: Recipient address rejected',
    '{"id":"<20261123.1@mg.example.com>","message":"Queued. Thank you."}',
    '554 100% spam &amp; more\r\n554 =3D'
  ])
    expect(long(text)).toBe(text)
})

test('a secret of any length is replaced, be it a file that was named by mistake', () => {
  const long = 'a line of a large file\n'.repeat(3000)
  expect(redactor(sentForms('user', long))(`535 no such login: ${long}`)).toBe('535 no such login: ***')
})
