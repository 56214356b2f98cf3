import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { request, type IncomingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { LiveStudy } from '../../shared/page/live-study.ts'
import type { Snapshot } from '../../shared/record/snapshot.ts'
import type { SocketReply } from '../../shared/page/socket.ts'
import { startServe, type Serving } from '../../electron/serve/serve.ts'
import { createFakeServices, type FakeServices } from '../support/fake-services.ts'
import { until } from '../support/until.ts'

let folder: string
let services: FakeServices
let serving: Serving
let base: URL
const sockets: WebSocket[] = []

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'chattermark-serve-'))
  mkdirSync(join(folder, 'page/assets'), { recursive: true })
  writeFileSync(join(folder, 'page/index.html'), '<!doctype html><title>page</title>')
  writeFileSync(join(folder, 'page/assets/app.js'), 'export {}')
  writeFileSync(join(folder, 'page/assets/.hidden.js'), 'hidden')
  writeFileSync(join(folder, 'page/assets/data.bin'), 'other type')
  writeFileSync(join(folder, 'secret.js'), 'outside')
  symlinkSync(join(folder, 'secret.js'), join(folder, 'page/assets/link.js'))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(async () => {
  services = createFakeServices()
  serving = await startServe({ port: 0, services, rendererDir: join(folder, 'page') })
  base = new URL(serving.url)
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate()
  await serving.close()
})

interface Reply {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** Sends a path exactly as given: an URL object would tidy it up first. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: base.port, path, method, headers }, (incoming) => {
      let body = ''
      incoming.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
      incoming.on('end', () => {
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body })
      })
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

const pagePath = (): string => `/${base.search}`
const socketUrl = (query = base.search): string => `ws://127.0.0.1:${base.port}/socket${query}`

interface Client {
  socket: WebSocket
  replies: SocketReply[]
  ask(channel: string, ...args: unknown[]): Promise<unknown>
}

async function openSocket(headers: Record<string, string> = {}, url = socketUrl()): Promise<Client> {
  const socket = new WebSocket(url, { headers })
  sockets.push(socket)
  const replies: SocketReply[] = []
  socket.on('message', (data) => replies.push(JSON.parse((data as Buffer).toString()) as SocketReply))
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  let id = 0
  return {
    socket,
    replies,
    ask: async (channel, ...args) => {
      const mine = id++
      socket.send(JSON.stringify({ kind: 'call', id: mine, channel, args }))
      const find = (): SocketReply | undefined => replies.find((r) => r.kind === 'answer' && r.id === mine)
      await until(`the answer to ${channel}`, () => find() !== undefined)
      const reply = find()
      return reply?.kind === 'answer' ? reply.answer : null
    }
  }
}

/** The HTTP status with which an upgrade is refused. */
async function refusedUpgrade(url: string, headers: Record<string, string> = {}): Promise<string> {
  return openSocket(headers, url).then(
    () => 'accepted',
    (error: unknown) => (error instanceof Error ? error.message : String(error))
  )
}

const SNAPSHOT: Snapshot = {
  runId: 'run-1',
  name: 'test',
  state: 'running',
  elapsedMs: 0,
  progress: 0,
  secondsLeft: null,
  round: 1,
  rounds: 1,
  transport: null,
  stage: 'measuring',
  transports: [],
  errors: []
}

const STUDY: LiveStudy = {
  kind: 'distance',
  runId: 'run-1',
  name: 'test',
  state: 'running',
  study: { kind: 'distance', rttsMs: [0, 20] },
  elapsedMs: 0,
  secondsLeft: null,
  transports: [],
  step: 1,
  steps: 2,
  value: 0,
  snapshot: null
}

