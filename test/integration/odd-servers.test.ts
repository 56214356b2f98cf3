import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { prepare } from '../../electron/engine/prepare.ts'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { probeSmtpPort } from '../../electron/probe/smtp-port.ts'
import type { Client } from '../../electron/transports/client.ts'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { CONTENDERS } from '../support/contract-clients.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { GOOD, startHostileServer, type HostileServer } from '../support/hostile-http.ts'
import { httpOptions } from '../support/http-options.ts'
import { openSender } from '../support/sends.ts'
import { AUTH, smtpClient } from '../support/smtp-sending.ts'
import { startRawServer, type RawServer, type RawServerOptions } from '../support/smtp-raw-server.ts'
import { until } from '../support/until.ts'

let server: RawServer | undefined
let api: HostileServer | undefined
const clients: Client[] = []
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close(200)
  await server?.close()
  await api?.[Symbol.asyncDispose]()
  server = api = undefined
})

type Setup = Parameters<typeof smtpClient>[0]
async function smtp(setup: Omit<Setup, 'port'> = {}): Promise<Client> {
  const client = await smtpClient({ port: server?.port ?? 0, timeoutMs: 10_000, ...setup })
  clients.push(client)
  return client
}

/** A plan of one round over some API clients, run by the command line. */
async function run(
  transports: PlanInput['transports'],
  messages = 4
): Promise<{ record: RunRecord; folder: string; stdout: string; stderr: string; exitCode: number | null }> {
  const folder = temporaryFolder()
  const planFile = join(folder, 'plan.json')
  const plan: PlanInput = {
    schema: 1,
    name: 'odd',
    message: { from: 'bench@example.com', to: ['sink@example.com'] },
    load: { model: 'closed', concurrency: 1, messages },
    warmupSeconds: 0,
    rounds: 1,
    timeoutSeconds: 10,
    transports
  }
  writeFileSync(planFile, JSON.stringify(plan))
  const out = join(folder, 'run')
  const { stdout, stderr, exitCode } = await cli(['run', planFile, '--out', out], { API_KEY: 'key-12345' })
  const record = JSON.parse(readFileSync(join(out, 'run.json'), 'utf8')) as RunRecord
  return { record, folder: out, stdout, stderr, exitCode }
}

function apiTransport(client: 'wire' | 'undici'): PlanInput['transports'][number] {
  return {
    name: client,
    protocol: 'http',
    client,
    provider: 'mailgun',
    url: `http://127.0.0.1:${api?.port ?? 0}`,
    domain: 'example.com',
    auth: { user: 'api', password: { env: 'API_KEY' } }
  }
}

const ehlo = (reply: string): RawServerOptions => ({
  answer: (command) => (command.startsWith('EHLO') ? reply : undefined)
})

describe('replies that nodemailer takes and the wire client does not', () => {
  test.each<[what: string, options: RawServerOptions, says: RegExp]>([
    [
      'an empty line within',
      ehlo('250-mx\r\n250-SIZE 100000\r\n\r\n250 8BITMIME\r\n'),
      /no SMTP reply: an empty line \(behind 250-SIZE 100000\)/
    ],
    [
      'an empty line behind',
      ehlo('250-mx\r\n250 8BITMIME\r\n\r\n'),
      /more than it was asked for, .*: an empty line/
    ],
    [
      'a tab behind the code',
      ehlo('250-mx\r\n250-8BITMIME\r\n250\tSIZE 100000\r\n'),
      /no SMTP reply: 250\S*SIZE 100000 \(behind 250-8BITMIME\)/
    ],
    [
      'codes that differ',
      ehlo('220-hello\r\n250-mx\r\n250 8BITMIME\r\n'),
      /no SMTP reply: 250-mx \(behind 220-hello\)/
    ],
    [
      'a line end before the greeting',
      { answer: (command) => (command === 'CONNECT' ? '\r\n220 mx ESMTP\r\n' : undefined) },
      /no SMTP reply: an empty line/
    ]
  ])('%s: each is judged by itself', async (_, options, says) => {
    server = await startRawServer(options)
    await expect((await smtp()).preflight()).rejects.toMatchObject({
      code: 'PROTOCOL',
      message: expect.stringMatching(says) as string
    })
    const library = await smtp({ transport: { client: 'nodemailer' } })
    await library.preflight()
    expect(library.stats.hints.join()).toMatch(says)
    await openSender(library).send()
    await until(
      'nodemailer to have gone on',
      () => server?.lines.some((line) => line.startsWith('MAIL')) === true
    )
  })
})

