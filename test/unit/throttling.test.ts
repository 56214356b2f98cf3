import { describe, expect, test } from 'vitest'
import { askedWaitSeconds } from '../../shared/providers/asked-wait.ts'
import { providerOf } from '../../shared/providers/index.ts'
import { asksForPace, textAsksForPace } from '../../shared/providers/throttling.ts'

const NOW_MS = Date.UTC(2026, 0, 1)

describe('an SMTP refusal asks to slow down', () => {
  test.each([
    '421 4.7.0 Too many messages in this session, please reconnect',
    '421 Service not available, closing transmission channel',
    '432 4.3.2 Concurrent connections limit exceeded. Visit https://example.test/limits',
    '450 4.2.1 try later',
    '450 4.2.1 The user you are trying to contact is receiving mail too quickly',
    '450 4.2.0 Greylisted, please try again in 00:04:59',
    '450 4.7.1 Error: too much mail from 192.0.2.1',
    '451 4.7.1 Please try again in 5 minutes',
    '451 4.3.0 Rate limit exceeded, slow down',
    '452 4.4.5 Insufficient disk space; try again later',
    '454 Throttling failure: Maximum sending rate exceeded.',
    '550 5.4.5 Daily user sending limit exceeded. Try again later',
    '554 5.7.0 You are limited to 50 messages, try again in 341 seconds',
    '554 Message refused: sending limited, please come back in 341 seconds'
  ])('%s', (text) => {
    expect(asksForPace(text, null)).toBe(true)
  })
})

describe('an SMTP refusal that is none of pace', () => {
  test.each([
    '450 4.1.2 <b@example.com>: Recipient address rejected: Domain not found',
    '451 4.3.0 Error: queue file write error',
    '451 Temporary local problem - internal error, please try later',
    '452 4.3.1 Insufficient system storage',
    '452 4.2.2 The mailbox is over quota',
    '452 4.5.3 Too many recipients',
    '454 4.7.0 Temporary authentication failure: Connection lost to authentication server',
    '454 4.7.0 TLS not available due to local problem',
    '550 5.1.1 User unknown',
    '552 5.3.4 Message size exceeds fixed limit',
    '554 5.7.1 Relay access denied'
  ])('%s', (text) => {
    expect(asksForPace(text, null)).toBe(false)
  })
})

test("a provider's data come first: MailerSend's 450 refuses a message that does not validate", () => {
  const { smtp } = providerOf('mailersend')
  expect(asksForPace('450 The given data was invalid', smtp)).toBe(false)
  expect(asksForPace('450 Rate limit exceeded', smtp)).toBe(true)
})

describe('the text of an API', () => {
  test.each([
    [
      'Domain example.com is not allowed to send: The domain has exceeded its hourly limit of 100 messages',
      true
    ],
    ['Exceed Sending Limit (daily)', true],
    ['hourly limit of 30 exceeded, try again later', true],
    ['Too many requests', true],
    ['Domain example.com is not allowed to send: account disabled', false],
    ['Invalid From address', false],
    ['413 Request Entity Too Large', false]
  ])('%s', (text, asks) => {
    expect(textAsksForPace(text)).toBe(asks)
  })
})

describe('a wait is read from', () => {
  test.each([
    ['try again in 341 seconds', 341],
    ['You are limited to 50 messages in 1 hour; please retry after 2m30s', 150],
    ['please try again in 5 minutes', 300],
    ['Greylisted, please try again in 00:04:59', 299],
    ['come back in one hour', 3600],
    ['try again in a few minutes.', 180],
    ['wait 1 minute and 30 seconds', 90],
    ['request limit exceeded, try again after 15', 15],
    ['{"message":"try again after Thu, 01 Jan 2026 00:01:00 UTC"}', 60],
    ['blocked until 2026-01-01T00:02:00Z', 120],
    ['try again after 2026-01-01 00:00:30', 30],
    ['Going down, try again in 2 minutes', 120],
    ['limit of 100 messages in 1 hour exceeded', 0],
    ['try again later', 0],
    ['', 0]
  ])('%s', (text, seconds) => {
    expect(askedWaitSeconds(text, NOW_MS)).toBe(seconds)
  })
})
