import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { startSandbox, type Sandbox, type SandboxOptions } from '../../electron/sandbox/sandbox.ts'
import { leastMs } from '../support/least-ms.ts'
import { Conversation } from '../support/probe-conversation.ts'
import { until } from '../support/until.ts'

let sandbox: Sandbox | undefined
afterEach(() => sandbox?.stop())

async function start(options: SandboxOptions): Promise<Sandbox> {
  sandbox = await startSandbox({ recordArrivals: true, ...options })
  return sandbox
}

async function post(target: Sandbox): Promise<{ status: number; text: string; tookMs: number }> {
  const startedMs = performance.now()
  const answer = await fetch(`${target.apiUrl}/v3/${target.domain}/messages`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`api:${target.apiKey}`).toString('base64')}` },
    body: new URLSearchParams({ from: 'a@example.com', to: 'b@example.com', subject: 's', text: 't' })
  })
  return { status: answer.status, text: await answer.text(), tookMs: performance.now() - startedMs }
}

const CHUNKED = 'MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nBDAT 1 LAST\r\nx'

async function chunkedCodes(target: Sandbox, count: number): Promise<string[]> {
  const conversation = await Conversation.open(target.smtpPort)
  await conversation.hear()
  await conversation.ask('EHLO test\r\n')
  conversation.say(CHUNKED.repeat(count))
  const replies = await conversation.hear(3 * count)
  conversation.close()
  return replies.map((reply) => reply.slice(0, 9))
}

describe('think time', () => {
  test('passes before each SMTP reply and is punctual', async () => {
    const target = await start({ thinkMs: 20 })
    const conversation = await Conversation.open(target.smtpPort)
    await conversation.hear()
    const waitMs = await leastMs(20, () => conversation.ask('EHLO test\r\n'), 22)
    expect(waitMs).toBeGreaterThanOrEqual(20)
    expect(waitMs).toBeLessThan(22)
    conversation.close()
  })

  test('passes once for each command of a group, and once for a chunk', async () => {
    const target = await start({ thinkMs: 20 })
    const startedMs = performance.now()
    // Greeting, EHLO, and three replies for each of four messages.
    await chunkedCodes(target, 4)
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(14 * 20)
  })

  test('passes before each HTTP answer', async () => {
    const target = await start({ thinkMs: 20 })
    const waitMs = await leastMs(10, () => post(target), 30)
    expect(waitMs).toBeGreaterThanOrEqual(20)
    expect(waitMs).toBeLessThan(30)
  })
})

describe('failures', () => {
  test('hit the given share of messages, the same ones for the same seed', async () => {
    const runs: string[][] = []
    for (const seed of [7, 7, 8]) {
      const target = await start({ failureRate: 0.3, seed })
      const codes = (await chunkedCodes(target, 200)).filter((_code, index) => index % 3 === 2)
      const failed = codes.filter((code) => code === '451 4.3.0').length
      expect(failed).toBeGreaterThan(30)
      expect(failed).toBeLessThan(90)
      expect(await target.stats()).toMatchObject({ smtpMessages: 200 - failed, failed })
      runs.push(codes)
      await target.stop()
    }
    expect(runs[1]).toEqual(runs[0])
    expect(runs[2]).not.toEqual(runs[0])
  })

  test('are 500 over HTTP', async () => {
    expect(await post(await start({ failureRate: 1 }))).toMatchObject({ status: 500 })
  })
})

describe('throttling', () => {
  test('answers 429 with Mailgun’s text above the rate, and lets the rate itself pass', async () => {
    // So slow that ten at once are above it on the busiest machine.
    const target = await start({ throttleAbovePerSecond: 0.5 })
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(target)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThanOrEqual(7)
    expect(refused[0]?.text).toMatch(/limit exceeded, try again after \d+ seconds/)
    await until('one to pass', async () => (await post(target)).status === 200)
  })

  test('answers 450 4.7.1 over SMTP', async () => {
    const codes = await chunkedCodes(await start({ throttleAbovePerSecond: 1 }), 5)
    expect(codes).toContain('450 4.7.1')
  })
})

test('a limit on concurrency with a think time saturates at a known rate', async () => {
  const target = await start({ thinkMs: 50, maxConcurrent: 2 })
  const tookMs: number[] = []
  for (let attempt = 0; attempt < 3; attempt++) {
    const startedMs = performance.now()
    await Promise.all(Array.from({ length: 20 }, () => post(target)))
    tookMs.push(performance.now() - startedMs)
  }
  // A busy machine only ever adds time.
  expect(Math.min(...tookMs)).toBeGreaterThanOrEqual(500)
  // One at a time would take twice as long.
  expect(Math.min(...tookMs)).toBeLessThan(1000)
})

// A machine that is busy with something else holds messages back as well.
const AGAIN = { retry: 3 }
test('a stall holds everything back once, and arrivals show when messages really came', AGAIN, async () => {
  const target = await start({ stallAtMs: 0, stallForMs: 300 })
  const stalled = await Promise.all([post(target), post(target)])
  expect(Math.min(...stalled.map(({ tookMs }) => tookMs))).toBeGreaterThan(250)
  expect((await post(target)).tookMs).toBeLessThan(150)
  const [first, second] = await target.arrivals()
  expect(Math.abs((second?.atMs ?? 0) - (first?.atMs ?? Infinity))).toBeLessThan(200)
})

describe('its process', () => {
  test('keeps the certificate readable for its owner only, and removes it at the end', async () => {
    const target = await start({})
    expect(statSync(target.caFile).mode & 0o777).toBe(0o600)
    await target.stop()
    await target.stop()
    expect(existsSync(target.caFile)).toBe(false)
    await expect(target.stats()).rejects.toThrow('the sandbox has ended')
  })

  test('ends with its parent, even one that was killed', async () => {
    const owner = fork(new URL('../support/probe-sandbox-owner.ts', import.meta.url), { execArgv: [] })
    const [{ port, caFile }] = (await once(owner, 'message')) as [{ port: number; caFile: string }]
    owner.kill('SIGKILL')
    await until('its port to be closed', () => isRefused(port), 20_000)
    await until('its certificate to be gone', () => !existsSync(caFile), 20_000)
  })

  test('names the port that is taken', async () => {
    const target = await start({})
    await expect(startSandbox({ smtpPort: target.smtpPort })).rejects.toThrow(
      `the sandbox cannot listen on 127.0.0.1:${target.smtpPort} for SMTP`
    )
  })
})

function isRefused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', () => resolve(true))
  })
}
