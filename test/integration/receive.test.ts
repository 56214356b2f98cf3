import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { startReceiveHub } from '../../electron/delivery/receive-hub.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startRun, type Run } from '../../electron/engine/run.ts'
import type { Plan, PlanInput } from '../../shared/plan/plan.ts'
import { cli, startCli, temporaryFolder } from '../support/cli.ts'
import { deliveries } from '../support/deliveries.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

const MESSAGES = 40
const TOKEN = 'token-of-the-receiver'
const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const closer of closers.splice(0)) await closer()
})

interface Receiver {
  smtpPort: number
  url: string
}

/** `chattermark receive` as a process of its own. */
async function receiverProcess(): Promise<Receiver> {
  const args = ['receive', '--port', '0', '--http', '0', '--tls', '--format', 'json']
  const child = startCli(args, { CHATTERMARK_RECEIVER_TOKEN: TOKEN })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  closers.push(async () => {
    child.kill('SIGTERM')
    expect((await once(child, 'exit'))[0]).toBe(0)
  })
  await until('the receiver to say where it is', () => text.trimEnd().endsWith('}'))
  return JSON.parse(text) as Receiver
}

/** The same in this process. */
async function receiver(): Promise<Receiver & { stop(): Promise<void> }> {
  const anyPort = { host: '127.0.0.1', port: 0 }
  const hub = await startReceiveHub({ smtp: anyPort, http: anyPort, token: TOKEN })
  closers.push(() => hub.close())
  return { smtpPort: hub.smtpPort, url: `http://127.0.0.1:${hub.httpPort}`, stop: () => hub.close() }
}

/** Sends straight to the receiver, as the last hop of a relay would. */
function planTo(
  { smtpPort, url }: Receiver,
  token = TOKEN,
  load: PlanInput['load'] = { model: 'closed', concurrency: 2, messages: MESSAGES }
): Plan {
  process.env.RECEIVER_TOKEN = token
  return sandboxPlan({
    load,
    delivery: { receiver: 'sink', url, token: { env: 'RECEIVER_TOKEN' }, deadlineSeconds: 60 },
    transports: [
      { name: 'kept', protocol: 'smtp', host: '127.0.0.1', port: smtpPort, security: 'none' },
      ...([{ name: 'cold', protocol: 'smtp', host: '127.0.0.1', port: smtpPort, security: 'none' }] as const)
    ]
  })
}

function start(plan: Plan): Run {
  const folder = join(temporaryFolder(), 'run')
  const run = startRun({ plan, folder, force: false, collectSends: false, keychain: noKeychain, workers: 1 })
  // A test that fails before it looks is not to fail twice.
  run.done.catch(() => undefined)
  return run
}

function hasAccepted(run: Run): boolean {
  return run.snapshot().transports.some(({ counts }) => counts.accepted > 0)
}

async function ask(url: string, path: string, init: RequestInit = {}, token = TOKEN): Promise<Response> {
  return fetch(url + path, { ...init, headers: { authorization: `Bearer ${token}` } })
}

test('a run learns from a receiver that runs already when its messages arrived, by a clock whose error it states', async () => {
  const to = await receiverProcess()
  const { record, folder } = await start(planTo(to)).done
  for (const { delivery, counts } of record.transports) {
    expect(counts.accepted).toBe(MESSAGES)
    expect(delivery).toMatchObject({ arrived: MESSAGES, lost: 0, pending: 0, duplicates: 0, unaccepted: 0 })
    // Both clocks are this machine's.
    const { offsetMs, errorMs } = delivery?.clock ?? { offsetMs: NaN, errorMs: NaN }
    expect(Math.abs(offsetMs)).toBeLessThan(errorMs + 2)
    expect(delivery?.resolutionMs).toBeGreaterThan(0)
    // Straight to the receiver, a message has arrived when it is accepted.
    expect(delivery?.mean).toBeLessThanOrEqual(delivery?.resolutionMs ?? 0)
  }
  expect(deliveries(folder)).toHaveLength(2 * MESSAGES)
  // It has taken its leave.
  expect((await ask(to.url, `/v1/runs/${'0'.repeat(16)}`, { method: 'DELETE' })).status).toBe(404)
  expect(JSON.stringify(record)).not.toContain(TOKEN)
})

if (process.platform === 'win32') console.warn('SKIPPED: Windows has no terminal that closes with SIGHUP')
test.skipIf(process.platform === 'win32').each([
  ['receive', ['receive', '--port', '0', '--http', '0', '--tls', '--format', 'json']],
  ['sandbox', ['sandbox', '--format', 'json']]
])('a terminal that closes ends %s in order: nothing of it is left behind', async (_, args) => {
  const folder = temporaryFolder()
  const child = startCli(args, { TMPDIR: folder })
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  await until('the servers to say where they are', () => text.trimEnd().endsWith('}'))
  // The shell sends it, and the system too.
  child.kill('SIGHUP')
  child.kill('SIGHUP')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(readdirSync(folder)).toEqual([])
})

