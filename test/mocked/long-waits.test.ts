import { afterEach, describe, expect, test, vi } from 'vitest'
import { nodemailerOptions } from '../../electron/transports/smtp/nodemailer-options.ts'
import { SmtpContext } from '../../electron/transports/smtp/smtp-context.ts'
import { undiciOptions } from '../../electron/transports/http/undici-settings.ts'
import { httpTransportSchema } from '../../shared/plan/plan.ts'
import { type Contender, CONTENDERS } from '../support/contract-clients.ts'
import type { Peer } from '../support/contract-peers.ts'
import { openSender, type Sent } from '../support/sends.ts'
import { smtpClient, smtpOptions } from '../support/smtp-sending.ts'
import { startRawServer } from '../support/smtp-raw-server.ts'
import { until } from '../support/until.ts'

/** A clock that can be put on: no test waits for a minute. */
const clock = vi.hoisted(() => ({ aheadUs: 0 }))
vi.mock('../../electron/transports/clock.ts', async (original) => {
  const real = await original<typeof import('../../electron/transports/clock.ts')>()
  return { ...real, nowUs: () => real.nowUs() + clock.aheadUs }
})

/** What the plan says, and a limit below, by which it is known that everybody has looked at the clock. */
const PLANNED_MS = 60_000
const BELOW_MS = 30_000
const JUMP_US = 40_000_000

const closers: (() => PromiseLike<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Sends to a peer that says nothing, up to where it has heard the message. */
async function sendInSilence(
  contender: Contender,
  timeoutMs: number
): Promise<{ peer: Peer; sending: Promise<Sent> }> {
  const peer = await contender.startPeer()
  peer.deed = 'silence'
  closers.push(() => peer[Symbol.asyncDispose]())
  const client = await contender.open({ port: peer.port, timeoutMs })
  closers.push(() => client.close(200))
  const sending = openSender(client).send()
  await until('the message', () => peer.heard === 1)
  return { peer, sending }
}

describe.each(CONTENDERS)('$name, with "timeoutSeconds": 60', (contender) => {
  test('takes an answer after 40 s', async () => {
    const long = await sendInSilence(contender, PLANNED_MS)
    const short = await sendInSilence(contender, BELOW_MS)
    clock.aheadUs += JUMP_US
    expect(await short.sending).toMatchObject({ outcome: 'failed', code: 'TIMEOUT' })
    long.peer.answerLate()
    expect(await long.sending).toMatchObject({ outcome: 'accepted', sample: '' })
  })
})

describe.each(['wire', 'nodemailer'] as const)('SMTP by %s, with "timeoutSeconds": 60', (by) => {
  test.each([
    ['the greeting', 'CONNECT', '220 late\r\n'],
    ['the answer to EHLO', 'EHLO', '250 late\r\n'],
    ['the answer to AUTH', 'AUTH', '235 late\r\n']
  ])('the try before a run, too, takes %s after 40 s', async (_, command, reply) => {
    const waiting: (() => void)[] = []
    const server = await startRawServer({
      capabilities: ['AUTH PLAIN'],
      answer: (heard, { socket }) => {
        if (!heard.startsWith(command)) return undefined
        waiting.push(() => socket.write(command === 'EHLO' ? '250-late\r\n250 AUTH PLAIN\r\n' : reply))
        return null
      }
    })
    closers.push(() => server.close())
    const transport = { client: by, auth: { user: 'tester', password: { env: 'UNUSED' } } } as const
    const tryOut = async (timeoutMs: number): Promise<unknown> => {
      const client = await smtpClient({ port: server.port, timeoutMs, transport })
      closers.push(() => client.close(200))
      return client.preflight()
    }
    const long = tryOut(PLANNED_MS)
    await until('the first to wait', () => waiting.length === 1)
    const short = tryOut(BELOW_MS)
    await until('the second to wait', () => waiting.length === 2)
    clock.aheadUs += JUMP_US
    await expect(short).rejects.toMatchObject({ code: 'TIMEOUT' })
    waiting[0]?.()
    await expect(long).resolves.toBeDefined()
  })
})

test('no clock of a library’s own cuts a wait before the plan does', async () => {
  const context = new SmtpContext(await smtpOptions({ port: 1, timeoutMs: PLANNED_MS }))
  const { connectionTimeout, greetingTimeout, socketTimeout } = nodemailerOptions(context, () => undefined)
  for (const limit of [connectionTimeout, greetingTimeout, socketTimeout])
    expect(limit).toBeGreaterThan(PLANNED_MS)
  const transport = httpTransportSchema.parse({ name: 'a', protocol: 'http', url: 'http://127.0.0.1:1' })
  expect(undiciOptions(transport)).toMatchObject({ headersTimeout: 0, bodyTimeout: 0 })
})
