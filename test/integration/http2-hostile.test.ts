import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import { GOOD, trickle } from '../support/hostile-http.ts'
import {
  uint32,
  FRAME,
  frame,
  goodAnswer,
  goodHead,
  startHostileHttp2Server
} from '../support/hostile-http2.ts'
import { httpOptions } from '../support/http-options.ts'
import { openSender } from '../support/sends.ts'
import { until } from '../support/until.ts'

/** How long a peer that says nothing is waited for. */
const TIMEOUT_MS = 1500
/** Of any other peer no limit may have a part in how a send ends. */
const PATIENT_MS = 30_000
/** What ends by itself does so at once, but for what a busy machine adds. */
const PROMPT_MS = 10_000
const INTERNAL_ERROR = 2
const REFUSED_STREAM = 7
const ENHANCE_YOUR_CALM = 11

interface Row {
  says: string
  /** What the server does about the first request; all later ones are answered well. */
  deed: (socket: Socket, streamId: number) => void
  outcome: 'accepted' | 'failed'
  code: RegExp
}

/** Writes a frame again and again, as fast as the peer takes it. */
function flood(socket: Socket, bytes: Buffer): void {
  const next = (): void => {
    if (!socket.destroyed) socket.write(bytes, () => setImmediate(next))
  }
  next()
}

const ROWS: Row[] = [
  { says: 'silence instead of an answer', deed: () => undefined, outcome: 'failed', code: /^TIMEOUT$/ },
  {
    says: 'silence behind the head of an answer',
    deed: (socket, id) => socket.write(goodHead(id)),
    outcome: 'failed',
    code: /^TIMEOUT$/
  },
  {
    says: 'an answer that comes one byte at a time',
    deed: (socket, id) => trickle(socket, goodAnswer(id)),
    outcome: 'accepted',
    code: /^200$/
  },
  {
    says: 'RST_STREAM with INTERNAL_ERROR',
    deed: (socket, id) => socket.write(frame(FRAME.reset, 0, id, uint32(INTERNAL_ERROR))),
    outcome: 'failed',
    code: /^INTERNAL_ERROR$/
  },
  {
    says: 'RST_STREAM with REFUSED_STREAM',
    deed: (socket, id) => socket.write(frame(FRAME.reset, 0, id, uint32(REFUSED_STREAM))),
    outcome: 'accepted',
    code: /^200$/
  },
  {
    says: 'RST_STREAM behind the head of an answer',
    deed: (socket, id) =>
      socket.write(Buffer.concat([goodHead(id), frame(FRAME.reset, 0, id, uint32(ENHANCE_YOUR_CALM))])),
    outcome: 'failed',
    code: /^ENHANCE_YOUR_CALM$/
  },
  {
    says: 'GOAWAY that gives up the request',
    deed: (socket) => {
      socket.end(frame(FRAME.goAway, 0, 0, Buffer.concat([uint32(0), uint32(0)])))
    },
    outcome: 'accepted',
    code: /^200$/
  },
  {
    says: 'GOAWAY with a reason, in the middle of the exchange',
    deed: (socket, id) => {
      socket.end(frame(FRAME.goAway, 0, 0, Buffer.concat([uint32(id), uint32(ENHANCE_YOUR_CALM)])))
    },
    outcome: 'failed',
    code: /^ENHANCE_YOUR_CALM$/
  },
  {
    says: 'the connection closed',
    deed: (socket) => socket.end(),
    outcome: 'failed',
    code: /^CONNECTION_CLOSED$/
  },
  {
    says: 'the connection reset',
    deed: (socket) => socket.resetAndDestroy(),
    outcome: 'failed',
    code: /^ECONNRESET$/
  },
  {
    says: 'the connection closed in the middle of the body',
    deed: (socket, id) =>
      socket.end(Buffer.concat([goodHead(id), frame(FRAME.data, 0, id, Buffer.from('{'))])),
    outcome: 'failed',
    code: /^CONNECTION_CLOSED$/
  },
  {
    says: 'garbage',
    deed: (socket) => socket.write(randomBytes(4096)),
    outcome: 'failed',
    code: /^PROTOCOL$/
  },
  {
    says: 'an answer in HTTP/1.1',
    deed: (socket) => socket.write(GOOD),
    outcome: 'failed',
    code: /^PROTOCOL$/
  },
  {
    says: 'a body without a head',
    deed: (socket, id) => socket.write(frame(FRAME.data, 1, id, Buffer.from('{}'))),
    outcome: 'failed',
    code: /^PROTOCOL$/
  },
  {
    says: 'an endless head',
    deed: (socket, id) => {
      socket.write(frame(FRAME.headers, 0, id, Buffer.from([0x88])))
      flood(
        socket,
        frame(FRAME.continuation, 0, id, Buffer.from('\x40\x01x\x7f\x80\x7f' + 'x'.repeat(255), 'latin1'))
      )
    },
    outcome: 'failed',
    code: /^PROTOCOL$/
  },
  {
    says: 'an endless body',
    deed: (socket, id) => {
      socket.write(goodHead(id))
      flood(socket, frame(FRAME.data, 0, id, Buffer.alloc(16_000, 'x')))
    },
    outcome: 'failed',
    code: /^(PROTOCOL|TIMEOUT|FLOW_CONTROL_ERROR)$/
  }
]

