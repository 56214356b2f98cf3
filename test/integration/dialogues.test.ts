import { afterEach, describe, expect, test } from 'vitest'
import type { Client } from '../../electron/transports/client.ts'
import type { SmtpTransport } from '../../shared/plan/plan.ts'
import { AUTH, smtpClient } from '../support/smtp-sending.ts'
import { openSender, type Sender } from '../support/sends.ts'
import { startRawServer, type RawServer, type RawServerOptions } from '../support/smtp-raw-server.ts'

/** A way in which the fake servers of other projects' test suites behave, and what we call it. */
interface Dialogue {
  says: string
  server?: RawServerOptions
  /** Replies in place of the usual ones, by what the server hears. */
  replies?: readonly (readonly [heard: RegExp, reply: string])[]
  transport?: Partial<Pick<SmtpTransport, 'pipelining' | 'chunking' | 'overlap'>> & { auth?: object }
  message?: { from?: string; to?: string[] }
  is: readonly [outcome: string, code: string, phase: string]
  sample?: RegExp
}

const PIPE = { capabilities: ['PIPELINING', '8BITMIME'] }
const LOGIN = { capabilities: ['AUTH PLAIN LOGIN CRAM-MD5'] }
const login = (method: string): { auth: object } => ({ auth: { ...AUTH, method } })

