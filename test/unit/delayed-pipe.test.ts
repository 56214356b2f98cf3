import { once } from 'node:events'
import { connect, createServer, Socket, type AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { DelayedPipe, Wire } from '../../electron/sandbox/delayed-pipe.ts'
import { nowUs } from '../../electron/transports/clock.ts'

const closers: (() => unknown)[] = []
afterEach(() => {
  for (const close of closers.splice(0).reverse()) close()
})

/** A socket, and what its other end has heard once it is ended. */
async function listener(): Promise<{ socket: Socket; heard: Promise<string> }> {
  const server = createServer().listen(0, '127.0.0.1')
  closers.push(() => server.close())
  await once(server, 'listening')
  const heard = once(server, 'connection').then(async ([peer]: Socket[]) => {
    const pieces: Buffer[] = []
    for await (const piece of peer ?? []) pieces.push(piece as Buffer)
    return Buffer.concat(pieces).toString()
  })
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  return { socket, heard }
}

test('what is said after the held-back time, but before its timer was served, stays behind what was held back', async () => {
  const due: { dueUs: number; run: () => void }[] = []
  const shared = {
    network: {
      rttMs: 2,
      window: true,
      mbitPerSecond: null,
      lossPercent: 0,
      seed: 1,
      congestionControl: 'cubic'
    },
    timer: { schedule: (dueUs: number, run: () => void) => void due.push({ dueUs, run }) },
    wire: new Wire(null),
    random: () => 1
  }
  const source = new Socket()
  const { socket, heard } = await listener()
  let heldBackUs = 1000
  const pipe = new DelayedPipe(source, shared, 2000, () => heldBackUs)
  pipe.deliverTo(socket)

  source.emit('data', Buffer.from('first '))
  heldBackUs = 0
  const heldUntilUs = nowUs() + 1000
  while (nowUs() <= heldUntilUs);
  source.emit('data', Buffer.from('second'))
  source.emit('end')
  while (due.length > 0) {
    due.sort((a, b) => a.dueUs - b.dueUs)
    due.shift()?.run()
  }
  expect(await heard).toBe('first second')
})
