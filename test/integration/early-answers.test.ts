import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createHttp2Server, type Http2Server } from 'node:http2'
import { afterEach, describe, expect, test } from 'vitest'
import type { Client } from '../../electron/transports/client.ts'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import { httpOptions } from '../support/http-options.ts'
import { openSender, type Sent } from '../support/sends.ts'
import { smtpClient } from '../support/smtp-sending.ts'
import { startRawServer, type RawServer } from '../support/smtp-raw-server.ts'

/** So much that writing is still going on when the answer comes. */
const LARGE = { attachments: [{ filename: 'large.bin', sizeBytes: 3_000_000 }] }
const TOO_LARGE =
  'HTTP/1.1 413 Request Entity Too Large\r\nConnection: close\r\nContent-Length: 25\r\n\r\n<h1>413 body too big</h1>'

const open = new Set<Socket>()
let server: Server | Http2Server | undefined
let smtp: RawServer | undefined
let client: Client | undefined
afterEach(async () => {
  await client?.close(200)
  await smtp?.close()
  for (const socket of open) socket.destroy()
  server?.close()
  open.clear()
  smtp = server = client = undefined
})

async function listen(created: Server | Http2Server): Promise<number> {
  server = created
  created.on('connection', (socket: Socket) => {
    open.add(socket.on('error', () => undefined))
  })
  await new Promise<void>((resolve) => created.listen(0, '127.0.0.1', resolve))
  return (created.address() as AddressInfo).port
}

/** Turns of the loop that client and peer share, in which the client reads what it was told: a busy machine skips none. */
const TURNS_TO_READ = 100

function inTurns(turns: number, act: () => void): void {
  if (turns === 0) act()
  else setImmediate(() => inTurns(turns - 1, act))
}

/** How a peer leaves that has refused a message in the middle. */
const ENDS = {
  'and closes': (socket: Socket) => void socket.end(() => socket.pause()),
  'and resets': (socket: Socket) => inTurns(TURNS_TO_READ, () => socket.resetAndDestroy()),
  'and reads on': () => undefined,
  'and resets at once': (socket: Socket) => void setImmediate(() => socket.resetAndDestroy())
} as const satisfies Record<string, (socket: Socket) => void>
type End = keyof typeof ENDS
const HOW = Object.keys(ENDS) as End[]

async function http1(create: typeof createUndiciClient, end: End): Promise<Sent> {
  const peer = createServer((socket) => {
    socket.once('data', () => {
      socket.write(TOO_LARGE)
      socket.resume()
      ENDS[end](socket)
    })
  })
  const url = `http://127.0.0.1:${await listen(peer)}`
  client = create(await httpOptions({ url, message: LARGE }))
  return openSender(client).send()
}

async function http2(create: typeof createUndiciClient): Promise<Sent> {
  const peer = createHttp2Server()
  peer.on('stream', (stream) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 413, 'content-type': 'text/html' })
    stream.end('<h1>413 body too big</h1>')
  })
  const url = `http://127.0.0.1:${await listen(peer)}`
  const transport = { http: { version: '2' } }
  client = create(await httpOptions({ url, message: LARGE, transport }))
  return openSender(client).send()
}

async function smtpBy(by: 'wire' | 'nodemailer', end: End): Promise<Sent> {
  smtp = await startRawServer({
    answer: (command, { socket }) => {
      if (command !== 'DATA') return command === 'CONTENT' ? null : undefined
      socket.once('data', () => {
        socket.write('552 5.3.4 Message size exceeds fixed limit\r\n')
        ENDS[end](socket)
      })
      return undefined
    }
  })
  client = await smtpClient({
    ...{ port: smtp.port, message: LARGE, transport: { client: by } }
  })
  return openSender(client).send()
}

/** A library stops at a write that fails, and reads no more: then at least the reader must learn why. */
function expectReadOrExplained({ outcome, code, sample }: Sent, end: End, refusal: string): void {
  if (outcome === 'failed' && end === 'and resets at once') expect(sample).toContain('reads no more then')
  else expect([outcome, code]).toEqual(['rejected', refusal])
}

describe('a refusal in the middle of a large message is read and shown', () => {
  test.each(HOW)('413 %s, HTTP/1.1 by wire', async (end) => {
    expect(await http1(createHttpWireClient, end)).toMatchObject({ outcome: 'rejected', code: '413' })
  })
  test.each(HOW)('413 %s, HTTP/1.1 by undici', async (end) => {
    expectReadOrExplained(await http1(createUndiciClient, end), end, '413')
  })
  test('413, HTTP/2 by wire', async () => {
    expect(await http2(createHttpWireClient)).toMatchObject({ outcome: 'rejected', code: '413' })
  })
  test('413, HTTP/2 by undici', async () => {
    expect(await http2(createUndiciClient)).toMatchObject({ outcome: 'rejected', code: '413' })
  })
  test.each(HOW)('552 %s, SMTP by wire', async (end) => {
    expect(await smtpBy('wire', end)).toMatchObject({ outcome: 'rejected', code: '552 5.3.4' })
  })
  test.each(HOW)('552 %s, SMTP by nodemailer', async (end) => {
    expectReadOrExplained(await smtpBy('nodemailer', end), end, '552 5.3.4')
  })
})