const DIALOGUES: readonly Dialogue[] = [
  { says: 'an ordinary session', is: ['accepted', '250 2.0.0', 'content'] },
  { says: 'an ordinary pipelined session', server: PIPE, is: ['accepted', '250 2.0.0', 'content'] },
  {
    says: 'a greeting of several lines',
    replies: [[/^CONNECT/, '220-one\r\n220-two\r\n220 three\r\n']],
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'a greeting of its code alone',
    replies: [[/^CONNECT/, '220\r\n']],
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'a greeting that is ended by LF alone',
    replies: [[/^CONNECT/, '220 hi\n']],
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'a greeting that refuses for good',
    replies: [[/^CONNECT/, '554 5.3.2 no service\r\n']],
    is: ['rejected', '554 5.3.2', 'greeting']
  },
  {
    says: 'a greeting that refuses for now',
    replies: [[/^CONNECT/, '421 4.3.2 busy\r\n']],
    is: ['rejected', '421 4.3.2', 'greeting']
  },
  {
    says: 'a greeting of another protocol',
    replies: [[/^CONNECT/, '+OK POP3\r\n']],
    is: ['failed', 'PROTOCOL', 'greeting']
  },
  {
    says: 'EHLO unknown and HELO known',
    replies: [[/^EHLO/, '500 what?\r\n']],
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'EHLO not implemented',
    replies: [[/^EHLO/, '502 5.5.1 no\r\n']],
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'EHLO and HELO refused',
    replies: [[/^[EH]/, '550 5.7.1 bad HELO name\r\n']],
    is: ['rejected', '550 5.7.1', 'ehlo'],
    sample: /set ehloName/
  },
  {
    says: 'extensions in lower case',
    server: { capabilities: ['pipelining', 'size 10000000'] },
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'AUTH= of old',
    server: { capabilities: ['AUTH=PLAIN'] },
    transport: login('plain'),
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'AUTH and AUTH= together',
    server: { capabilities: ['AUTH PLAIN', 'AUTH=PLAIN'] },
    transport: login('plain'),
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'PLAIN with its first answer',
    server: LOGIN,
    transport: login('plain'),
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'PLAIN without one',
    server: LOGIN,
    transport: { auth: { ...AUTH, method: 'plain', initialResponse: false } },
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'PLAIN whose first answer is refused',
    server: LOGIN,
    replies: [[/^AUTH PLAIN \S/, '501 5.5.4 no parameters\r\n']],
    transport: login('plain'),
    is: ['accepted', '250 2.0.0', 'content']
  },
  { says: 'LOGIN', server: LOGIN, transport: login('login'), is: ['accepted', '250 2.0.0', 'content'] },
  { says: 'CRAM-MD5', server: LOGIN, transport: login('cram-md5'), is: ['accepted', '250 2.0.0', 'content'] },
  {
    says: 'a wrong password',
    server: LOGIN,
    replies: [[/^AUTH/, '535 5.7.8 wrong\r\n']],
    transport: login('plain'),
    is: ['rejected', '535 5.7.8', 'auth']
  },
  {
    says: 'a login that fails for now',
    server: LOGIN,
    replies: [[/^AUTH/, '454 4.7.0 later\r\n']],
    transport: login('plain'),
    is: ['rejected', '454 4.7.0', 'auth']
  },
  {
    says: 'a login that wants TLS',
    server: LOGIN,
    replies: [[/^AUTH/, '530 5.7.0 Must issue a STARTTLS command first\r\n']],
    transport: login('plain'),
    is: ['rejected', '530 5.7.0', 'auth'],
    sample: /"starttls"/
  },
  {
    says: 'a login consented to with 250',
    server: LOGIN,
    replies: [[/^AUTH/, '250 fine\r\n']],
    transport: login('plain'),
    is: ['failed', 'PROTOCOL', 'auth']
  },
  {
    says: 'a login that nobody offers',
    transport: login('plain'),
    is: ['failed', 'AUTH_NOT_OFFERED', 'auth']
  },
  {
    says: 'a sender refused',
    replies: [[/^MAIL/, '550 5.1.8 no\r\n']],
    is: ['rejected', '550 5.1.8', 'mail']
  },
  {
    says: 'a sender refused in a group',
    server: PIPE,
    replies: [
      [/^MAIL/, '550 5.1.8 no\r\n'],
      [/^RCPT/, '503 no MAIL\r\n'],
      [/^DATA/, '503 no RCPT\r\n']
    ],
    is: ['rejected', '550 5.1.8', 'mail']
  },
  {
    says: 'a login wanted at MAIL',
    replies: [[/^MAIL/, '530 5.7.0 Authentication required\r\n']],
    is: ['rejected', '530 5.7.0', 'mail'],
    sample: /set auth/
  },
  {
    says: 'the only recipient refused',
    replies: [[/^RCPT/, '550 5.1.1 nobody\r\n']],
    is: ['rejected', '550 5.1.1', 'rcpt']
  },
  {
    says: 'the only recipient refused in a group',
    server: PIPE,
    replies: [[/^RCPT/, '550 5.1.1 nobody\r\n']],
    is: ['rejected', '550 5.1.1', 'rcpt']
  },
  {
    says: 'one recipient of two refused',
    message: { to: ['a@example.com', 'b@example.com'] },
    replies: [[/^RCPT TO:<A@|^RCPT TO:<a@/, '550 5.1.1 nobody\r\n']],
    is: ['accepted', '550 5.1.1', 'rcpt']
  },
  {
    says: 'a recipient that is forwarded',
    replies: [[/^RCPT/, '251 2.1.5 will forward\r\n']],
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'a recipient that cannot be verified',
    replies: [[/^RCPT/, '252 2.1.5 will try\r\n']],
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'a recipient refused for the name in HELO',
    replies: [[/^RCPT/, '504 5.5.2 Helo command rejected\r\n']],
    is: ['rejected', '504 5.5.2', 'rcpt'],
    sample: /set ehloName/
  },
  { says: 'DATA refused', replies: [[/^DATA/, '451 4.3.0 no\r\n']], is: ['rejected', '451 4.3.0', 'data'] },
  {
    says: 'DATA consented to with 250',
    replies: [[/^DATA/, '250 go\r\n']],
    is: ['failed', 'PROTOCOL', 'data']
  },
  {
    says: 'a content refused for good',
    replies: [[/^CONTENT/, '554 5.7.1 spam\r\n']],
    is: ['rejected', '554 5.7.1', 'content']
  },
  {
    says: 'a content refused for now',
    replies: [[/^CONTENT/, '451 4.3.0 queue file write error\r\n']],
    is: ['rejected', '451 4.3.0', 'content']
  },
  {
    says: 'a content beyond the size',
    replies: [[/^CONTENT/, '552 5.3.4 message size exceeds fixed limit\r\n']],
    is: ['rejected', '552 5.3.4', 'content'],
    sample: /sizeBytes/
  },
  {
    says: 'a refusal whose cause is its first line',
    replies: [[/^CONTENT/, '550-5.7.26 not authenticated\r\n550 5.7.26 https://example.com/why\r\n']],
    is: ['rejected', '550 5.7.26', 'content'],
    sample: /^550 5\.7\.26 not authenticated https:/
  },
  {
    says: 'a consent with an id',
    replies: [[/^CONTENT/, '250 2.0.0 Ok: queued as 4F1\r\n']],
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'a consent of several lines',
    replies: [[/^CONTENT/, '250-2.0.0 Ok\r\n250 2.0.0 queued\r\n']],
    is: ['accepted', '250 2.0.0', 'content']
  },
  { says: 'a code of no class', replies: [[/^MAIL/, '666 no\r\n']], is: ['failed', 'PROTOCOL', 'mail'] },
  { says: 'a code of two digits', replies: [[/^MAIL/, '25 ok\r\n']], is: ['failed', 'PROTOCOL', 'mail'] },
  {
    says: 'lines of different codes',
    replies: [[/^MAIL/, '250-ok\r\n550 no\r\n']],
    is: ['failed', 'PROTOCOL', 'mail']
  },
  {
    says: 'two replies to one command',
    replies: [[/^MAIL/, '250 ok\r\n250 ok\r\n']],
    is: ['failed', 'PROTOCOL', 'mail']
  },
  {
    says: 'CHUNKING',
    server: { capabilities: ['CHUNKING', 'PIPELINING'] },
    transport: { chunking: 'auto' },
    is: ['accepted', '250 2.0.0', 'content']
  },
  { says: 'the null sender', message: { from: '<>' }, is: ['accepted', '250 2.0.0', 'content'] },
  {
    says: 'a quoted local part',
    message: { to: ['"john doe"@example.com'] },
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'a domain of another script',
    message: { to: ['a@bücher.example'] },
    is: ['accepted', '250 2.0.0', 'content']
  },
  {
    says: 'a local part of another script, which nobody offers to take',
    message: { to: ['grüße@example.com'] },
    is: ['failed', 'SMTPUTF8_NOT_OFFERED', 'mail']
  },
  {
    says: 'the same with SMTPUTF8',
    server: { capabilities: ['SMTPUTF8', '8BITMIME'] },
    message: { to: ['grüße@example.com'] },
    is: ['accepted', '250 2.0.0', 'content']
  }
]

