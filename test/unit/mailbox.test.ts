import { describe, expect, test } from 'vitest'
import { envelopeAddress } from '../../electron/transports/ascii-domain.ts'
import { clientName } from '../../electron/transports/smtp/client-name.ts'
import { MAILBOX, SENDER } from '../../shared/plan/mailbox.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import { decodeUtf8 } from '../../shared/text/utf8.ts'

describe('one mailbox', () => {
  test.each([
    'bench@example.com',
    'first.last+tag@example.com',
    '"john doe"@example.com',
    '"a@b"@example.com',
    '"say \\"hi\\""@example.com',
    'grüße@bücher.example',
    'user@[192.0.2.1]',
    'user@[IPv6:2001:db8::1]'
  ])('%s', (text) => {
    expect(MAILBOX.test(text)).toBe(true)
  })

  test.each([
    'nobody',
    'a@b@c.example',
    'a b@example.com',
    'a@one.example,b@two.example',
    '<a@example.com>',
    'a@example.com\r\nDATA',
    '"a\r\nb"@example.com',
    '"open@example.com',
    '@example.com',
    'a@'
  ])('not %j', (text) => {
    expect(MAILBOX.test(text)).toBe(false)
  })

  test('the null sender is a sender and no recipient', () => {
    expect([SENDER.test('<>'), MAILBOX.test('<>')]).toEqual([true, false])
  })
})

test('an envelope names domains in ASCII and leaves local parts alone', () => {
  expect(envelopeAddress('"a@b"@Bücher.example')).toBe('"a@b"@xn--bcher-kva.example')
  expect(envelopeAddress('user@[192.0.2.1]')).toBe('user@[192.0.2.1]')
  expect(envelopeAddress('<>')).toBe('')
})

test('the name in EHLO is the one that was planned, or the address that connects', () => {
  expect(clientName('mail.bücher.example', '127.0.0.1')).toBe('mail.xn--bcher-kva.example')
  expect(clientName('[192.0.2.1]', '127.0.0.1')).toBe('[192.0.2.1]')
  expect(clientName(null, '127.0.0.1')).not.toBe('')
})

describe('a plan', () => {
  const plan = (transport: object, message: object = {}) =>
    parsePlan({
      schema: 1,
      name: 'x',
      message: { from: 'a@example.com', to: ['b@example.com'], ...message },
      load: { model: 'closed', concurrency: 1, messages: 6 },
      transports: [transport]
    })
  const faults = (...args: Parameters<typeof plan>): string[] => {
    const parsed = plan(...args)
    return parsed.ok ? [] : parsed.faults.map(({ path }) => path)
  }
  const api = { name: 'a', protocol: 'http', url: 'http://127.0.0.1:1' }
  const smtp = { name: 's', protocol: 'smtp', host: '127.0.0.1', port: 25 }

  test('takes an IPv6 address in brackets', () => {
    const parsed = plan({ ...smtp, host: '[::1]' })
    expect(parsed.ok && parsed.plan.transports[0]).toMatchObject({ host: '::1' })
  })

  test.each(['mg.example.com/v3', 'https://mg.example.com', 'mg.example.com:443', 'a b'])(
    'refuses the domain %j instead of changing it',
    (domain) => {
      expect(faults({ ...api, domain })).toEqual(['transports[0].domain'])
    }
  )

  test('refuses what a URL would never send', () => {
    expect(faults({ ...api, url: 'http://127.0.0.1:1/x#y' })).toEqual(['transports[0].url'])
  })

  test('has a null sender for SMTP alone', () => {
    expect(faults(smtp, { from: '<>' })).toEqual([])
    expect(faults(api, { from: '<>' })).toEqual(['message.from'])
  })

  test.each(['bad name', 'a<b', '[::1'])('refuses %j as a name in EHLO', (ehloName) => {
    expect(faults({ ...smtp, ehloName })).toEqual(['transports[0].ehloName'])
  })
})

describe('the text of a file', () => {
  const text = '{"name":"Grüße"}'
  test('is read with and without a byte order mark', () => {
    expect(decodeUtf8(Buffer.from(text))).toEqual({ ok: true, text })
    expect(decodeUtf8(Buffer.from(`\ufeff${text}`))).toEqual({ ok: true, text })
  })
  test.each([
    ['UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16', Buffer.from(text, 'utf16le')],
    ['UTF-16', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['Latin-1', Buffer.from(text, 'latin1')]
  ])('is not guessed where it is %s', (found, bytes) => {
    expect(decodeUtf8(bytes)).toMatchObject({ ok: false, found: expect.stringContaining(found) as string })
  })
})
