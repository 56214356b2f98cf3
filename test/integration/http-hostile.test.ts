import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import {
  type Behaviour,
  flood,
  GOOD,
  GOOD_BODY,
  startHostileServer,
  trickle
} from '../support/hostile-http.ts'
import { httpOptions } from '../support/http-options.ts'
import { openSender, type Sent } from '../support/sends.ts'
import { until } from '../support/until.ts'

/** How long a peer that says nothing is waited for. */
const TIMEOUT_MS = 1500
/** Of any other peer no limit may have a part in how a send ends. */
const PATIENT_MS = 30_000
/** What ends by itself does so at once, but for what a busy machine adds. */
const PROMPT_MS = 10_000

interface Row {
  says: string
  behaviour: Behaviour
  /** How the first send ends: outcome, code and phase. */
  is: [outcome: Sent['outcome'], code: string | RegExp, phase: Sent['phase'] | RegExp]
  scheme?: 'http' | 'https'
  /** Attachment that makes the request large. */
  attachmentBytes?: number
  /** The library's parser names this otherwise, or has its own mind about it. */
  undici?: [outcome: Sent['outcome'], code: string | RegExp] | null
  /** The next send ends as the first one did, because the server never gets better. */
  always?: boolean
}

/** Answers the first request so, and all later ones well. */
function first(act: (socket: Socket) => void): Behaviour {
  return { onRequest: (socket, count) => (count === 1 ? act(socket) : socket.write(GOOD)) }
}
const says = (text: string): Behaviour => first((socket) => socket.write(text))
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