let server: RawServer | undefined
let client: Client | undefined
afterEach(async () => {
  await client?.close(200)
  await server?.close()
})

async function meet({
  server: options = {},
  replies = [],
  transport = {},
  message = {}
}: Omit<Dialogue, 'says' | 'is'>): Promise<Sender> {
  server = await startRawServer({
    ...options,
    answer: (command, session) =>
      replies.find(([heard]) => heard.test(command))?.[1] ?? options.answer?.(command, session)
  })
  client = await smtpClient({ port: server.port, transport: transport as object, message })
  return openSender(client)
}

describe('a dialogue of another project’s tests', () => {
  test.each(DIALOGUES)('$says', async ({ is, sample, ...dialogue }) => {
    const { outcome, code, phase, sample: told } = await (await meet(dialogue)).send()
    expect([outcome, code, phase]).toEqual([...is])
    if (sample !== undefined) expect(told).toMatch(sample)
  })
})

describe('what goes over the wire', () => {
  test.each([
    ['the null sender as nothing', { from: '<>' }, /^MAIL FROM:<>/],
    [
      'a quoted local part as it is',
      { to: ['"john doe"@example.com'] },
      /^RCPT TO:<"john doe"@example\.com>/
    ],
    ['a domain in ASCII', { to: ['a@bücher.example'] }, /^RCPT TO:<a@xn--bcher-kva\.example>/]
  ])('%s', async (_, message, line) => {
    await (await meet({ message })).send()
    expect(server?.lines.some((said) => line.test(said))).toBe(true)
  })
})

