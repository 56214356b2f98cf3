import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { Client } from '../../electron/transports/client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import {
  FRAME,
  frame,
  goodAnswer,
  goodHead,
  type HostileHttp2Server,
  literal,
  setting,
  startHostileHttp2Server,
  STATUS_200,
  uint32
} from '../support/hostile-http2.ts'
import { httpOptions, type OptionsInput } from '../support/http-options.ts'
import { openSender } from '../support/sends.ts'
import { until } from '../support/until.ts'

const END_STREAM = 1
const END_HEADERS = 4
const PADDED = 8
const PRIORITY = 32

/** Error codes of RFC 9113, section 7. */
const CODE = {
  PROTOCOL_ERROR: 1,
  FLOW_CONTROL_ERROR: 3,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11
} as const

async function open(server: HostileHttp2Server, input: Partial<OptionsInput> = {}): Promise<Client> {
  return createHttpWireClient(
    await httpOptions({
      url: `http://127.0.0.1:${server.port}`,
      ...input,
      transport: { http: { version: '2' }, ...input.transport }
    })
  )
}

type Fault = readonly [says: string, code: keyof typeof CODE, answer: (id: number) => Buffer]

const head = (id: number, ...fields: Buffer[]): Buffer =>
  frame(FRAME.headers, END_HEADERS, id, Buffer.concat(fields))
const many = (bytes: Buffer, count = 2000): Buffer => Buffer.concat(Array<Buffer>(count).fill(bytes))