test('a token that the receiver does not know is told before anything is sent', async () => {
  const to = await receiver()
  await expect(start(planTo(to, 'another-token-altogether')).done).rejects.toThrow(
    /does not know this token; nothing was sent/
  )
})

test('a receiver that is not there, or is something else, is told before anything is sent', async () => {
  const to = await receiver()
  const gone = await receiver()
  await gone.stop()
  await expect(start(planTo({ ...to, url: gone.url })).done).rejects.toThrow(/ECONNREFUSED.*nothing was sent/)
  const other = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.resume().end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')
  })
  const port = await listening(other)
  await expect(start(planTo({ ...to, url: `http://127.0.0.1:${port}` })).done).rejects.toThrow(
    /no "chattermark receive"; nothing was sent/
  )
})

test('what came while the receiver could not be asked is told when it can, and nothing of it is lost', async () => {
  const to = await receiver()
  const between = new Between(Number(new URL(to.url).port))
  const url = `http://127.0.0.1:${await listening(between.server)}`
  const run = start(planTo({ ...to, url }))
  await until('the run to send', () => hasAccepted(run))
  between.cut()
  await until(
    'all to be accepted',
    () => run.snapshot().dueDeliveries === 0 || run.snapshot().stage === 'delivering'
  )
  between.restore()
  const { record } = await run.done
  for (const { delivery } of record.transports) expect(delivery).toMatchObject({ arrived: MESSAGES, lost: 0 })
})

test('a receiver that was started anew has forgotten the run, which says so and keeps what it measured', async () => {
  const to = await receiver()
  const again = await receiver()
  const between = new Between(Number(new URL(to.url).port))
  const url = `http://127.0.0.1:${await listening(between.server)}`
  // Long enough for the run to be under way when its receiver changes.
  const load = { model: 'open', rate: 20, durationSeconds: 3, maxConcurrency: 2 } as const
  const run = start(planTo({ ...to, url }, TOKEN, load))
  await until('the run to send', () => hasAccepted(run))
  between.lead(Number(new URL(again.url).port))
  await expect(run.done).rejects.toThrow(/delivery: the receiver at .* (404|anew)/)
})

test('the receiver tells nothing to whom does not show its token, and outlives requests of every kind', async () => {
  const to = await receiver()
  const { url } = to
  expect((await fetch(`${url}/v1/clock`)).status).toBe(401)
  expect((await ask(url, '/v1/clock', {}, `${TOKEN}x`)).status).toBe(401)
  const run = `/v1/runs/${'a'.repeat(16)}`
  const put = (body: string): Promise<Response> => ask(url, run, { method: 'PUT', body })
  expect((await put('{')).status).toBe(400)
  expect((await put('{"tags":["../../x"]}')).status).toBe(400)
  expect((await put(JSON.stringify({ tags: Array(51).fill('0123456789abcdef') }))).status).toBe(400)
  await expect(put('x'.repeat(1_000_000))).rejects.toThrow()
  for (const path of ['/', '/v1/runs/../clock', '/v1/runs/%00', `${run}/arrivals?after=1`])
    expect((await ask(url, path)).status, path).toBeGreaterThanOrEqual(path.includes('clock') ? 200 : 404)
  expect((await put('{"tags":["0123456789abcdef"]}')).status).toBe(200)
  for (const after of ['-1', 'NaN', '1e9', '']) {
    const { status } = await ask(url, `${run}/arrivals?after=${after}`)
    expect(status, after).toBe(after === '' ? 200 : 400)
  }
  for (const bytes of ['\0\0\0\0', 'GET / HTTP/9.9\r\n\r\n', `GET /${'x'.repeat(100_000)}`]) {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.resume().end(bytes)
    await new Promise((resolve) => socket.once('close', resolve))
  }
  expect((await ask(url, '/v1/clock')).status).toBe(200)
})

test('a short token starts nothing', async () => {
  const { exitCode, stderr } = await cli(['receive', '--port', '0', '--http', '0'], {
    CHATTERMARK_RECEIVER_TOKEN: 'short'
  })
  expect(exitCode).toBe(2)
  expect(stderr).toContain('16 or more')
})

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as AddressInfo).port
}

/** A way to a port that can be cut, and led to another one. */
class Between {
  readonly server: Server
  readonly #sockets = new Set<Socket>()
  #port: number
  #isCut = false

  constructor(port: number) {
    this.#port = port
    this.server = createServer((socket) => {
      if (this.#isCut) return void socket.resetAndDestroy()
      const onward = connect(this.#port, '127.0.0.1')
      for (const each of [socket, onward]) {
        this.#sockets.add(each)
        each.on('error', () => undefined)
        each.once('close', () => {
          this.#sockets.delete(each)
          socket.destroy()
          onward.destroy()
        })
      }
      socket.pipe(onward).pipe(socket)
    })
  }

  cut(): void {
    this.#isCut = true
    for (const socket of this.#sockets) socket.destroy()
  }

  restore(): void {
    this.#isCut = false
  }

  lead(port: number): void {
    this.#port = port
    for (const socket of this.#sockets) socket.destroy()
  }
}