describe.each(['wire', 'nodemailer'] as const)('by %s', (client) => {
  test.each([
    ['the null sender', { from: '<>' }, 'MAIL FROM:<>'],
    ['a blank in quotes', { to: ['"john doe"@example.com'] }, 'RCPT TO:<"john doe"@example.com>'],
    ['an at sign in quotes', { to: ['"a@b"@example.com'] }, 'RCPT TO:<"a@b"@example.com>'],
    ['an escaped quote', { to: ['"say \\"hi\\""@example.com'] }, 'RCPT TO:<"say \\"hi\\""@example.com>']
  ])('%s goes out as it was planned', async (_, message, line) => {
    server = await startRawServer({ capabilities: ['8BITMIME'] })
    const sent = await openSender(await smtp({ message, transport: { client } })).send()
    expect([sent.outcome, server.lines.find((said) => said.startsWith(line.slice(0, 8)))]).toEqual([
      'accepted',
      expect.stringContaining(line)
    ])
  })

  test('421 at RCPT on a kept connection is a limit of the connection', async () => {
    let recipients = 0
    server = await startRawServer({
      capabilities: ['PIPELINING'],
      answer: (command, { socket, number }) => {
        if (!command.startsWith('RCPT') || number > 1 || ++recipients < 3) return undefined
        setImmediate(() => socket.end())
        return '421 4.7.0 too many recipients in this connection\r\n'
      }
    })
    const opened = await smtp({ transport: { client } })
    const lane = openSender(opened)
    const sent = [await lane.send(), await lane.send(), await lane.send()]
    expect(sent.map(({ outcome, reused }) => [outcome, reused])).toEqual([
      ['accepted', false],
      ['accepted', true],
      ['accepted', false]
    ])
    expect(opened.stats).toMatchObject({ resent: 1, endedAfter: 2 })
  })

  test('what to set is said once', async () => {
    server = await startRawServer({
      capabilities: ['AUTH PLAIN'],
      answer: (command) =>
        command.startsWith('AUTH') ? '530 5.7.0 Must issue a STARTTLS command first\r\n' : undefined
    })
    const { sample } = await openSender(await smtp({ transport: { client, auth: AUTH } })).send()
    expect(sample.match(/it wants TLS/g)).toHaveLength(1)
  })
})

test('nodemailer, which always says PLAIN along with AUTH, is told what to set where that is not taken', async () => {
  server = await startRawServer({
    capabilities: ['AUTH PLAIN LOGIN'],
    answer: (command) => (/^AUTH PLAIN \S/.test(command) ? '501 5.5.4 no parameters\r\n' : undefined)
  })
  const { sample } = await openSender(await smtp({ transport: { client: 'nodemailer', auth: AUTH } })).send()
  expect(sample).toContain('set auth.method to "login"')
})

test('what a server says unasked on a kept connection is shown', async () => {
  server = await startRawServer()
  const client = await smtp()
  const lane = openSender(client)
  await lane.send()
  server.sessions[0]?.socket.end('421 4.4.2 idle for too long\r\n')
  await until('the close to be noticed', () => client.stats.closedByPeer === 1)
  expect(client.stats.hints.join()).toContain('unasked: 421 4.4.2 idle for too long')
  expect((await lane.send()).outcome).toBe('accepted')
})

test.each(['wire', 'nodemailer'] as const)(
  'what comes in the clear where TLS was agreed to is named as that, by %s',
  async (client) => {
    server = await startRawServer({
      capabilities: ['STARTTLS'],
      answer: (command, { socket }) => {
        if (command === 'STARTTLS') socket.once('data', () => socket.write('554 5.7.0 no TLS today\r\n'))
        return undefined
      }
    })
    const { sample } = await openSender(await smtp({ transport: { client, security: 'starttls' } })).send()
    expect(sample).toContain('although the server had agreed to STARTTLS')
  }
)

test.each(CONTENDERS)(
  'a close behind the whole message leaves open whether it was delivered, $name',
  async (contender) => {
    const peer = await contender.startPeer()
    peer.deed = 'close before the answer'
    const client = await contender.open({ port: peer.port, timeoutMs: 10_000 })
    clients.push(client)
    expect(await openSender(client).send()).toMatchObject({ outcome: 'failed', mayBeDelivered: true })
    await peer[Symbol.asyncDispose]()
  }
)

test.each(['wire', 'nodemailer'] as const)(
  'a close before the message leaves nothing open, by %s',
  async (client) => {
    server = await startRawServer({
      answer: (command, { socket }) => {
        if (!command.startsWith('MAIL')) return undefined
        socket.end()
        return null
      }
    })
    expect(await openSender(await smtp({ transport: { client } })).send()).toMatchObject({
      outcome: 'failed',
      mayBeDelivered: false
    })
  }
)

test('a server that takes one connection at a time is tried by one transport after the other', async () => {
  let most = 0
  server = await startRawServer({
    answer: (command) => {
      if (command === 'EHLO [127.0.0.1]') most = Math.max(most, server?.openSockets ?? 0)
      return undefined
    }
  })
  const { port } = server
  const parsed = parsePlan({
    schema: 1,
    name: 'five ways',
    message: { from: 'bench@example.com', to: ['sink@example.com'] },
    load: { model: 'closed', concurrency: 1, messages: 6 },
    transports: ['a', 'b', 'c', 'd', 'e'].map((name) => ({
      ...{ name, protocol: 'smtp', host: '127.0.0.1', port, security: 'none' },
      ehloName: '[127.0.0.1]'
    }))
  })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  const prepared = await prepare(parsed.plan, { keychain: noKeychain })
  await prepared.close()
  expect(server.lines.filter((line) => line.startsWith('EHLO'))).toHaveLength(5)
  expect(most).toBe(1)
})