describe.each([
  { name: 'wire', create: createHttpWireClient },
  { name: 'undici', create: createUndiciClient }
])('HTTP/2 by $name, given', ({ create }) => {
  it.each(ROWS)('$says, ends the send rightly and in time, and is not confused by it', async (row) => {
    const timeoutMs = /TIMEOUT/.test(String(row.code)) ? TIMEOUT_MS : PATIENT_MS
    await using server = await startHostileHttp2Server((socket, streamId, count) => {
      if (count === 1) row.deed(socket, streamId)
      else socket.write(goodAnswer(streamId))
    })
    const client = create(
      await httpOptions({
        url: `http://127.0.0.1:${server.port}`,
        transport: { http: { version: '2' } },
        timeoutMs
      })
    )
    const sender = openSender(client)
    const sent = await sender.send()
    expect(`${sent.outcome} ${sent.code}: ${sent.sample}`).toMatch(new RegExp(`^${row.outcome} `))
    expect(sent.code).toMatch(row.code)
    // What ends by itself ends before any limit.
    const limitMs = timeoutMs === TIMEOUT_MS ? TIMEOUT_MS + 2000 : PROMPT_MS
    expect(sent.serviceUs / 1000).toBeLessThan(limitMs)
    expect(sent.waitUs).toBeLessThanOrEqual(sent.serviceUs)

    const next = await sender.send()
    expect(`${next.outcome} ${next.code} ${next.sample} after ${sent.code} ${sent.sample}`).toMatch(
      /^accepted /
    )
    expect(sender.ended).toBe(2)
    await client.close(500)
    expect(client.stats.open).toBe(0)
    await until('every connection to be closed', () => server.open.size === 0)
  })
})

describe.each([createHttpWireClient, createUndiciClient])('a body that is given up half-way', (create) => {
  it('leaves nothing behind that the next send would suffer from', async () => {
    let hearSome: () => void = () => undefined
    const heardSome = new Promise<void>((resolve) => (hearSome = resolve))
    let count = 0
    const server = createServer()
    server.on('stream', (stream) => {
      stream.on('error', () => undefined)
      if (++count === 1) stream.once('readable', hearSome)
      else {
        stream.resume()
        stream.on('end', () => {
          stream.respond({ ':status': 200 })
          stream.end('{"id":"1"}')
        })
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const client = create(
      await httpOptions({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        transport: { http: { version: '2' } },
        message: { attachments: [{ filename: 'a', sizeBytes: 3_000_000 }] }
      })
    )
    const sender = openSender(client)
    const sending = sender.send()
    await heardSome
    sender.abort()
    expect(await sending).toMatchObject({ outcome: 'aborted', connection: 1 })
    expect(await sender.send()).toMatchObject({ outcome: 'accepted' })
    await client.close(500)
    expect(client.stats).toMatchObject({ open: 0, closedByPeer: 0 })
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('an answer to half a request over HTTP/2', () => {
  it('ends the sending of the rest, and is no measure of the round trip', async () => {
    await using server = await startHostileHttp2Server((socket, streamId) =>
      socket.write(goodAnswer(streamId))
    )
    const client = createHttpWireClient(
      await httpOptions({
        url: `http://127.0.0.1:${server.port}`,
        transport: { http: { version: '2' } },
        message: { attachments: [{ filename: 'a', sizeBytes: 3_000_000 }] }
      })
    )
    const sender = openSender(client)
    expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: false })
    expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: true })
    await until(
      'both streams to be reset',
      () => server.heard.filter(({ type }) => type === FRAME.reset).length === 2
    )
    expect(client.stats.leastTurnUs).toBeGreaterThan(0)
    await client.close(500)
  })
})