describe('a limit of the connection', () => {
  test.each(['wire', 'nodemailer'] as const)('421 at MAIL on a kept one begins anew, %s', async (by) => {
    let mails = 0
    server = await startRawServer({
      answer: (command, { socket, number }) => {
        if (!command.startsWith('MAIL') || number > 1 || ++mails < 3) return undefined
        setImmediate(() => socket.end())
        return '421 4.7.0 too many messages in this connection\r\n'
      }
    })
    client = await smtpClient({ port: server.port, transport: { client: by } })
    const lane = openSender(client)
    const sent = [await lane.send(), await lane.send(), await lane.send()]
    expect(sent.map(({ outcome, reused }) => [outcome, reused])).toEqual([
      ['accepted', false],
      ['accepted', true],
      ['accepted', false]
    ])
    expect(client.stats).toMatchObject({ resent: 1, endedAfter: 2, reused: 1, opened: 2 })
  })

  test('a close before the answer to MAIL does the same', async () => {
    let mails = 0
    server = await startRawServer({
      answer: (command, { socket, number }) => {
        if (!command.startsWith('MAIL') || number > 1 || ++mails < 2) return undefined
        socket.end()
        return null
      }
    })
    client = await smtpClient({ port: server.port })
    const lane = openSender(client)
    expect([await lane.send(), await lane.send()].map(({ outcome }) => outcome)).toEqual([
      'accepted',
      'accepted'
    ])
    expect(client.stats.resent).toBe(1)
  })
})

test.each(['wire', 'nodemailer'] as const)(
  'a refusal in a group outlives the end of the connection, %s',
  async (by) => {
    server = await startRawServer({
      ...PIPE,
      answer: (command, { socket }) => {
        if (command.startsWith('DATA')) return null
        if (!command.startsWith('RCPT')) return undefined
        setImmediate(() => socket.end())
        return '550 5.7.1 not wanted\r\n'
      }
    })
    client = await smtpClient({ port: server.port, transport: { client: by } })
    expect(await openSender(client).send()).toMatchObject({
      outcome: 'rejected',
      code: '550 5.7.1',
      phase: 'rcpt'
    })
  }
)

test('a 421 to DATA does not replace the refusal of the recipient', async () => {
  const lane = await meet({
    server: PIPE,
    replies: [
      [/^RCPT/, '554 5.7.1 no\r\n'],
      [/^DATA/, '421 4.7.0 bye\r\n']
    ]
  })
  expect(await lane.send()).toMatchObject({ outcome: 'rejected', code: '554 5.7.1', phase: 'rcpt' })
})

test('a refusal without the end of its line is a refusal', async () => {
  server = await startRawServer({
    answer: (command, { socket }) => {
      if (!command.startsWith('MAIL')) return undefined
      socket.end('550 5.7.1 go away')
      return null
    }
  })
  client = await smtpClient({ port: server.port })
  expect(await openSender(client).send()).toMatchObject({ outcome: 'rejected', code: '550 5.7.1' })
})

test('a server that answers an overlapped envelope with 503 is sent to without overlap', async () => {
  let contents = 0
  server = await startRawServer({
    ...PIPE,
    answer: (command, { number }) => {
      if (command === 'CONTENT') contents++
      return number === 1 && contents > 0 && /^(?:MAIL|RCPT|DATA)/.test(command)
        ? '503 5.5.1 bad sequence\r\n'
        : undefined
    }
  })
  client = await smtpClient({ port: server.port, transport: { overlap: true } })
  const lane = openSender(client)
  const sent = [await lane.send({ followed: true }), await lane.send({ followed: true }), await lane.send()]
  expect(sent.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted'])
  expect(client.stats.hints.join()).toContain('overlap fell back')
  expect(server.messages).toHaveLength(3)
})

test('nodemailer is judged by nodemailer: 250 for AUTH is enough for it', async () => {
  server = await startRawServer({
    ...LOGIN,
    answer: (command) => (command.startsWith('AUTH') ? '250 2.7.0 fine\r\n' : undefined)
  })
  client = await smtpClient({
    port: server.port,
    transport: { client: 'nodemailer', auth: AUTH }
  })
  await client.preflight()
  expect((await openSender(client).send()).outcome).toBe('accepted')
  const wire = await smtpClient({ port: server.port, transport: { auth: AUTH } })
  await expect(wire.preflight()).rejects.toMatchObject({ code: 'PROTOCOL' })
  await wire.close(200)
})