test('a probe, too, tries every address: a server that listens on one of two is found', async () => {
  server = await startRawServer()
  const found = await probeSmtpPort({
    ...{ host: 'mx.example.test', port: server.port, timeoutMs: 10_000, caPem: null, ehloName: null },
    addresses: [
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 }
    ],
    signal: new AbortController().signal
  })
  expect(found).toMatchObject({
    state: 'smtp',
    warnings: ['no STARTTLS: everything crosses the network in the clear']
  })
})

test('an answer too many is shown', async () => {
  server = await startRawServer({
    answer: (command) => (command.startsWith('MAIL') ? '250 ok\r\n250 and more\r\n' : undefined)
  })
  expect(await openSender(await smtp()).send()).toMatchObject({
    code: 'PROTOCOL',
    sample: expect.stringContaining('250 and more') as string
  })
})

describe('an API', () => {
  test('that steers terminals reaches none, nor errors.csv', async () => {
    const text = '\u001b]0;owned\u0007\u001b[31mRED\u0000end\u009b31m\u202eabc'
    const bytes = Buffer.from(text)
    api = await startHostileServer({
      onRequest: (socket) =>
        socket.write(
          Buffer.concat([Buffer.from(`HTTP/1.1 400 Bad\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes])
        )
    })
    const { folder, stdout, stderr } = await run([apiTransport('wire'), apiTransport('undici')])
    const csv = readFileSync(join(folder, 'errors.csv'), 'utf8')
    expect(csv.match(/RED/g)).toHaveLength(2)
    // eslint-disable-next-line no-control-regex -- what must not be there
    const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e]/
    expect([csv, stdout].map((shown) => control.test(shown))).toEqual([false, false])
    expect(stderr).not.toContain('\u001b]0')
  })

  test('whose first answer is a 403 for a limit has rejected; nothing is thrown away', async () => {
    const said =
      '{"message":"Domain example.com is not allowed to send: hourly limit of 100 messages exceeded"}'
    api = await startHostileServer({
      onRequest: (socket, count) =>
        socket.write(
          count > 2 ? GOOD : `HTTP/1.1 403 Forbidden\r\nContent-Length: ${said.length}\r\n\r\n${said}`
        )
    })
    const { record } = await run([apiTransport('wire')])
    expect(record.transports[0]?.counts).toMatchObject({ sent: 4, accepted: 2, rejected: 2 })
  })

  test('that turns clients away after good answers has rejected, once for each', async () => {
    const page = '<html><title>Request blocked</title></html>'
    const head = `HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nContent-Length: ${page.length}`
    api = await startHostileServer({
      onRequest: (socket, count) => socket.write(count % 4 === 3 ? `${head}\r\n\r\n${page}` : GOOD)
    })
    const { record } = await run([apiTransport('wire'), apiTransport('undici')])
    for (const { counts } of record.transports)
      expect(counts).toMatchObject({ sent: 4, accepted: 3, rejected: 1 })
  })

  test.each([
    ['two lengths that are one', 'Content-Length: 54, 54'],
    ['a length given twice', 'Content-Length: 54\r\nContent-Length: 54'],
    ['a header on two lines', 'X-One: a\r\n b\r\nContent-Length: 54']
  ])(
    'that frames its answer with %s is taken by the wire client; undici says that it does not',
    async (_, head) => {
      const body = '{"id":"<1@example.com>","message":"Queued. Thank you."}'
      const bytes = `HTTP/1.1 200 OK\r\n${head.replaceAll('54', String(body.length))}\r\n\r\n${body}`
      api = await startHostileServer({ onRequest: (socket) => socket.write(bytes) })
      const url = `http://127.0.0.1:${api.port}`
      const [wire, library] = [
        createHttpWireClient(await httpOptions({ url })),
        createUndiciClient(await httpOptions({ url }))
      ]
      clients.push(wire, library)
      expect((await openSender(wire).send()).outcome).toBe('accepted')
      expect(await openSender(library).send()).toMatchObject({
        code: 'PROTOCOL',
        sample: expect.stringMatching(/^undici does not take the answer \(/) as string
      })
    }
  )
})

test('explain takes a plan of one message, whatever its rounds', async () => {
  server = await startRawServer()
  const file = join(temporaryFolder(), 'plan.json')
  const plan = {
    schema: 1,
    name: 'one',
    message: { from: 'bench@example.com', to: ['sink@example.com'] },
    load: { model: 'closed', concurrency: 1, messages: 1 },
    transports: [{ name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: server.port, security: 'none' }]
  }
  writeFileSync(file, JSON.stringify(plan))
  expect(await cli(['explain', file])).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('accepted 250 2.0.0') as string
  })
})