describe('the page', () => {
  it('is served to the printed address, and may not be kept or framed', async () => {
    const { status, headers, body } = await get(pagePath())
    expect([status, body]).toEqual([200, '<!doctype html><title>page</title>'])
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY'
    })
    expect(headers['content-security-policy']).toContain("script-src 'self'")
    expect(headers['content-security-policy']).toContain(`connect-src ws://127.0.0.1:${base.port};`)
    expect(headers['content-security-policy']).not.toContain('unsafe')
  })

  it('listens on loopback alone, with a token that differs each time', async () => {
    const other = await startServe({ port: 0, services, rendererDir: folder })
    expect(base.hostname).toBe('127.0.0.1')
    expect(base.searchParams.get('token')).toMatch(/^[\w-]{43}$/)
    expect(new URL(other.url).search).not.toBe(base.search)
    await other.close()
  })

  it.each([
    ['no token', '/', 401],
    ['an empty token', '/?token=', 401],
    ['a wrong token', `/?token=${'A'.repeat(43)}`, 401],
    ['no token, by name', '/index.html', 401],
    ['no token, by an encoded name', '/index%2ehtml', 401]
  ])('is refused to %s', async (_sentence, path, status) => {
    const reply = await get(path)
    expect(reply.status).toBe(status)
    expect(reply.body).not.toContain('page')
  })

  it('takes the token of a browser once for a cookie, and out of the address and the history', async () => {
    const first = await get(pagePath(), { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' })
    const [cookie = ''] = first.headers['set-cookie'] ?? []
    expect([first.status, first.headers.location]).toEqual([303, '/'])
    expect(cookie).toMatch(/^chattermark-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/)
    const led = await get(pagePath(), { 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'cross-site' })
    expect([led.status, led.headers.refresh, led.body]).toEqual([200, '0;url=/', 'Go on to the page.\n'])
    const kept = { cookie: `other=1; ${cookie.split(';')[0]}` }
    expect((await get('/', kept)).status).toBe(200)
    expect(await refusedUpgrade(socketUrl(''), kept)).toBe('accepted')
    expect((await get('/', { cookie: 'chattermark-1=x' })).status).toBe(401)
    expect((await get('/', { ...kept, origin: 'http://127.0.0.1:1' })).status).toBe(403)
  })

  it('starts a browser with a file that no other user can read, and without the token', () => {
    const file = serving.launchFile()
    expect(file).not.toContain(base.searchParams.get('token'))
    expect(statSync(file).mode & 0o077).toBe(0)
    expect(statSync(dirname(file)).mode & 0o077).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain(`url=${serving.url}`)
  })

  it('is refused to a request with two names for the host', async () => {
    const socket = connect(Number(base.port), '127.0.0.1')
    socket.end(`GET ${pagePath()} HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: localhost\r\n\r\n`)
    let answer = ''
    for await (const chunk of socket) answer += String(chunk)
    expect(answer).toMatch(/^HTTP\/1\.1 40[03]/)
  })

  it('lets go of an upgrade that it refuses, however long the other side holds it', async () => {
    const socket = connect({ port: Number(base.port), host: '127.0.0.1', allowHalfOpen: true })
    socket.on('error', () => undefined)
    socket.write(
      'GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    )
    socket.resume()
    // Its end alone would leave it half open over there: only a closed one is reset.
    await new Promise((resolve) => socket.once('end', resolve))
    await until('a reset', () => {
      socket.write('x')
      return socket.destroyed
    })
  })

  it.each([
    ['a foreign name', { host: 'evil.example' }],
    ['a foreign name that looks like ours', { host: '127.0.0.1.evil.example' }],
    ['another address of this machine', { host: '192.168.0.1' }],
    ['a foreign page', { origin: 'https://evil.example' }],
    ['another program’s page on this machine', { origin: 'http://127.0.0.1:1' }],
    ['a page without an origin of its own', { origin: 'null' }]
  ])('is refused when asked as %s, even with the token', async (_sentence, headers) => {
    expect((await get(pagePath(), headers)).status).toBe(403)
  })

  it('is served through a tunnel, whose port is another one', async () => {
    expect((await get(pagePath(), { host: 'localhost:9999' })).status).toBe(200)
  })

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    expect((await get(pagePath(), {}, method)).status).toBe(405)
  })
})

describe('files', () => {
  it('of the page’s own folder are served', async () => {
    const { status, headers, body } = await get('/assets/app.js')
    expect([status, headers['content-type'], body]).toEqual([
      200,
      'text/javascript; charset=utf-8',
      'export {}'
    ])
  })

  it.each([
    '/assets/../../secret.js',
    '/assets/%2e%2e/%2e%2e/secret.js',
    '/assets/..%2f..%2fsecret.js',
    '/assets/..%5c..%5csecret.js',
    '/assets/%2e%2e%2findex.html',
    '/assets//../../secret.js',
    '/assets/....//secret.js',
    '/assets/link.js',
    '/assets/.hidden.js',
    '/assets/data.bin',
    '/assets/',
    '/assets/app.js%00.html',
    '/assets/%ff.js',
    '//evil.example/assets/app.js',
    '/assets/C:/secret.js',
    `/assets/${'a/'.repeat(2000)}x.js`
  ])('outside it are not: %s', async (path) => {
    const { status, body } = await get(path)
    expect([400, 404]).toContain(status)
    expect(body).not.toMatch(/outside|hidden|page|other type/)
  })
})

