import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import {
  DELAY_LINK_HOST,
  startDelayLink,
  type DelayLink,
  type DelayLinkOptions
} from '../../electron/sandbox/delay-link.ts'
import { PASSAGE_COST_US } from '../../electron/sandbox/delayed-pipe.ts'
import { startSandbox } from '../../electron/sandbox/sandbox.ts'
import { leastMs, MOST_ATTEMPTS } from '../support/least-ms.ts'
import { until } from '../support/until.ts'

const RTT_MS = 40
/** What a busy machine may add to a single exchange; the least of several is compared with it. */
const SLACK_MS = 5
/** What the link takes off a round trip to make up for its own two passages; a fast machine needs less of it. */
const EARLY_MS = (2 * PASSAGE_COST_US) / 1000

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function serverWith(onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  return (server.address() as AddressInfo).port
}

async function linkTo(
  port: number,
  rttMs = RTT_MS,
  network: Partial<DelayLinkOptions> = {}
): Promise<{ link: DelayLink; linkPort: number }> {
  const link = await startDelayLink({ targets: [{ host: '127.0.0.1', port }], rttMs, ...network })
  closers.push(() => link.stop())
  return { link, linkPort: link.ports[0] ?? 0 }
}

async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: DELAY_LINK_HOST, noDelay: true, allowHalfOpen: true })
  closers.push(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** What is tried takes so many round trips, and hardly more where the machine leaves it alone. */
async function expectRoundTrips(
  turns: number,
  attempt: () => Promise<unknown>,
  rttMs = RTT_MS,
  slackMs = SLACK_MS
): Promise<void> {
  const mostMs = turns * rttMs + slackMs
  const tookMs = await leastMs(5, attempt, mostMs)
  expect(tookMs).toBeGreaterThanOrEqual(turns * rttMs - EARLY_MS)
  expect(tookMs).toBeLessThan(mostMs)
}

describe('the opening of a connection costs one round trip more', () => {
  test('a greeting arrives two round trips after the connect', async () => {
    const { linkPort } = await linkTo(await serverWith((socket) => socket.write('220 hello\r\n')))
    await expectRoundTrips(2, async () => once(await open(linkPort), 'data'))
  })

  test('so does the first reply to a client that speaks first', async () => {
    const { linkPort } = await linkTo(await serverWith((socket) => socket.pipe(socket)))
    await expectRoundTrips(2, async () => {
      const socket = await open(linkPort)
      socket.write('hello')
      await once(socket, 'data')
    })
  })

  test('what a client says later, but before it has heard anything, waits as long', async () => {
    const { linkPort } = await linkTo(await serverWith((socket) => socket.pipe(socket)))
    const socket = await open(linkPort)
    await new Promise((resolve) => setTimeout(resolve, 2 * RTT_MS))
    const tookMs = await leastMs(1, () => {
      socket.write('late')
      return once(socket, 'data')
    })
    expect(tookMs).toBeGreaterThanOrEqual(2 * RTT_MS - EARLY_MS)
  })

  test('the server’s time before its greeting is added and not hidden', async () => {
    const { linkPort } = await linkTo(
      await serverWith((socket) => setTimeout(() => socket.write('220 hello\r\n'), 30))
    )
    const tookMs = await leastMs(5, async () => once(await open(linkPort), 'data'))
    expect(tookMs).toBeGreaterThanOrEqual(2 * RTT_MS + 29)
  })

  test('TLS 1.3 with the server’s greeting takes three: handshake, TLS, greeting', async () => {
    const sandbox = await startSandbox()
    closers.push(() => sandbox.stop())
    const { linkPort } = await linkTo(sandbox.smtpsPort)
    const ca = readFileSync(sandbox.caFile)
    const attempt = async (): Promise<void> => {
      const socket = connectTls({ host: DELAY_LINK_HOST, port: linkPort, ca, servername: 'localhost' })
      closers.push(() => socket.destroy())
      await once(socket, 'data')
    }
    await expectRoundTrips(3, attempt, RTT_MS, 20)
  })
})

test.each([5, 20, 100])('an exchange at a round trip of %i ms takes that long', async (rttMs) => {
  const { linkPort } = await linkTo(await serverWith((socket) => socket.pipe(socket)), rttMs)
  const sockets = await Promise.all(Array.from({ length: 10 }, () => open(linkPort)))
  const exchange = async (socket: Socket): Promise<number> => {
    const startedMs = performance.now()
    socket.write('x')
    await once(socket, 'data')
    return performance.now() - startedMs
  }
  await Promise.all(sockets.map(exchange))
  const mostMs = rttMs + 1.5
  let leastTook = Infinity
  for (let round = 0; round < 20 || (round < MOST_ATTEMPTS && leastTook >= mostMs); round++) {
    leastTook = Math.min(leastTook, ...(await Promise.all(sockets.map(exchange))))
  }
  expect(leastTook).toBeGreaterThanOrEqual(rttMs - EARLY_MS)
  expect(leastTook).toBeLessThan(mostMs)
})

test('setRttMs changes connections that open from then on', async () => {
  const { link, linkPort } = await linkTo(await serverWith((socket) => socket.write('hi')), 10)
  await expectRoundTrips(2, async () => once(await open(linkPort), 'data'), 10)
  await link.setRttMs(60)
  await expectRoundTrips(2, async () => once(await open(linkPort), 'data'), 60)
})

test('every target has a port of its own', async () => {
  const ports = await Promise.all(['one', 'two'].map((word) => serverWith((socket) => socket.write(word))))
  const link = await startDelayLink({ targets: ports.map((port) => ({ host: '127.0.0.1', port })), rttMs: 5 })
  closers.push(() => link.stop())
  const words = await Promise.all(
    link.ports.map(async (port) => {
      const [bytes] = (await once(await open(port), 'data')) as [Buffer]
      return bytes.toString()
    })
  )
  expect(words).toEqual(['one', 'two'])
})

test('bytes arrive complete and in order, as fast as without the link', async () => {
  const { linkPort } = await linkTo(await serverWith((socket) => socket.pipe(socket)))
  const socket = await open(linkPort)
  const sent = Buffer.alloc(20 * 1024 * 1024)
  for (let at = 0; at < sent.length; at += 4) sent.writeUInt32LE(at, at)
  socket.end(sent)
  const pieces: Buffer[] = []
  for await (const piece of socket) pieces.push(piece as Buffer)
  expect(Buffer.concat(pieces).equals(sent)).toBe(true)
})

describe('a content larger than one flight', () => {
  /** Answers each content of this length with one byte. */
  const taker = (bytes: number): Promise<number> =>
    serverWith((socket) => {
      let heard = 0
      socket.on('data', ({ length }: Buffer) => {
        heard += length
        if (heard % bytes === 0) socket.write('x')
      })
    })
  /** What contents take on a connection, one after the other, ms. The first waits for the handshake, which is taken off. */
  async function contentsMs(bytes: number, count: number, linkPort: number): Promise<number[]> {
    const content = Buffer.alloc(bytes)
    const socket = await open(linkPort)
    const took: number[] = []
    for (let index = 0; index < count; index++) {
      const startedMs = performance.now()
      socket.write(content)
      await once(socket, 'data')
      took.push(performance.now() - startedMs - (index === 0 ? RTT_MS : 0))
    }
    return took
  }

  test.each([
    ['a new connection takes two round trips more, a kept one none', { congestionControl: 'cubic' }, 120, 40],
    [
      'what paces spreads it over the round trip, on a kept connection too',
      { congestionControl: 'bbr' },
      165,
      61
    ],
    ['without the window neither takes more', { window: false }, 40, 40],
    ['a bandwidth takes its time, however open the window', { window: false, mbitPerSecond: 8 }, 144, 144]
  ])('of 100 KB: %s', async (_, network, newMs, keptMs) => {
    const bytes = 100_000
    const { linkPort } = await linkTo(await taker(bytes), RTT_MS, network)
    const runs: number[][] = []
    // One after the other: connections share the bandwidth.
    for (let run = 0; run < 2; run++) runs.push(await contentsMs(bytes, 7, linkPort))
    const firstMs = Math.min(...runs.map(([took = Infinity]) => took))
    // Before that, the receiver's own window is still growing.
    const laterMs = Math.min(...runs.flatMap((took) => took.slice(5)))
    for (const [took, expected] of [
      [firstMs, newMs],
      [laterMs, keptMs]
    ] as const) {
      // A round more or less would be twice that; how exact it is, the bench measures against real TCP.
      expect(took).toBeGreaterThan(expected - RTT_MS / 2)
      expect(took).toBeLessThan(expected + RTT_MS / 2)
    }
  })

  // A process that stands still for as long as a probe is waited for looks like one.
  const AGAIN = { retry: 3 }
  test('a lost segment costs a probe where none follows it, and arrives all the same', AGAIN, async () => {
    const bytes = 20
    const { linkPort } = await linkTo(await taker(bytes), RTT_MS, { lossPercent: 20, seed: 5 })
    const took = await contentsMs(bytes, 15, linkPort)
    const lost = took.filter((ms) => ms > RTT_MS + 200)
    expect(lost.length).toBeGreaterThan(0)
    expect(took.length - lost.length).toBeGreaterThan(0)
    expect(Math.min(...lost)).toBeGreaterThanOrEqual(3 * RTT_MS + 200 - EARLY_MS)
  })
})

describe('the end of a connection travels with its delay', () => {
  test('a half-closed client still hears the server’s last words', async () => {
    const port = await serverWith((socket) => {
      socket.resume()
      socket.on('end', () => socket.end('last words'))
    })
    const { linkPort } = await linkTo(port)
    await expectRoundTrips(2, async () => {
      const socket = await open(linkPort)
      socket.end('first words')
      const [bytes] = (await once(socket, 'data')) as [Buffer]
      expect(bytes.toString()).toBe('last words')
      await once(socket, 'end')
    })
  })

  test('a reset by the server reaches the client as a reset', async () => {
    const { linkPort } = await linkTo(await serverWith((socket) => socket.resetAndDestroy()))
    const [error] = (await once(await open(linkPort), 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
  })

  test('a reset by the client reaches the server', async () => {
    const codes: (string | undefined)[] = []
    const port = await serverWith((socket) => {
      socket.on('error', (error: NodeJS.ErrnoException) => codes.push(error.code))
      socket.resume()
      socket.write('hello')
    })
    const { linkPort } = await linkTo(port)
    const socket = await open(linkPort)
    await once(socket, 'data')
    socket.resetAndDestroy()
    await until('the reset', () => codes.length === 1)
    expect(codes).toEqual(['ECONNRESET'])
  })

  test('an unreachable target resets the client', async () => {
    const port = await serverWith(() => undefined)
    await closers.pop()?.()
    const { linkPort } = await linkTo(port)
    const socket = await open(linkPort)
    const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
  })
})
