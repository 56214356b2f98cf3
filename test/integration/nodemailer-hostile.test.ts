import { describe, expect, test } from 'vitest'
import {
  goAway,
  misbehaveAt,
  MISDEEDS,
  reset,
  silence,
  STEPS,
  type Misdeed
} from '../support/hostile-smtp.ts'
import { startRawServer } from '../support/smtp-raw-server.ts'
import { openSender, type Sent } from '../support/sends.ts'
import { AUTH, smtpClient, TEST_PASSWORD } from '../support/smtp-sending.ts'
import { until } from '../support/until.ts'

/** How long a peer that says nothing is waited for. */
const TIMEOUT_MS = 1500
/** Of any other peer no limit may have a part in how a send ends. */
const PATIENT_MS = 30_000
/** What ends by itself does so at once, but for what a busy machine adds. */
const PROMPT_MS = 10_000
const limitOf = (misdeed: Misdeed): number => (misdeed === silence ? TIMEOUT_MS : PATIENT_MS)
/** nodemailer takes every 2xx and 3xx for the go-ahead of DATA. */
const TAKEN_FOR_GOOD = ['a code that makes no sense at DATA', 'two replies for one at DATA']

describe('nodemailer, at every step of a conversation', () => {
  for (const { name, misdeed, outcome, code, except = [] } of MISDEEDS) {
    for (const [stepName, step] of Object.entries(STEPS)) {
      if (except.includes(stepName) || TAKEN_FOR_GOOD.includes(`${name} at ${stepName}`)) continue
      test(`${name} at ${stepName}`, async () => {
        const server = await startRawServer({
          capabilities: ['AUTH PLAIN'],
          answer: misbehaveAt(step, misdeed)
        })
        const client = await smtpClient({
          port: server.port,
          timeoutMs: limitOf(misdeed),
          transport: { client: 'nodemailer', auth: { ...AUTH, method: 'plain' }, messagesPerConnection: 1 }
        })
        try {
          const lane = openSender(client)
          const startedMs = performance.now()
          const first = await lane.send()
          // What ends by itself ends before any limit.
          const withinMs = misdeed === silence ? TIMEOUT_MS * 4 : PROMPT_MS
          expect(performance.now() - startedMs).toBeLessThan(withinMs)
          expect(`${first.outcome} ${first.code}`).toMatch(new RegExp(`^${outcome} `))
          expect(first.code).toMatch(code)
          expect(first.sample).not.toContain(TEST_PASSWORD)
          expect(first.waitUs).toBeLessThanOrEqual(first.serviceUs + 1)
          const second = await lane.send()
          expect(`${second.outcome} ${second.sample}`.trim()).toBe('accepted')
          expect(lane.unexpected).toBe(0)
          await client.close(1000)
          await until('all sockets closed', () => server.openSockets === 0)
        } finally {
          await client.close(100)
          await server.close()
        }
      })
    }
  }
})

describe('nodemailer, on a kept connection', () => {
  const rows: { name: string; step: string; misdeed: Misdeed; expected: Partial<Sent> }[] = [
    {
      name: '421 at MAIL is a limit of the connection: the message goes out over another',
      step: 'MAIL',
      misdeed: goAway,
      expected: { reused: false, outcome: 'accepted', code: '250 2.0.0', throttled: false }
    },
    {
      name: '421 at RCPT is one, too',
      step: 'RCPT',
      misdeed: goAway,
      expected: { reused: false, outcome: 'accepted', code: '250 2.0.0', throttled: false }
    },
    {
      name: 'silence is a timeout',
      step: 'MAIL',
      misdeed: silence,
      expected: { outcome: 'failed', code: 'TIMEOUT', phase: 'mail' }
    },
    {
      name: 'a reset before the content left is the end of an old connection, too',
      step: 'RCPT',
      misdeed: reset,
      expected: { reused: false, outcome: 'accepted', code: '250 2.0.0' }
    },
    {
      name: "a refused content is the content's, and the RSET behind it is in nobody's turns",
      step: 'content',
      misdeed: () => '452 4.3.1 Full\r\n',
      expected: { outcome: 'rejected', code: '452 4.3.1', phase: 'content', turns: 4 }
    }
  ]
  test.each(rows)('$name', async ({ step, misdeed, expected }) => {
    let sends = 0
    const hears = STEPS[step]!.hears
    const server = await startRawServer({
      answer: (command, session) => {
        if (command.startsWith('MAIL')) sends++
        return sends === 2 && hears.test(command) ? misdeed(session) : undefined
      }
    })
    const client = await smtpClient({
      port: server.port,
      timeoutMs: limitOf(misdeed),
      transport: { client: 'nodemailer' }
    })
    try {
      const lane = openSender(client)
      expect((await lane.send()).outcome).toBe('accepted')
      expect(await lane.send()).toMatchObject({ reused: true, ...expected })
      expect((await lane.send()).outcome).toBe('accepted')
    } finally {
      await client.close(100)
      await server.close()
    }
  })
})