const ROWS: Row[] = [
  {
    says: 'silence instead of an answer',
    behaviour: first(() => undefined),
    is: ['failed', 'TIMEOUT', 'wait']
  },
  {
    says: 'silence in the middle of the status line',
    behaviour: says('HTTP/1.1 2'),
    is: ['failed', 'TIMEOUT', 'response']
  },
  {
    says: 'silence in the middle of the headers',
    behaviour: says('HTTP/1.1 200 OK\r\nContent-'),
    is: ['failed', 'TIMEOUT', 'response']
  },
  {
    says: 'silence in the middle of the body',
    behaviour: says(GOOD.slice(0, -5)),
    is: ['failed', 'TIMEOUT', 'response']
  },
  {
    says: 'silence in the middle of a chunk',
    behaviour: says(`${CHUNKED}5\r\nhel`),
    is: ['failed', 'TIMEOUT', 'response']
  },
  {
    says: 'silence before the last chunk',
    behaviour: says(`${CHUNKED}5\r\nhello\r\n`),
    is: ['failed', 'TIMEOUT', 'response']
  },
  {
    says: 'silence after an interim answer',
    behaviour: says('HTTP/1.1 100 Continue\r\n\r\n'),
    is: ['failed', 'TIMEOUT', 'wait'],
    undici: ['failed', /TIMEOUT|PROTOCOL|CONNECTION|UND_ERR/]
  },
  {
    says: 'an answer of one byte at a time',
    behaviour: first((socket) => trickle(socket, GOOD)),
    is: ['accepted', '200', 'response']
  },
  {
    says: 'a chunked answer of one byte at a time',
    behaviour: first((socket) =>
      trickle(socket, `${CHUNKED}${GOOD_BODY.length.toString(16)}\r\n${GOOD_BODY}\r\n0\r\n\r\n`)
    ),
    is: ['accepted', '200', 'response']
  },
  {
    says: 'one byte at a time for ever',
    behaviour: first((socket) => trickle(socket, `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(1000)}`)),
    is: ['failed', /TIMEOUT|PROTOCOL/, 'response']
  },
  {
    says: 'headers without end',
    behaviour: first((socket) => flood(socket, 'HTTP/1.1 200 OK\r\n', 'X-Filler: yes\r\n')),
    is: ['failed', 'PROTOCOL', 'response']
  },
  {
    says: 'one header line without end',
    behaviour: first((socket) => flood(socket, 'HTTP/1.1 200 OK\r\nX: ', 'x')),
    is: ['failed', 'PROTOCOL', 'response']
  },
  {
    says: 'interim answers without end',
    behaviour: first((socket) => flood(socket, '', 'HTTP/1.1 103 Early Hints\r\n\r\n')),
    is: ['failed', 'PROTOCOL', /wait|response/],
    undici: null
  },
  {
    says: 'a body without end',
    behaviour: first((socket) => flood(socket, 'HTTP/1.1 200 OK\r\n\r\n', 'x')),
    is: ['failed', /PROTOCOL|TIMEOUT/, 'response']
  },
  {
    says: 'chunks without end',
    behaviour: first((socket) => flood(socket, CHUNKED, '5\r\nhello\r\n')),
    is: ['failed', /PROTOCOL|TIMEOUT/, 'response']
  },
  {
    says: 'an SMTP greeting',
    behaviour: { onConnect: (socket) => socket.write('220 mail.example.com ESMTP\r\n') },
    is: ['failed', 'PROTOCOL', 'response'],
    always: true,
    undici: null
  },
  {
    says: 'garbage',
    behaviour: says('\x00\xff\x13\x37 garbage\r\n\r\n'),
    is: ['failed', 'PROTOCOL', 'response']
  },
  {
    says: 'a status code of two digits',
    behaviour: says('HTTP/1.1 20 OK\r\n\r\n'),
    is: ['failed', 'PROTOCOL', 'response']
  },
  {
    says: 'a status code beyond all classes',
    behaviour: says('HTTP/1.1 999 Hm\r\nContent-Length: 0\r\n\r\n'),
    is: ['rejected', '999', 'response']
  },
  {
    says: 'a redirect',
    behaviour: says('HTTP/1.1 307 Go\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n'),
    is: ['failed', 'REDIRECT', 'response']
  },
  {
    says: 'a switch of protocols',
    behaviour: says('HTTP/1.1 101 Switch\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n'),
    is: ['failed', 'PROTOCOL', 'response'],
    undici: null
  },
  {
    says: 'a refusal with a script in it',
    behaviour: says('HTTP/1.1 500 X\r\nContent-Length: 26\r\n\r\n<script>alert(1)</script>\n'),
    is: ['rejected', '500', 'response']
  },
  {
    says: 'a Content-Length that is no number',
    behaviour: says('HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n'),
    is: ['failed', 'PROTOCOL', 'response']
  },
  {
    says: 'two Content-Lengths that differ',
    behaviour: says('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'),
    is: ['failed', 'PROTOCOL', 'response']
  },
  {
    says: 'a Content-Length of petabytes',
    behaviour: says('HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\n'),
    is: ['failed', 'PROTOCOL', 'response'],
    undici: null
  },
  {
    says: 'a Content-Length that is too long, and a close',
    behaviour: first((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort')),
    is: ['failed', 'CONNECTION_CLOSED', 'response'],
    undici: ['failed', /CONNECTION_CLOSED|PROTOCOL/]
  },
  {
    says: 'a Content-Length that is too short',
    behaviour: says(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n${GOOD_BODY}`),
    // The four bytes that count are no answer of the API's.
    is: ['failed', 'PROTOCOL', 'response'],
    undici: null
  },
  {
    says: 'Content-Length and chunks at once',
    behaviour: says('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'),
    is: ['failed', 'PROTOCOL', 'response']
  },
  {
    says: 'a chunk size that is no number',
    behaviour: says(`${CHUNKED}zz\r\nhello\r\n`),
    is: ['failed', 'PROTOCOL', 'response']
  },
  {
    says: 'a chunk longer than it says',
    behaviour: says(`${CHUNKED}2\r\nhello\r\n0\r\n\r\n`),
    is: ['failed', 'PROTOCOL', 'response']
  },
  {
    says: 'a chunk shorter than it says',
    behaviour: says(`${CHUNKED}9\r\nhello\r\n0\r\n\r\n`),
    is: ['failed', 'PROTOCOL', 'response'],
    undici: null
  },
  {
    says: 'a chunk of gigabytes',
    behaviour: says(`${CHUNKED}fffffffff\r\nx`),
    is: ['failed', 'PROTOCOL', 'response'],
    undici: null
  },
  {
    says: 'a chunked body cut by a close',
    behaviour: first((socket) => socket.end(`${CHUNKED}5\r\nhello\r\n`)),
    is: ['failed', 'CONNECTION_CLOSED', 'response'],
    undici: ['failed', /CONNECTION_CLOSED|PROTOCOL/]
  },
  {
    says: 'an extra answer behind the right one',
    behaviour: says(GOOD + GOOD.replace('200 OK', '500 No')),
    is: ['accepted', '200', 'response'],
    undici: null
  },
  {
    says: 'an answer before anything was asked',
    behaviour: {
      onConnect: (socket) => socket.write(GOOD.replace('200 OK', '408 Bye\r\nConnection: close')),
      onRequest: () => undefined
    },
    is: ['rejected', '408', 'response'],
    always: true,
    undici: null
  },
  {
    says: 'an answer to half the request',
    behaviour: {
      onConnect: (socket) =>
        void socket.once('data', () => socket.write('HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n')),
      deaf: true
    },
    attachmentBytes: 20_000_000,
    is: ['rejected', '413', 'response'],
    always: true,
    undici: null
  },
  {
    says: 'a close instead of an answer',
    behaviour: first((socket) => socket.end()),
    is: ['failed', 'CONNECTION_CLOSED', 'wait']
  },
  {
    says: 'a close in the middle of the headers',
    behaviour: first((socket) => socket.end('HTTP/1.1 200 OK\r\nCont')),
    is: ['failed', 'CONNECTION_CLOSED', 'response'],
    undici: ['failed', /CONNECTION_CLOSED|PROTOCOL/]
  },
  {
    says: 'a close in the middle of the body',
    behaviour: first((socket) => socket.end(GOOD.slice(0, -5))),
    is: ['failed', 'CONNECTION_CLOSED', 'response'],
    undici: ['failed', /CONNECTION_CLOSED|PROTOCOL/]
  },
  {
    says: 'a close as the end of a body without length',
    behaviour: first((socket) => socket.end(`HTTP/1.1 200 OK\r\n\r\n${GOOD_BODY}`)),
    is: ['accepted', '200', 'response']
  },
  {
    says: 'a reset instead of an answer',
    behaviour: first((socket) => void socket.resetAndDestroy()),
    is: ['failed', 'ECONNRESET', 'wait']
  },
  {
    says: 'a reset in the middle of the body',
    behaviour: first(
      (socket) => void socket.write(GOOD.slice(0, -5), () => setTimeout(() => socket.resetAndDestroy(), 30))
    ),
    is: ['failed', 'ECONNRESET', 'response']
  },
  {
    says: 'a reset as soon as it accepts',
    behaviour: { onConnect: (socket) => void socket.resetAndDestroy() },
    is: ['failed', /ECONNRESET|EPIPE/, /tcp|wait/],
    always: true,
    undici: ['failed', /ECONNRESET|EPIPE|CONNECTION_CLOSED/]
  },
  {
    says: 'a close as soon as it accepts',
    behaviour: { onConnect: (socket) => void socket.destroy() },
    is: ['failed', /ECONNRESET|EPIPE|CONNECTION_CLOSED/, /tcp|wait/],
    always: true
  },
  {
    says: 'nothing read at all',
    behaviour: { deaf: true },
    attachmentBytes: 20_000_000,
    is: ['failed', 'TIMEOUT', 'request'],
    always: true,
    undici: ['failed', 'TIMEOUT']
  },
  {
    says: 'a half-open connection, closed on its side only',
    behaviour: { onConnect: (socket) => void socket.end(), onRequest: () => undefined },
    is: ['failed', /CONNECTION_CLOSED|ECONNRESET|EPIPE/, /tcp|wait/],
    always: true
  },
  {
    says: 'TLS that never begins',
    scheme: 'https',
    behaviour: { deaf: true },
    is: ['failed', 'TIMEOUT', 'tls'],
    always: true
  },
  {
    says: 'a close instead of TLS',
    scheme: 'https',
    behaviour: { onConnect: (socket) => void socket.once('data', () => socket.end()), deaf: true },
    is: ['failed', /ECONNRESET|CONNECTION_CLOSED/, 'tls'],
    always: true
  },
  {
    says: 'plain HTTP where TLS was asked for',
    scheme: 'https',
    behaviour: { onConnect: (socket) => socket.write('HTTP/1.1 400 Bad\r\n\r\n'), deaf: true },
    is: ['failed', /^ERR_SSL_|EPROTO/, 'tls'],
    always: true
  },
  {
    says: 'garbage instead of TLS',
    scheme: 'https',
    behaviour: { onConnect: (socket) => socket.write('\x16\x03\x03\x00\x05hello and more'), deaf: true },
    is: ['failed', /^ERR_SSL_|EPROTO/, 'tls'],
    always: true
  }
]

describe.each([
  { name: 'wire', create: createHttpWireClient },
  { name: 'undici', create: createUndiciClient }
])('$name, given', ({ name, create }) => {
  const rows = name === 'wire' ? ROWS : ROWS.filter(({ undici }) => undici !== null)

  it.each(rows)('$says, ends the send rightly and in time, and is not confused by it', async (row) => {
    await using server = await startHostileServer(row.behaviour)
    const [outcome, code, phase] = row.is
    const expected =
      name === 'undici' && row.undici ? { outcome: row.undici[0], code: row.undici[1] } : { outcome, code }
    const timeoutMs = /TIMEOUT/.test(String(expected.code)) ? TIMEOUT_MS : PATIENT_MS
    const attachments =
      row.attachmentBytes === undefined ? [] : [{ filename: 'a', sizeBytes: row.attachmentBytes }]
    const options = await httpOptions({
      url: `${row.scheme ?? 'http'}://127.0.0.1:${server.port}`,
      message: { attachments },
      timeoutMs
    })
    const client = create(options)
    const sender = openSender(client)

    const sent = await sender.send()
    expect(sent.outcome, `${sent.code}: ${sent.sample}`).toBe(expected.outcome)
    expect(sent.code).toMatch(whole(expected.code))
    if (name === 'wire') expect(sent.phase).toMatch(whole(phase))
    if (sent.outcome === 'failed') expect(sent.sample).not.toBe('')
    // What ends by itself ends before any limit.
    const limitMs = timeoutMs === TIMEOUT_MS ? TIMEOUT_MS + 2000 : PROMPT_MS
    expect(sent.serviceUs / 1000).toBeLessThan(limitMs)
    expect(sent.waitUs).toBeLessThanOrEqual(sent.serviceUs)

    const next = await sender.send()
    expect(next.outcome).toBe(row.always === true ? expected.outcome : 'accepted')
    expect(sender.ended).toBe(2)

    await client.close(500)
    expect(client.stats.open).toBe(0)
    // A socket that is not read from never hears that its peer has gone.
    for (const socket of server.open) socket.resume()
    await until('every connection to be closed', () => server.open.size === 0)
  })

  it('a server that restarts, notices it and goes on', async () => {
    await using server = await startHostileServer({ onRequest: (socket) => socket.write(GOOD) })
    const client = create(
      await httpOptions({ url: `http://127.0.0.1:${server.port}`, timeoutMs: PATIENT_MS })
    )
    const sender = openSender(client)
    expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: false })
    await server.restart()
    await until('the end of the old connection to be noticed', () => client.stats.closedByPeer === 1)
    expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: false })
    await client.close(500)
  })

  it('a closed port or a name that does not exist, says so in the right phase', async () => {
    const gone = await startHostileServer({})
    await gone[Symbol.asyncDispose]()
    const refused = create(await httpOptions({ url: `http://127.0.0.1:${gone.port}` }))
    await expect(refused.preflight()).rejects.toMatchObject({ code: 'ECONNREFUSED', phase: 'tcp' })
    expect(await openSender(refused).send()).toMatchObject({
      outcome: 'failed',
      code: 'ECONNREFUSED',
      phase: 'tcp',
      connection: 0
    })
    await refused.close(500)
    const unknown = create(await httpOptions({ url: 'http://nobody.invalid' }))
    await expect(unknown.preflight()).rejects.toMatchObject({ code: /ENOTFOUND|EAI_AGAIN/, phase: 'dns' })
    expect(await openSender(unknown).send()).toMatchObject({ outcome: 'failed', phase: 'dns', connection: 0 })
    await unknown.close(500)
  })
})

describe('wire, given an answer to half a request', () => {
  it('does not send the rest, and takes it for no measure of the round trip', async () => {
    const sizeBytes = 20_000_000
    const sockets: Socket[] = []
    await using server = await startHostileServer({
      onConnect: (socket) => {
        sockets.push(socket)
        socket.once('readable', () => {
          socket.read()
          socket.write(GOOD)
        })
      },
      deaf: true
    })
    const client = createHttpWireClient(
      await httpOptions({
        url: `http://127.0.0.1:${server.port}`,
        message: { attachments: [{ filename: 'a', sizeBytes }] }
      })
    )
    expect(await openSender(client).send()).toMatchObject({ outcome: 'accepted', phase: 'response' })
    expect(client.stats).toMatchObject({ open: 0 })
    expect(client.stats.leastTurnUs).toBeGreaterThan(0)
    for (const socket of sockets) socket.resume()
    await until('the connection to be cut', () => server.open.size === 0)
    expect(sockets[0]?.bytesRead).toBeLessThan(sizeBytes)
    await client.close(500)
  })
})

/** A word as an expression that nothing else matches. */
function whole(expected: string | RegExp): RegExp {
  return typeof expected === 'string' ? new RegExp(`^${expected}$`) : expected
}