/** After these nothing of the connection can be trusted (RFC 9113, section 5.4.1). */
const CONNECTION_FAULTS: Fault[] = [
  ['a frame longer than agreed', 'FRAME_SIZE_ERROR', (id) => frame(FRAME.data, 0, id, Buffer.alloc(16_385))],
  ['DATA of no stream', 'PROTOCOL_ERROR', () => frame(FRAME.data, 0, 0)],
  ['DATA of a stream that was never opened', 'PROTOCOL_ERROR', (id) => frame(FRAME.data, 0, id + 2)],
  ['DATA of a stream of its own', 'PROTOCOL_ERROR', () => frame(FRAME.data, 0, 2)],
  [
    'DATA with more padding than bytes',
    'PROTOCOL_ERROR',
    (id) => Buffer.concat([goodHead(id), frame(FRAME.data, PADDED, id, Buffer.from([3, 0, 0]))])
  ],
  [
    'DATA with padding and without its length',
    'FRAME_SIZE_ERROR',
    (id) => Buffer.concat([goodHead(id), frame(FRAME.data, PADDED, id)])
  ],
  ['HEADERS of no stream', 'PROTOCOL_ERROR', () => head(0, STATUS_200)],
  ['HEADERS of a stream that was never opened', 'PROTOCOL_ERROR', (id) => head(id + 2, STATUS_200)],
  [
    'HEADERS with more padding than bytes',
    'PROTOCOL_ERROR',
    (id) => frame(FRAME.headers, END_HEADERS | PADDED, id, Buffer.from([9, 0x88, 0]))
  ],
  [
    'HEADERS whose priority is cut off',
    'FRAME_SIZE_ERROR',
    (id) => frame(FRAME.headers, END_HEADERS | PRIORITY, id, Buffer.alloc(3))
  ],
  ['a header of number 0', 'COMPRESSION_ERROR', (id) => head(id, Buffer.from([0x80]))],
  ['a header of the table that there is none', 'COMPRESSION_ERROR', (id) => head(id, Buffer.from([0xbe]))],
  ['a number without end', 'COMPRESSION_ERROR', (id) => head(id, Buffer.alloc(20, 0xff))],
  ['a name that is cut off', 'COMPRESSION_ERROR', (id) => head(id, Buffer.from([0, 9, 120]))],
  ['a value that is missing', 'COMPRESSION_ERROR', (id) => head(id, Buffer.from([0, 1, 120]))],
  [
    'Huffman with the end of string in it',
    'COMPRESSION_ERROR',
    (id) => head(id, Buffer.from([0, 0x84, 0xff, 0xff, 0xff, 0xff, 1, 120]))
  ],
  [
    'Huffman padded with zeros',
    'COMPRESSION_ERROR',
    (id) => head(id, Buffer.from([0, 0x81, 0b00011000, 1, 120]))
  ],
  ['a table of a size that is not allowed', 'COMPRESSION_ERROR', (id) => head(id, Buffer.from([0x3e]))],
  [
    'a table that changes behind a header',
    'COMPRESSION_ERROR',
    (id) => head(id, STATUS_200, Buffer.from([0x20]))
  ],
  [
    'HEADERS that another frame cuts off',
    'PROTOCOL_ERROR',
    (id) => Buffer.concat([frame(FRAME.headers, 0, id, STATUS_200), frame(FRAME.ping, 0, 0, Buffer.alloc(8))])
  ],
  [
    'HEADERS that are continued on another stream',
    'PROTOCOL_ERROR',
    (id) =>
      Buffer.concat([frame(FRAME.headers, 0, id, STATUS_200), frame(FRAME.continuation, END_HEADERS, id + 2)])
  ],
  ['CONTINUATION of nothing', 'PROTOCOL_ERROR', (id) => frame(FRAME.continuation, END_HEADERS, id)],
  [
    'headers of a megabyte',
    'ENHANCE_YOUR_CALM',
    (id) =>
      Buffer.concat([
        frame(FRAME.headers, 0, id, STATUS_200),
        many(frame(FRAME.continuation, 0, id, Buffer.alloc(16_384)), 64)
      ])
  ],
  ['PRIORITY of no stream', 'PROTOCOL_ERROR', () => frame(FRAME.priority, 0, 0, Buffer.alloc(5))],
  ['RST_STREAM of no stream', 'PROTOCOL_ERROR', () => frame(FRAME.reset, 0, 0, uint32(0))],
  [
    'RST_STREAM of a stream that was never opened',
    'PROTOCOL_ERROR',
    (id) => frame(FRAME.reset, 0, id + 2, uint32(0))
  ],
  ['RST_STREAM that is cut off', 'FRAME_SIZE_ERROR', (id) => frame(FRAME.reset, 0, id, Buffer.alloc(3))],
  ['SETTINGS of a stream', 'PROTOCOL_ERROR', (id) => frame(FRAME.settings, 0, id)],
  ['SETTINGS that are cut off', 'FRAME_SIZE_ERROR', () => frame(FRAME.settings, 0, 0, Buffer.alloc(5))],
  [
    'an acknowledgement of SETTINGS that says something',
    'FRAME_SIZE_ERROR',
    () => frame(FRAME.settings, 1, 0, setting(3, 1))
  ],
  ['a wish to be pushed to', 'PROTOCOL_ERROR', () => frame(FRAME.settings, 0, 0, setting(2, 1))],
  [
    'an initial window of 2 GiB',
    'FLOW_CONTROL_ERROR',
    () => frame(FRAME.settings, 0, 0, setting(4, 2 ** 31))
  ],
  [
    'frames that are too short to be asked for',
    'PROTOCOL_ERROR',
    () => frame(FRAME.settings, 0, 0, setting(5, 16_383))
  ],
  ['frames of 16 MiB', 'PROTOCOL_ERROR', () => frame(FRAME.settings, 0, 0, setting(5, 2 ** 24))],
  [
    'an initial window that makes a stream’s window overflow',
    'FLOW_CONTROL_ERROR',
    (id) =>
      Buffer.concat([
        frame(FRAME.windowUpdate, 0, id, uint32(2 ** 31 - 1 - 65_535)),
        frame(FRAME.settings, 0, 0, setting(4, 70_000))
      ])
  ],
  ['PUSH_PROMISE', 'PROTOCOL_ERROR', (id) => frame(FRAME.pushPromise, END_HEADERS, id, uint32(2))],
  ['PING of a stream', 'PROTOCOL_ERROR', (id) => frame(FRAME.ping, 0, id, Buffer.alloc(8))],
  ['PING that is cut off', 'FRAME_SIZE_ERROR', () => frame(FRAME.ping, 0, 0, Buffer.alloc(7))],
  ['GOAWAY of a stream', 'PROTOCOL_ERROR', (id) => frame(FRAME.goAway, 0, id, Buffer.alloc(8))],
  ['GOAWAY that is cut off', 'FRAME_SIZE_ERROR', () => frame(FRAME.goAway, 0, 0, Buffer.alloc(7))],
  [
    'WINDOW_UPDATE that is cut off',
    'FRAME_SIZE_ERROR',
    () => frame(FRAME.windowUpdate, 0, 0, Buffer.alloc(3))
  ],
  ['WINDOW_UPDATE by nothing', 'PROTOCOL_ERROR', () => frame(FRAME.windowUpdate, 0, 0, uint32(0))],
  [
    'WINDOW_UPDATE of a stream that was never opened',
    'PROTOCOL_ERROR',
    (id) => frame(FRAME.windowUpdate, 0, id + 2, uint32(1))
  ],
  [
    'a window of the connection that overflows',
    'FLOW_CONTROL_ERROR',
    () => frame(FRAME.windowUpdate, 0, 0, uint32(2 ** 31 - 1))
  ],
  ['a flood of SETTINGS', 'ENHANCE_YOUR_CALM', () => many(frame(FRAME.settings, 0, 0))],
  ['a flood of PING', 'ENHANCE_YOUR_CALM', () => many(frame(FRAME.ping, 0, 0, Buffer.alloc(8)))],
  ['a flood of PRIORITY', 'ENHANCE_YOUR_CALM', (id) => many(frame(FRAME.priority, 0, id, Buffer.alloc(5)))],
  ['a flood of WINDOW_UPDATE', 'ENHANCE_YOUR_CALM', () => many(frame(FRAME.windowUpdate, 0, 0, uint32(1)))],
  ['a flood of frames that nobody knows', 'ENHANCE_YOUR_CALM', () => many(frame(200, 0, 0))],
  [
    'a flood of empty DATA',
    'ENHANCE_YOUR_CALM',
    (id) => Buffer.concat([goodHead(id), many(frame(FRAME.data, 0, id))])
  ],
  [
    'a flood of empty CONTINUATION',
    'ENHANCE_YOUR_CALM',
    (id) => Buffer.concat([frame(FRAME.headers, 0, id), many(frame(FRAME.continuation, 0, id))])
  ],
  [
    'a flood of interim answers',
    'ENHANCE_YOUR_CALM',
    (id) => many(head(id, Buffer.from([0x08, 3]), Buffer.from('103')))
  ]
]

