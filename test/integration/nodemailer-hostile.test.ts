import { describe, expect, test } from 'vitest'
import { misbehaveAt, MISDEEDS, STEPS } from '../support/hostile-smtp.ts'
import { startRawServer } from '../support/smtp-raw-server.ts'
import { AUTH, smtpClient, TestLane, TEST_PASSWORD } from '../support/smtp-sending.ts'
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
