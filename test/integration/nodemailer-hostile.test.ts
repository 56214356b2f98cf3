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
import { AUTH, smtpClient, TestLane, TEST_PASSWORD, type KeptResult } from '../support/smtp-sending.ts'
import { until } from '../support/until.ts'

const TIMEOUT_MS = 600
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
          timeoutMs: TIMEOUT_MS,
          transport: { client: 'nodemailer', auth: { ...AUTH, method: 'plain' }, messagesPerConnection: 1 }
        })
        try {
          const lane = new TestLane(client)
          const startedMs = performance.now()
          const first = await lane.send()
          expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS * 4)
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
  const rows: { name: string; step: string; misdeed: Misdeed; expected: Partial<KeptResult> }[] = [
    {
      name: '421 is told as such, not as a closed connection',
      step: 'MAIL',
      misdeed: goAway,
      expected: { outcome: 'rejected', code: '421 4.3.2', phase: 'mail', throttled: true }
    },
    {
      name: 'silence is a timeout',
      step: 'MAIL',
      misdeed: silence,
      expected: { outcome: 'failed', code: 'TIMEOUT', phase: 'mail' }
    },
    {
      name: 'a reset is a reset',
      step: 'RCPT',
      misdeed: reset,
      expected: { outcome: 'failed', code: 'ECONNRESET', phase: 'rcpt' }
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
      timeoutMs: TIMEOUT_MS,
      transport: { client: 'nodemailer' }
    })
    try {
      const lane = new TestLane(client)
      expect((await lane.send()).outcome).toBe('accepted')
      expect(await lane.send()).toMatchObject({ reused: true, ...expected })
      expect((await lane.send()).outcome).toBe('accepted')
    } finally {
      await client.close(100)
      await server.close()
    }
  })
})