/** Of these only one stream suffers (RFC 9113, section 5.4.2). */
const STREAM_FAULTS: Fault[] = [
  ['a body before its head', 'PROTOCOL_ERROR', (id) => frame(FRAME.data, END_STREAM, id, Buffer.from('{}'))],
  ['PRIORITY that is cut off', 'FRAME_SIZE_ERROR', (id) => frame(FRAME.priority, 0, id, Buffer.alloc(4))],
  [
    'WINDOW_UPDATE of its stream by nothing',
    'PROTOCOL_ERROR',
    (id) => frame(FRAME.windowUpdate, 0, id, uint32(0))
  ],
  [
    'a window of its stream that overflows',
    'FLOW_CONTROL_ERROR',
    (id) => frame(FRAME.windowUpdate, 0, id, uint32(2 ** 31 - 1))
  ],
  ['no status', 'PROTOCOL_ERROR', (id) => head(id, literal('a', 'b'))],
  ['two statuses', 'PROTOCOL_ERROR', (id) => head(id, STATUS_200, STATUS_200)],
  ['a status that is none', 'PROTOCOL_ERROR', (id) => head(id, literal(':status', '20'))],
  ['101, which HTTP/2 has not', 'PROTOCOL_ERROR', (id) => head(id, literal(':status', '101'))],
  ['a status behind other headers', 'PROTOCOL_ERROR', (id) => head(id, literal('a', 'b'), STATUS_200)],
  ['a pseudo-header that is unknown', 'PROTOCOL_ERROR', (id) => head(id, STATUS_200, literal(':a', 'b'))],
  ['a name in capitals', 'PROTOCOL_ERROR', (id) => head(id, STATUS_200, literal('Server', 'x'))],
  ['a name that is empty', 'PROTOCOL_ERROR', (id) => head(id, STATUS_200, literal('', 'x'))],
  ['a value of two lines', 'PROTOCOL_ERROR', (id) => head(id, STATUS_200, literal('a', 'b\r\nc: d'))],
  ['a value that begins with a blank', 'PROTOCOL_ERROR', (id) => head(id, STATUS_200, literal('a', ' b'))],
  ['a header of HTTP/1.1', 'PROTOCOL_ERROR', (id) => head(id, STATUS_200, literal('connection', 'close'))],
  [
    'a length that is no number',
    'PROTOCOL_ERROR',
    (id) => head(id, STATUS_200, literal('content-length', '1x'))
  ],
  [
    'two different lengths',
    'PROTOCOL_ERROR',
    (id) => head(id, STATUS_200, literal('content-length', '1'), literal('content-length', '2'))
  ],
  [
    'a body that is shorter than its length',
    'PROTOCOL_ERROR',
    (id) =>
      Buffer.concat([
        head(id, STATUS_200, literal('content-length', '3')),
        frame(FRAME.data, END_STREAM, id, Buffer.from('{}'))
      ])
  ],
  [
    'headers of a megabyte in a few bytes',
    'ENHANCE_YOUR_CALM',
    (id) => head(id, STATUS_200, Buffer.alloc(16_000, 0x94))
  ],
  [
    'an interim answer that ends',
    'PROTOCOL_ERROR',
    (id) => frame(FRAME.headers, END_HEADERS | END_STREAM, id, literal(':status', '103'))
  ],
  [
    'trailers that do not end',
    'PROTOCOL_ERROR',
    (id) => Buffer.concat([goodHead(id), head(id, literal('a', 'b'))])
  ],
  [
    'a status in its trailers',
    'PROTOCOL_ERROR',
    (id) => Buffer.concat([goodHead(id), frame(FRAME.headers, END_HEADERS | END_STREAM, id, STATUS_200)])
  ]
]

