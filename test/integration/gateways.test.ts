import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import type { Client } from '../../electron/transports/client.ts'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import { probe } from '../../electron/probe/probe.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { startHostileServer, type HostileServer } from '../support/hostile-http.ts'
import { httpOptions } from '../support/http-options.ts'
import { openSender, type Sent } from '../support/sends.ts'

const OK = '{"id":"<1@example.com>","message":"Queued. Thank you."}'
const CLIENTS = [
  { by: 'wire', create: createHttpWireClient },
  { by: 'undici', create: createUndiciClient }
] as const

let server: HostileServer | undefined
let client: Client | undefined
let plain: Server | undefined
afterEach(async () => {
  await client?.close(200)
  await server?.[Symbol.asyncDispose]()
  plain?.close()
})

function answer(status: string, body: string | Buffer, ...headers: string[]): Buffer {
  const bytes = Buffer.from(body)
  const lines = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${bytes.length}`]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes])
}

async function send(
  create: (typeof CLIENTS)[number]['create'],
  bytes: Buffer,
  transport: Record<string, unknown> = {},
  path = ''
): Promise<Sent[]> {
  server = await startHostileServer({ onRequest: (socket) => socket.write(bytes) })
  const url = `http://127.0.0.1:${server.port}${path}`
  client = create(await httpOptions({ url, transport }))
  const sender = openSender(client)
  return [await sender.send(), await sender.send()]
}

const JSON_TYPE = 'Content-Type: application/json'
const ROWS: readonly (readonly [says: string, bytes: Buffer, outcome: string, sample: RegExp])[] = [
  [
    'a sign-in page',
    answer('200 OK', '<html><title>Sign in</title></html>', 'Content-Type: text/html', 'Server: nginx'),
    'failed',
    /not the API: text\/html from nginx at \/v3\/example\.com\/messages/
  ],
  [
    'a plain greeting on a wrong path',
    answer('200 OK', 'Mailgun Magnificent API', 'Content-Type: text/plain'),
    'failed',
    /not the API: text\/plain/
  ],
  ['an empty 200 of another host', answer('200 OK', ''), 'failed', /not the API/],
  [
    'JSON without a message id',
    answer('200 OK', '{"message":"hello"}', JSON_TYPE),
    'failed',
    /no message id at id/
  ],
  [
    'a compressed answer',
    answer('200 OK', gzipSync(OK), JSON_TYPE, 'Content-Encoding: gzip'),
    'accepted',
    /^$/
  ],
  ['a byte order mark', answer('200 OK', `\ufeff${OK}`, JSON_TYPE), 'accepted', /^$/],
  [
    'a compressed refusal',
    answer(
      '422 Unprocessable Entity',
      gzipSync('{"message":"Invalid From"}'),
      JSON_TYPE,
      'Content-Encoding: gzip'
    ),
    'rejected',
    /^422 .*Invalid From/
  ],
  [
    'a text that would steer a terminal',
    answer('400 Bad', '\u001b[31mRED\u202eabc'),
    'rejected',
    /^400 Bad Request: \ufffd\[31mRED\ufffdabc$/
  ],
  [
    'a blank before a colon',
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length : ${OK.length}\r\n\r\n${OK}`),
    'failed',
    /./
  ]
]

describe.each(CLIENTS)('$by', ({ create }) => {
  test.each(ROWS)('%s', async (_, bytes, outcome, sample) => {
    const [sent] = await send(create, bytes)
    expect([sent?.outcome, sent?.sample]).toEqual([outcome, expect.stringMatching(sample)])
  })

  test('a query and a path without a slash at their end are sent as they were given', async () => {
    let line = ''
    plain = createServer((socket) => {
      socket.once('data', (chunk: Buffer) => {
        line = chunk.toString().split('\r\n')[0] ?? ''
        socket.end(answer('200 OK', '{}', JSON_TYPE, 'Connection: close'))
      })
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => plain?.once('listening', resolve))
    const { port } = plain.address() as AddressInfo
    const transport = { provider: 'generic', template: { body: {} }, auth: null }
    const url = `http://127.0.0.1:${port}/emails:send?api-version=2023-03-31`
    client = create(await httpOptions({ url, transport }))
    expect((await openSender(client).send()).outcome).toBe('accepted')
    expect(line).toBe('POST /emails:send?api-version=2023-03-31 HTTP/1.1')
  })

  test('a refusal for its limit is throttling, and one for the account is none', async () => {
    const limited = answer(
      '403 Forbidden',
      '{"message":"hourly limit of 30 exceeded, try again in 5 minutes"}',
      JSON_TYPE
    )
    expect((await send(create, limited))[0]).toMatchObject({
      outcome: 'rejected',
      throttled: true,
      retryAfterSeconds: 300
    })
    await client?.close(200)
    await server?.[Symbol.asyncDispose]()
    const barred = answer('403 Forbidden', '{"message":"not allowed to send: account disabled"}', JSON_TYPE)
    expect((await send(create, barred))[0]).toMatchObject({ outcome: 'rejected', throttled: false })
  })
})

