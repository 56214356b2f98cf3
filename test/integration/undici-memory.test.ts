import { createServer } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { httpOptions } from '../support/http-options.ts'
import { closeAll, listening } from '../support/otlp-receiver.ts'
import { openSender } from '../support/sends.ts'
import { until } from '../support/until.ts'

const LANES = 100
const MESSAGE_BYTES = 400_000

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function usedBytes(): number {
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('a hundred lanes of undici hold no more than what is on its way: no buffers of megabytes each', async () => {
  let arrived = 0
  const answers: (() => void)[] = []
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      arrived++
      answers.push(() => response.end('{"id":"<1@example.com>","message":"Queued."}'))
    })
  })
  const client = createUndiciClient(
    await httpOptions({
      url: await listening(server),
      transport: {
        provider: 'mailgun',
        domain: 'example.com',
        auth: { user: 'api', password: { env: 'KEY' } }
      },
      message: { attachments: [{ filename: 'a.bin', sizeBytes: MESSAGE_BYTES }] },
      concurrency: LANES,
      timeoutMs: 150_000
    })
  )
  const before = usedBytes()
  const sends = Array.from({ length: LANES }, (_, index) => openSender(client, index).send())
  await until('every message to have arrived', () => arrived === LANES, 150_000)
  const perLane = (usedBytes() - before) / LANES
  for (const answer of answers) answer()
  expect(new Set((await Promise.all(sends)).map(({ outcome }) => outcome))).toEqual(new Set(['accepted']))
  await client.close(0)
  closeAll(server)
  // Client and server share this process: what is on its way may stand in the buffers of both.
  expect(perLane).toBeLessThan(MESSAGE_BYTES * 4)
}, 180_000)
