import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { TcpInfo } from '../../electron/transports/connect/tcp-info.ts'
import { nowUs } from '../../electron/transports/clock.ts'
import { TcpSight } from '../../electron/transports/connect/tcp-sight.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import { FIRST_FLIGHT_BYTES } from '../../shared/insight/tcp-window.ts'
import { makeCertificate } from '../../electron/sandbox/certificate.ts'
import { removeFolderOf } from '../../electron/sandbox/remove-folder-of.ts'

const cleanUps: (() => void)[] = []
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

/** Elsewhere nothing is told, and that is what is tested there. */
const told = process.platform === 'linux'

function echo(socket: Socket): void {
  socket.pipe(socket)
}

async function pair(peer = echo): Promise<Socket> {
  const server = createServer(peer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  cleanUps.push(
    () => socket.destroy(),
    () => server.close()
  )
  await once(socket, 'connect')
  return socket
}

test('the kernel tells of a connection what TCP did', async () => {
  const info = TcpInfo.open()
  expect(info !== null).toBe(told)
  const socket = await pair()
  socket.write('hello')
  await once(socket, 'data')
  expect(info?.read(socket) ?? false).toBe(told)
  if (info === null) return
  expect(info.segmentBytes).toBeGreaterThan(500)
  expect(info.windowSegments).toBeGreaterThanOrEqual(2)
  expect(info.leastRttUs).toBeGreaterThan(0)
  expect(info.leastRttUs).toBeLessThan(100_000)
  expect(info.rttUs).toBeGreaterThanOrEqual(info.leastRttUs)
  expect(info.retransmits).toBe(0)
  expect(info.lastDataSentMs).toBeLessThan(1000)
  expect(info.congestionControl(socket)).toMatch(/^[a-z0-9_]+$/)
  info.acknowledgeAtOnce(socket)
  socket.destroy()
  expect(info.read(socket)).toBe(false)
  expect(info.congestionControl(socket)).toBeNull()
})

test('a kernel that does not tell of a connection is not asked again: the model takes its place, and it is said', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'chattermark-tcp-info-')), 'socket')
  const server = createServer(echo).listen(path)
  await once(server, 'listening')
  // Below a socket of the file system there is no TCP.
  const socket = connect(path)
  cleanUps.push(
    () => socket.destroy(),
    () => server.close(),
    () => {
      rmSync(dirname(path), { recursive: true })
    }
  )
  await once(socket, 'connect')
  const sight = new TcpSight(null)
  const watch = sight.watch(socket)
  expect(sight.seen).toMatchObject({ source: 'model', retransmits: null })
  watch.connected(20_000)
  const result = new SendResult(0)
  watch.waited(result, 0, 200_000, 100_000)
  expect(result.transferUs).toBeGreaterThan(20_000)
})

test.runIf(told)('a content that there is no time to ask about is taken for the one before it', async () => {
  const socket = await pair()
  const sight = new TcpSight(null)
  const watch = sight.watch(socket)
  watch.connected(100)
  const [asked, unasked] = [new SendResult(0), new SendResult(0)]
  socket.write(Buffer.alloc(1000))
  await once(socket, 'data')
  watch.waited(asked, nowUs() - 300_000, nowUs(), 100_000)
  expect(asked.transferUs).toBeGreaterThan(100_000)
  while (sight.mayAsk(nowUs())) sight.asked(nowUs() - 100)
  watch.waited(unasked, nowUs() - 300_000, nowUs(), 100_000)
  expect(unasked.transferUs).toBe(asked.transferUs)
  expect(sight.seen).toMatchObject({ source: 'kernel', askedContents: 1, unaskedContents: 1 })
})