test('unasked interim answers are passed over by the wire client; undici gives up on a 100 that it did not ask for', async () => {
  const interim = Buffer.from('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
  const bytes = Buffer.concat([interim, answer('200 OK', OK)])
  expect((await send(createHttpWireClient, bytes))[0]?.outcome).toBe('accepted')
  await client?.close(200)
  await server?.[Symbol.asyncDispose]()
  expect((await send(createUndiciClient, bytes))[0]).toMatchObject({
    outcome: 'failed',
    code: 'PROTOCOL',
    sample: expect.stringContaining('undici does not take the answer (100 Continue') as string
  })
})

test('a line end behind a body does not cost the connection', async () => {
  const sent = await send(createHttpWireClient, Buffer.concat([answer('200 OK', OK), Buffer.from('\r\n')]))
  expect(sent.map(({ outcome, reused }) => [outcome, reused])).toEqual([
    ['accepted', false],
    ['accepted', true]
  ])
})

test.each([
  ['UTF-16', 'utf16le'],
  ['Latin-1', 'latin1']
] as const)('a plan in %s is refused with what to do', async (found, encoding) => {
  const file = join(temporaryFolder(), 'plan.json')
  writeFileSync(file, Buffer.from(`${encoding === 'utf16le' ? '\ufeff' : ''}{"name":"Grüße"}`, encoding))
  const { exitCode, stderr } = await cli(['run', file])
  expect([exitCode, stderr]).toEqual([
    2,
    expect.stringMatching(new RegExp(`${found}.*save it as UTF-8`, 's'))
  ])
})

describe('a probe', () => {
  async function look(
    onLine: (line: string) => string,
    greet: (say: (text: string) => void) => void,
    timeoutMs = 30_000
  ) {
    const heard: string[] = []
    plain = createServer((socket) => {
      socket.on('error', () => undefined)
      greet((text) => socket.write(text))
      socket.on('data', (chunk: Buffer) => {
        const line = chunk.toString().trim()
        heard.push(line)
        socket.write(onLine(line))
      })
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => plain?.once('listening', resolve))
    const { port } = plain.address() as AddressInfo
    const record = await probe({
      host: 'localhost',
      ports: [port],
      timeoutMs,
      ehloName: 'client.example.com'
    })
    return { found: record.ports[0], recommendation: record.recommendation, heard }
  }
  const usual = (line: string): string => (line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n')

  test.each([
    ['the whole greeting', ''],
    ['the second line of the greeting', '220-mx wait\r\n']
  ])('waits for %s when it is slow, and says so', async (_, first) => {
    // Slow is what takes longer than half of the limit, or two seconds.
    const { found } = await look(
      usual,
      (say) => {
        if (first !== '') say(first)
        setTimeout(() => say('220 mx ESMTP\r\n'), 2200)
      },
      5000
    )
    expect(found).toMatchObject({ state: 'smtp', banner: first === '' ? 'mx ESMTP' : 'mx wait' })
    expect(found?.warnings.join()).toContain('slow greeting')
  })

  test('tells its name, hears the answer to QUIT, and finds a host that listens on one of its addresses alone', async () => {
    const { found, heard } = await look(usual, (say) => say('220 mx\r\n'))
    expect(heard).toEqual(['EHLO client.example.com', 'QUIT'])
    expect(found?.transcript.at(-1)).toBe('S: 221 bye')
  })

  test('does not recommend a server that takes neither EHLO nor HELO', async () => {
    const { found, recommendation } = await look(
      (line) => (line === 'QUIT' ? '221 bye\r\n' : '550 5.7.1 no\r\n'),
      (say) => say('220 mx\r\n')
    )
    expect(recommendation.port).toBeNull()
    expect(found?.warnings.join()).toContain('ehloName')
  })

  test('does not recommend to go on without TLS where STARTTLS fails', async () => {
    const { found, recommendation } = await look(
      (line) =>
        line.startsWith('EHLO')
          ? '250-mx\r\n250 STARTTLS\r\n'
          : line === 'STARTTLS'
            ? '454 4.7.0 not now\r\n'
            : '221 bye\r\n',
      (say) => say('220 mx\r\n')
    )
    expect(recommendation).toMatchObject({ port: null, security: null })
    expect(found?.tlsProblem).toContain('454 4.7.0 not now')
  })
})