describe('the socket', () => {
  it('answers calls', async () => {
    const client = await openSocket({ origin: base.origin })
    expect(await client.ask('app.info')).toMatchObject({
      ok: true,
      value: { mode: 'serve', keychain: false }
    })
    expect(await client.ask('settings.set', { theme: 'dark' })).toEqual({ ok: true, value: null })
    expect(await client.ask('settings.get')).toEqual({ ok: true, value: { theme: 'dark' } })
  })

  it('answers faults as data and stays open', async () => {
    const client = await openSocket()
    expect(await client.ask('nothing.such')).toMatchObject({ ok: false })
    expect(await client.ask('runs.get', 'none')).toMatchObject({
      ok: false,
      error: { hint: expect.any(String) as string }
    })
    expect(await client.ask('secrets.set', 'name', 'hunter2')).toMatchObject({ ok: false })
    expect(await client.ask('runs.list')).toEqual({ ok: true, value: [] })
  })

  it.each([
    ['without a token', '', {}, '401'],
    ['with a wrong token', `?token=${'A'.repeat(43)}`, {}, '401'],
    ['by a foreign page', null, { origin: 'https://evil.example' }, '403'],
    ['by another program’s page on this machine', null, { origin: 'http://localhost:1' }, '403'],
    ['under a foreign name', null, { host: 'evil.example' }, '403']
  ])('is refused %s', async (_sentence, query, headers, status) => {
    expect(await refusedUpgrade(socketUrl(query ?? base.search), headers)).toContain(status)
  })

  it('is refused at another path', async () => {
    expect(await refusedUpgrade(`ws://127.0.0.1:${base.port}/other${base.search}`)).toContain('403')
  })

  it.each([
    ['text that is not JSON', 'nonsense', 1008],
    ['JSON that is no request', '{"kind":"eval","code":"1"}', 1008],
    ['a subscription to an unknown push', '{"kind":"subscribe","channel":"secrets"}', 1008],
    ['a request with more than belongs there', '{"kind":"subscribe","channel":"run.end","x":1}', 1008],
    ['bytes', Buffer.from('{}'), 1003]
  ])('is closed on %s', async (_sentence, frame, code) => {
    const { socket } = await openSocket()
    socket.send(frame)
    const closed = await new Promise((resolve) => socket.once('close', resolve))
    expect(closed).toBe(code)
  })

  it('is closed on a frame longer than any call needs', async () => {
    const client = await rawSocket()
    // The header of a masked text frame that announces 8 GB; nothing of it needs to be sent.
    client.write(Buffer.from([0x81, 0xff, 0, 0, 0, 2, 0, 0, 0, 0, 1, 2, 3, 4]))
    expect(await closeCode(client)).toBe(1009)
  })

  it('is closed on an unmasked frame, which no browser sends', async () => {
    const client = await rawSocket()
    client.write(Buffer.from([0x81, 0x02, 0x7b, 0x7d]))
    expect(await closeCode(client)).toBe(1002)
  })

  it('carries pushes to those who subscribed, until they are gone', async () => {
    const [listener, other] = [await openSocket(), await openSocket()]
    listener.socket.send('{"kind":"subscribe","channel":"run.snapshot"}')
    await until('the subscription', () => services.snapshotListeners() === 1)
    services.emitSnapshot(SNAPSHOT)
    await until('the snapshot', () => listener.replies.length === 1)
    expect(listener.replies).toEqual([{ kind: 'push', channel: 'run.snapshot', payload: SNAPSHOT }])
    expect(other.replies).toEqual([])
    listener.socket.close()
    await until('the end of the subscription', () => services.snapshotListeners() === 0)
  })

  it.each([
    ['snapshots', 'run.snapshot'],
    ['states of a study', 'run.study']
  ] as const)(
    'keeps only the newest %s for a page that does not read, and then sends the end',
    async (_, channel) => {
      const client = await openSocket()
      const { socket, replies } = client
      socket.send(JSON.stringify({ kind: 'subscribe', channel }))
      socket.send('{"kind":"subscribe","channel":"run.end"}')
      await client.ask('settings.get')
      socket.pause()
      const count = 3000
      const name = 'x'.repeat(20_000)
      for (let elapsedMs = 1; elapsedMs <= count; elapsedMs++) {
        if (channel === 'run.snapshot') services.emitSnapshot({ ...SNAPSHOT, name, elapsedMs })
        else services.emitStudy({ ...STUDY, name, elapsedMs })
        if (elapsedMs % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      services.emitEnd({ runId: 'run-1', state: 'finished', message: null, hasRecord: true })
      socket.resume()
      const isEnd = (reply: SocketReply | undefined): boolean =>
        reply?.kind === 'push' && reply.channel === 'run.end'
      await until('the end', () => isEnd(replies.at(-1)))
      const order = replies.flatMap((reply) =>
        reply.kind === 'push' && reply.channel === channel
          ? [(reply.payload as { elapsedMs: number }).elapsedMs]
          : []
      )
      // What the sockets of the system hold is some megabytes; 60 MB were emitted.
      expect(order.length).toBeLessThan(count / 3)
      expect(order.at(-1)).toBe(count)
      expect(order).toEqual([...order].sort((a, b) => a - b))
    }
  )
})

/** A connection upgraded by hand, to send frames that no library would. */
async function rawSocket(): Promise<Socket> {
  const socket = connect(Number(base.port), '127.0.0.1')
  socket.write(
    [
      `GET /socket${base.search} HTTP/1.1`,
      `Host: 127.0.0.1:${base.port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      '\r\n'
    ].join('\r\n')
  )
  const head = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
  expect(head.toString()).toContain('101')
  return socket
}

/** The code of the close frame that comes (RFC 6455 section 5.5.1). */
async function closeCode(socket: Socket): Promise<number> {
  const frame = await new Promise<Buffer>((resolve) => socket.once('data', resolve))
  socket.destroy()
  expect(frame[0]).toBe(0x88)
  return frame.readUInt16BE(2)
}
