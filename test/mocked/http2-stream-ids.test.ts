import { expect, it, vi } from 'vitest'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import { FRAME, goodAnswer, startHostileHttp2Server } from '../support/hostile-http2.ts'
import { httpOptions } from '../support/http-options.ts'
import { openSender } from '../support/sends.ts'

/** A connection has so many numbers for streams here: 1, 3, 5, 7 and 9, in place of a thousand million. */
const STREAMS = vi.hoisted(() => 5)
vi.mock(import('../../electron/transports/http/http2/frames.ts'), async (original) => ({
  ...(await original()),
  MAX_STREAM_ID: 2 * STREAMS - 1
}))

it.each([1, 4])(
  'goes on over a new connection when the numbers of streams are used up, with %i at a time',
  async (lanes) => {
    await using server = await startHostileHttp2Server((socket, id) => socket.write(goodAnswer(id)))
    const transport = { http: { version: '2', streams: lanes } }
    const url = `http://127.0.0.1:${server.port}`
    const client = createHttpWireClient(await httpOptions({ url, transport, concurrency: lanes }))
    let left = 10 * STREAMS
    const outcomes: string[] = []
    await Promise.all(
      Array.from({ length: lanes }, async (_, index) => {
        const sender = openSender(client, index)
        while (left-- > 0) outcomes.push((await sender.send()).outcome)
      })
    )
    const ids = server.heard.filter(({ type }) => type === FRAME.headers).map(({ streamId }) => streamId)
    expect(outcomes).toEqual(Array(10 * STREAMS).fill('accepted'))
    expect(Math.max(...ids)).toBe(2 * STREAMS - 1)
    expect(client.stats).toMatchObject({ opened: 10, resent: 0, closedByPeer: 0 })
    // The old connection may still have streams while the new one is opened.
    expect(client.stats.maxOpen).toBeLessThanOrEqual(lanes === 1 ? 1 : 2)
    await client.close(500)
  }
)