test('it tells of the connection below TLS, also where TLS began later', async () => {
  const certificate = await makeCertificate()
  const server = createTlsServer({ key: certificate.key, cert: certificate.cert }, (socket) => {
    socket.on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  cleanUps.push(
    () => server.close(),
    () => removeFolderOf(certificate.caFile)
  )
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const plain = connect(port, '127.0.0.1')
  await once(plain, 'connect')
  const options = { rejectUnauthorized: false }
  const sockets = [
    connectTls({ port, host: '127.0.0.1', ...options }),
    connectTls({ socket: plain, ...options })
  ]
  cleanUps.push(() => sockets.forEach((socket) => socket.destroy()))
  await Promise.all(sockets.map((socket) => once(socket, 'secureConnect')))
  const info = TcpInfo.open()
  for (const socket of sockets) {
    expect(info?.read(socket) ?? false).toBe(told)
    if (info !== null) expect(info.segmentBytes).toBeGreaterThan(500)
  }
})

describe.runIf(told)('room in the peer’s receive window', () => {
  const CONTENT = Buffer.alloc(32 * 1024 * 1024)
  const PAUSE_MS = 100

  /** Takes a content, but begins to read only after a while. */
  function slowReader(socket: Socket): void {
    let missing = CONTENT.length
    socket.pause()
    socket.on('data', ({ length }) => {
      missing -= length
      if (missing === 0) socket.end('taken')
    })
    setTimeout(() => socket.resume(), PAUSE_MS)
  }

  test('is told of where a content waited for it', async () => {
    const socket = await pair(slowReader)
    const sight = new TcpSight(null)
    const watch = sight.watch(socket)
    watch.connected(1)
    const [result, fromUs] = [new SendResult(0), nowUs()]
    socket.write(CONTENT)
    await once(socket, 'data')
    watch.waited(result, fromUs, nowUs(), CONTENT.length)
    expect(sight.seen.receiverWaits).toBe(1)
    expect(sight.seen.receiverUs).toBeGreaterThan(0.5 * PAUSE_MS * 1000)
    expect(result.transferUs).toBeGreaterThan(0.5 * PAUSE_MS * 1000)
  })

  test('is nothing where a content fits it', async () => {
    const watch = new TcpSight(null)
    const kernel = watch.watch(await pair())
    kernel.connected(1)
    const result = new SendResult(0)
    kernel.waited(result, nowUs(), nowUs(), FIRST_FLIGHT_BYTES + 1)
    expect(watch.seen).toMatchObject({ receiverWaits: 0, receiverUs: 0 })
  })
})

describe.runIf(told)('how often the kernel is asked', () => {
  const SENDS = 100
  const TURNS = 4
  /** No time to lose a segment in, and all sends together take less than the second after which a connection is asked about. */
  const TURN_US = 2000

  /** Sends over one connection. @returns how often the kernel was asked before them, and because of them */
  async function askedFor(bytes: number): Promise<{ opening: number; sending: number }> {
    const read = vi.spyOn(TcpInfo.prototype, 'read')
    const sight = new TcpSight(null)
    cleanUps.push(
      () => read.mockRestore(),
      () => sight.close()
    )
    const watch = sight.watch(await pair())
    watch.connected(100)
    const opening = read.mock.calls.length
    const result = new SendResult(0)
    let untilUs = nowUs()
    for (let seq = 0; seq < SENDS; seq++) {
      result.begin(seq, untilUs, untilUs)
      for (let turn = 1; turn <= TURNS; turn++) {
        const fromUs = untilUs
        untilUs += TURN_US
        watch.waited(result, fromUs, untilUs, turn === TURNS ? bytes : 30)
        watch.answered(result, 'content', fromUs, untilUs)
      }
    }
    return { opening, sending: read.mock.calls.length - opening }
  }

  test('once a connection, and never for a send whose content is within the window', async () => {
    expect(await askedFor(FIRST_FLIGHT_BYTES)).toEqual({ opening: 1, sending: 0 })
  })

  test('once for a content that exceeds it', async () => {
    expect(await askedFor(FIRST_FLIGHT_BYTES + 1)).toEqual({ opening: 1, sending: SENDS })
  })

  test.each([
    ['nothing where one segment left', 1000, 0],
    ['once where several did: one of them may have been sent again', 2000, 1]
  ])('at the end of a short connection %s', async (_what, bytes, asked) => {
    const read = vi.spyOn(TcpInfo.prototype, 'read')
    cleanUps.push(() => read.mockRestore())
    const watch = new TcpSight(null).watch(await pair())
    watch.connected(1)
    const [result, fromUs] = [new SendResult(0), nowUs()]
    watch.waited(result, fromUs, fromUs + TURN_US, bytes)
    read.mockClear()
    watch.closing()
    expect(read).toHaveBeenCalledTimes(asked)
  })
})