/** Codes in the frames of one type that the server has heard. */
function codes({ heard }: HostileHttp2Server, type: number, at: number): number[] {
  return heard.filter((one) => one.type === type).map(({ payload }) => payload.readUInt32BE(at))
}

describe('over HTTP/2', () => {
  it.each(CONNECTION_FAULTS)(
    '%s ends the connection with %s, and the next send opens another',
    async (_, code, answer) => {
      await using server = await startHostileHttp2Server((socket, id, count) =>
        socket.write(count === 1 ? answer(id) : goodAnswer(id))
      )
      const client = await open(server)
      const sender = openSender(client)
      expect(await sender.send()).toMatchObject({ outcome: 'failed', code: 'PROTOCOL' })
      expect(await sender.send()).toMatchObject({ outcome: 'accepted', connection: 2 })
      expect(codes(server, FRAME.goAway, 4)).toEqual([CODE[code]])
      await client.close(500)
      expect(client.stats.open).toBe(0)
      await until('every connection to be closed', () => server.open.size === 0)
    }
  )

  it.each(STREAM_FAULTS)(
    '%s resets the stream with %s, and the next goes over the same connection',
    async (_, code, answer) => {
      await using server = await startHostileHttp2Server((socket, id, count) =>
        socket.write(count === 1 ? answer(id) : goodAnswer(id))
      )
      const client = await open(server)
      const sender = openSender(client)
      expect(await sender.send()).toMatchObject({ outcome: 'failed', code: 'PROTOCOL' })
      expect(await sender.send()).toMatchObject({ outcome: 'accepted', connection: 1 })
      expect(codes(server, FRAME.reset, 0)).toEqual([CODE[code]])
      await client.close(500)
    }
  )

  it.each([
    [
      'headers in many frames, each padded or with a priority',
      (id: number) =>
        Buffer.concat([
          frame(FRAME.headers, PADDED | PRIORITY, id, Buffer.from([2, 0, 0, 0, 0, 0, 0x88, 0, 0])),
          frame(FRAME.continuation, 0, id, literal('a', 'b').subarray(0, 2)),
          frame(FRAME.continuation, END_HEADERS, id, literal('a', 'b').subarray(2)),
          frame(FRAME.data, PADDED | END_STREAM, id, Buffer.from('\x03{"id":"1"}\0\0\0', 'latin1'))
        ])
    ],
    [
      'interim answers and trailers',
      (id: number) =>
        Buffer.concat([
          head(id, literal(':status', '100')),
          head(id, literal(':status', '103'), literal('link', 'x')),
          goodHead(id),
          frame(FRAME.data, 0, id, Buffer.from('{"id":"1"}')),
          frame(FRAME.headers, END_HEADERS | END_STREAM, id, literal('x-end', '1'))
        ])
    ],
    [
      'a 204 that gives a length',
      (id: number) =>
        frame(
          FRAME.headers,
          END_HEADERS | END_STREAM,
          id,
          Buffer.concat([Buffer.from([0x89]), literal('content-length', '5')])
        )
    ],
    [
      'frames and settings that nobody knows in between',
      (id: number) =>
        Buffer.concat([
          frame(0xfa, 255, id, Buffer.alloc(9)),
          frame(FRAME.settings, 0, 0, setting(0xfafa, 1)),
          goodAnswer(id)
        ])
    ]
  ] as const)('%s are nothing wrong', async (says, answer) => {
    await using server = await startHostileHttp2Server((socket, id) => socket.write(answer(id)))
    const client = await open(server)
    const sent = await openSender(client).send()
    // Mailgun's API knows no 204: what counts is that it was read.
    if (says.includes('204')) expect(sent.sample).toMatch(/^204 No Content: the API documents/)
    else expect(sent, sent.sample).toMatchObject({ outcome: 'accepted', code: '200' })
    expect(server.heard.some(({ type }) => type === FRAME.reset || type === FRAME.goAway)).toBe(false)
    await client.close(500)
  })

  it('a frame behind the end of its stream ends the connection', async () => {
    await using server = await startHostileHttp2Server((socket, id, count) =>
      socket.write(
        count === 1 ? goodAnswer(id) : Buffer.concat([frame(FRAME.data, 0, id - 2), goodAnswer(id)])
      )
    )
    const client = await open(server)
    const sender = openSender(client)
    expect(await sender.send()).toMatchObject({ outcome: 'accepted' })
    expect(await sender.send()).toMatchObject({ outcome: 'failed', code: 'PROTOCOL' })
    await until('the goodbye', () => codes(server, FRAME.goAway, 4).at(0) === CODE.STREAM_CLOSED)
    await client.close(500)
  })

  it('an answer to a stream that was given up is passed over', async () => {
    const late: (() => void)[] = []
    await using server = await startHostileHttp2Server((socket, id, count) => {
      if (count === 1) late.push(() => socket.write(goodAnswer(id)))
      else {
        for (const answer of late) answer()
        socket.write(goodAnswer(id))
      }
    })
    const client = await open(server)
    const sender = openSender(client)
    const sending = sender.send()
    await until('the request to be heard', () => late.length === 1)
    sender.abort()
    expect(await sending).toMatchObject({ outcome: 'aborted' })
    expect(await sender.send()).toMatchObject({ outcome: 'accepted', connection: 1 })
    expect(codes(server, FRAME.reset, 0)).toEqual([CODE.CANCEL])
    await client.close(500)
  })

  it.each([
    ['starts with something else than SETTINGS', null, (id: number) => goodAnswer(id)],
    [
      'starts with an acknowledgement',
      null,
      (id: number) => Buffer.concat([frame(FRAME.settings, 1, 0), goodAnswer(id)])
    ]
  ] as const)('a server that %s does not speak HTTP/2', async (_, settings, answer) => {
    await using server = await startHostileHttp2Server((socket, id) => socket.write(answer(id)), settings)
    const client = await open(server)
    expect(await openSender(client).send()).toMatchObject({ outcome: 'failed', code: 'PROTOCOL' })
    await client.close(500)
  })

  it.each([
    ['a window of zero', setting(4, 0)],
    ['no stream at all', setting(3, 0)]
  ])(
    'a server that allows %s for ever is waited for, and no longer than the plan says',
    async (_, settings) => {
      const sockets: Socket[] = []
      await using server = await startHostileHttp2Server((socket) => sockets.push(socket), settings)
      const client = await open(server, { timeoutMs: 300 })
      const sender = openSender(client)
      await sender.send()
      expect(await sender.send()).toMatchObject({
        outcome: 'failed',
        code: 'TIMEOUT',
        phase: 'request',
        reused: true
      })
      await client.close(500)
    }
  )

  it('a body goes as the windows open, byte by byte if need be', async () => {
    await using server = await startHostileHttp2Server(
      (socket, id) => {
        for (let byte = 0; byte < 400; byte++) socket.write(frame(FRAME.windowUpdate, 0, id, uint32(1)))
        socket.write(frame(FRAME.settings, 0, 0, setting(4, 65_535)))
        socket.once('data', () => socket.write(goodAnswer(id)))
      },
      setting(4, 0)
    )
    const client = await open(server, { message: { sizeBytes: 20_000 } })
    expect(await openSender(client).send()).toMatchObject({ outcome: 'accepted' })
    await client.close(500)
  })

  it('a server that closes with half a frame has closed the connection', async () => {
    await using server = await startHostileHttp2Server((socket, id) =>
      socket.end(goodAnswer(id).subarray(0, 30))
    )
    const client = await open(server)
    const sent = await openSender(client).send()
    expect(sent).toMatchObject({ outcome: 'failed', code: 'CONNECTION_CLOSED', phase: 'response' })
    expect(sent.sample).toContain('within a frame in the middle of its answer')
    await client.close(500)
  })
})

