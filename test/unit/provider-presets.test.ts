import { describe, expect, it } from 'vitest'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import { PROVIDER_IDS } from '../../shared/providers/ids.ts'
import { isSinkRecipient, PROVIDERS, providerOf } from '../../shared/providers/index.ts'
import { smtpTestHeaders } from '../../shared/providers/smtp-headers.ts'
import { waitSeconds } from '../../shared/providers/throttling.ts'

const PASSWORD = { env: 'KEY' }

/** The first transport of a plan, with presets and defaults filled in. */
function transportOf(transport: Record<string, unknown>): unknown {
  const result = parsePlan({
    schema: 1,
    name: 'x',
    message: { from: 'a@example.com', to: ['b@example.com'] },
    load: { model: 'closed', concurrency: 1, messages: 10 },
    transports: [{ name: 't', ...transport }]
  })
  return result.ok ? result.plan.transports[0] : result.faults
}

describe('a plan that only names its provider', () => {
  it.each([
    ['smtp', 'mailgun', { host: 'smtp.mailgun.org', port: 587, security: 'starttls' }],
    ['smtp', 'mailgun-eu', { host: 'smtp.eu.mailgun.org', port: 587, security: 'starttls' }],
    ['smtp', 'sendgrid', { host: 'smtp.sendgrid.net', auth: { user: 'apikey' } }],
    ['smtp', 'resend', { host: 'smtp.resend.com', auth: { user: 'resend' } }],
    ['smtp', 'sparkpost', { host: 'smtp.sparkpostmail.com', auth: { user: 'SMTP_Injection' } }],
    ['smtp', 'sparkpost', { messagesPerConnection: 100, maxConnections: 10 }],
    ['http', 'sparkpost', { messagesPerConnection: 10_000, maxConnections: 10 }],
    ['smtp', 'mailtrap', { host: 'live.smtp.mailtrap.io', auth: { user: 'api' } }],
    ['smtp', 'mailpit', { host: '127.0.0.1', port: 1025, security: 'none' }],
    ['http', 'mailgun', { url: 'https://api.mailgun.net', auth: { user: 'api' } }],
    ['http', 'sendgrid', { url: 'https://api.sendgrid.com', auth: { user: null } }],
    ['http', 'mailpit', { url: 'http://127.0.0.1:8025' }]
  ])('over %s to %s gets what the provider documents', (protocol, provider, expected) => {
    const needsUser = protocol === 'smtp' && providerOf(provider as 'mailgun').smtp?.user === null
    const auth = { password: PASSWORD, ...(needsUser ? { user: 'me' } : {}) }
    expect(transportOf({ protocol, provider, auth })).toMatchObject(expected)
  })

  it('keeps every word that it says itself', () => {
    const own = {
      host: 'relay.example.com',
      port: 2525,
      security: 'none',
      auth: { user: 'me', password: PASSWORD },
      messagesPerConnection: null,
      maxConnections: 3
    }
    expect(transportOf({ protocol: 'smtp', provider: 'sendgrid', ...own })).toMatchObject(own)
  })

  it('gets the security of the port that it chose, and the port of the security', () => {
    expect(transportOf({ protocol: 'smtp', provider: 'resend', port: 2465 })).toMatchObject({
      security: 'tls'
    })
    expect(transportOf({ protocol: 'smtp', provider: 'mailgun', security: 'tls' })).toMatchObject({
      port: 465
    })
  })

  it('is told what is missing where only its author can know', () => {
    expect(transportOf({ protocol: 'smtp', provider: 'ses' })).toMatchObject([{ path: 'transports[0].host' }])
    expect(transportOf({ protocol: 'http', provider: 'ses' })).toMatchObject([{ path: 'transports[0].url' }])
  })
})

describe('the table of providers', () => {
  it('has one entry per id, with unique names, ports and something to say', () => {
    expect(PROVIDERS.map(({ id }) => id)).toEqual(PROVIDER_IDS)
    expect(new Set(PROVIDERS.map(({ label }) => label)).size).toBe(PROVIDERS.length)
    for (const { id, smtp, notes } of PROVIDERS) {
      expect(providerOf(id).id).toBe(id)
      expect(new Set(smtp?.ports.map(({ port }) => port)).size, id).toBe(smtp?.ports.length ?? 0)
      expect(notes.length, id).toBeGreaterThan(0)
    }
  })

  it.each([
    ['ses', 'success@simulator.amazonses.com', true],
    ['ses', 'success+label@Simulator.AmazonSES.com', true],
    ['ses', 'success@amazonses.com', false],
    ['ses', 'x@evil-simulator.amazonses.com', false],
    ['resend', 'delivered+a@resend.dev', true],
    ['resend', 'someone@resend.dev', false],
    ['sparkpost', 'a@example.org.sink.sparkpostmail.com', true],
    ['sparkpost', 'a@sink.sparkpostmail.com.example.org', false],
    ['mailgun', 'success@simulator.amazonses.com', false],
    [undefined, 'delivered@resend.dev', false]
  ] as const)('knows for %s whether %s is a sink: %s', (provider, mailbox, sink) => {
    expect(isSinkRecipient(provider, mailbox)).toBe(sink)
  })

  it('marks SMTP messages as tests for Mailgun only, and not when the plan turns it off', () => {
    expect(smtpTestHeaders({ provider: 'mailgun', testMode: true })).toEqual({
      'X-Mailgun-Drop-Message': 'yes'
    })
    expect(smtpTestHeaders({ provider: 'mailgun', testMode: false })).toEqual({})
    expect(smtpTestHeaders({ provider: 'postmark', testMode: true })).toEqual({})
    expect(smtpTestHeaders({ testMode: true })).toEqual({})
  })
})

describe('the wait that an answer asks for', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  it.each([
    ['seconds in Retry-After', { 'retry-after': '7' }, '', null, 7],
    ['a date in Retry-After', { 'retry-after': 'Thu, 01 Jan 2026 00:00:09 GMT' }, '', null, 9],
    ['a date that has passed', { 'retry-after': 'Thu, 01 Jan 2025 00:00:09 GMT' }, '', null, 0],
    ['nonsense in Retry-After', { 'retry-after': 'soon' }, '', null, 0],
    [
      'an epoch of its own header',
      { 'x-reset': `${now / 1000 + 4}` },
      '',
      { name: 'x-reset', unit: 'epoch' },
      4
    ],
    ['seconds of its own header', { 'x-reset': '4' }, '', { name: 'x-reset', unit: 'seconds' }, 4],
    [
      'Retry-After before its own header',
      { 'x-reset': '4', 'retry-after': '2' },
      '',
      { name: 'x-reset', unit: 'seconds' },
      2
    ],
    ['seconds in the text', {}, '{"message":"request limit exceeded, try again after 15 seconds"}', null, 15],
    ['bare seconds in the text', {}, '{"message":"bytes limit exceeded, try again after 15"}', null, 15],
    [
      'a date in the text',
      {},
      '{"message":"recipient limit exceeded, try again after Thu, 01 Jan 2026 00:01:00 UTC"}',
      null,
      60
    ],
    ['no time at all', {}, '{"message":"limit exceeded"}', null, 0],
    ['more than a day', { 'retry-after': '999999999' }, '', null, 86_400]
  ] as const)('is found: %s', (_, headers: Record<string, string>, body, resetHeader, seconds) => {
    expect(waitSeconds({ resetHeader }, (name) => headers[name] ?? null, body, now)).toBe(seconds)
  })
})
