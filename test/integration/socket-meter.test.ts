import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { ConnectionStats } from '../../electron/transports/client.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import { SocketMeter } from '../../electron/transports/connect/socket-meter.ts'
import { tapSocket } from '../../electron/transports/connect/socket-tap.ts'
import { PHASE_INDEX } from '../../shared/record/words.ts'

/** More than any kernel takes from a sender whose peer does not read. */
const MORE_THAN_FITS = 64_000_000
const DEAF_MS = 200

test('what a peer does not read keeps its writer waiting: time that is not the writer’s own, and no turn', async () => {
  const sockets: Socket[] = []
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket)
    let heardBytes = 0
    socket.on('data', ({ length }) => {
      heardBytes += length
      if (heardBytes === MORE_THAN_FITS + 1) socket.write('ok')
    })
    socket.pause()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const meter = new SocketMeter(() => 'content', new ConnectionStats())
  const result = (meter.result = new SendResult(0))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    tapSocket(socket, meter)
    const drained = once(socket, 'drain')
    expect(socket.write(Buffer.alloc(MORE_THAN_FITS))).toBe(false)
    setTimeout(() => sockets[0]?.resume(), DEAF_MS)
    await drained
    socket.write('.')
    await once(socket, 'data')
    meter.settle()
    expect(result.phaseUs[PHASE_INDEX.content]).toBeGreaterThan(DEAF_MS * 900)
    expect([result.turns, result.phaseTurns[PHASE_INDEX.content]]).toEqual([1, 1])
  } finally {
    for (const open of [socket, ...sockets]) open.destroy()
    server.close()
    await once(server, 'close')
  }
})

test('a wait that is cut off ends when its send did, however late that is looked at', () => {
  const meter = new SocketMeter(() => 'content', new ConnectionStats())
  const result = (meter.result = new SendResult(0))
  meter.begin('greeting')
  expect(meter.cut(meter.progressUs + 5000)).toBe('greeting')
  expect(result.waitUs).toBe(5000)
})