describe('a request that the server has done nothing about', () => {
  it('is sent again at most 20 times, then it fails', async () => {
    await using server = await startHostileHttp2Server((socket, id) =>
      socket.write(frame(FRAME.reset, 0, id, uint32(CODE.REFUSED_STREAM)))
    )
    const client = await open(server)
    const sent = await openSender(client).send()
    expect(sent).toMatchObject({ outcome: 'failed', code: 'REFUSED_STREAM', connection: 1, turns: 22 })
    expect(client.stats).toMatchObject({ opened: 1, resent: 20 })
    await client.close(500)
  })

  it('waits for its turn where the server takes fewer streams than there are', async () => {
    let answering = 0
    let most = 0
    await using server = await startHostileHttp2Server(
      (socket, id) => {
        if (++answering > 1) {
          answering--
          socket.write(frame(FRAME.reset, 0, id, uint32(CODE.REFUSED_STREAM)))
          return
        }
        most = Math.max(most, answering)
        setImmediate(() => {
          answering--
          socket.write(goodAnswer(id))
        })
      },
      setting(3, 1)
    )
    const client = await open(server, { concurrency: 3 })
    const senders = [0, 1, 2].map((index) => openSender(client, index))
    const sent = await Promise.all(senders.map((sender) => sender.send()))
    expect(sent.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted'])
    expect(client.stats).toMatchObject({ opened: 1 })
    const again = await Promise.all(senders.map((sender) => sender.send()))
    expect(again.every(({ outcome, turns }) => outcome === 'accepted' && turns === 1)).toBe(true)
    await client.close(500)
  })

  it('goes to a new connection when GOAWAY gives it up, and is counted', async () => {
    await using server = await startHostileHttp2Server((socket, id, count) => {
      if (count === 3) {
        const goAway = frame(FRAME.goAway, 0, 0, Buffer.concat([uint32(1), uint32(0)]))
        socket.end(Buffer.concat([goAway, goodAnswer(1)]))
      } else if (count > 3) socket.write(goodAnswer(id))
    })
    const client = await open(server, { concurrency: 3 })
    const sent = await Promise.all([0, 1, 2].map((index) => openSender(client, index).send()))
    expect(sent.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted'])
    expect(sent.map(({ connection }) => connection)).toEqual([1, 2, 2])
    // TCP, the wait that GOAWAY ended, TCP again, the answer.
    expect(sent.map(({ turns }) => turns)).toEqual([2, 4, 4])
    expect(client.stats).toMatchObject({ opened: 2, resent: 2, reused: 0 })
    await client.close(500)
  })
})
