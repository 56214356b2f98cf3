import { createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { LinkAccountReader } from '../../electron/transports/connect/link-account-reader.ts'

test('what a link has told is known before the loop comes to it', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reader = new LinkAccountReader((server.address() as AddressInfo).port)
  const [link] = (await once(server, 'connection')) as [Socket]
  link.write('4711 2500 1\n4712 10')
  expect(reader.take(4711, true)).toEqual({ us: 2500, resent: 1 })
  link.write('00 0\n')
  expect(reader.take(4712, true)).toEqual({ us: 1000, resent: 0 })
  expect(reader.take(4712, true)).toBeNull()
  reader.close()
  link.destroy()
  server.close()
})
