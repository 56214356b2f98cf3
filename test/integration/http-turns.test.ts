import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import { type KeyPair, loopbackCertificate } from '../support/http-certificates.ts'
import { httpOptions } from '../support/http-options.ts'
import { startRecorder } from '../support/http-recorder.ts'
import { expectTurns } from '../support/expect-turns.ts'
import { openSender } from '../support/sends.ts'
import { startTurnCounter } from '../support/turn-counter.ts'

const stops: (() => PromiseLike<unknown>)[] = []
let pair: KeyPair
beforeAll(async () => {
  pair = await loopbackCertificate()
})
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop()
})

interface Row {
  says: string
  version: '1.1' | '2'
  tls: { maxVersion?: 'TLSv1.2'; resume?: boolean } | null
  keepAlive: boolean
  /** Turns of the first send and of the two after it. */
  turns: [number, number, number]
}

const ROWS: Row[] = [
  { says: 'HTTP/1.1, fresh', version: '1.1', tls: null, keepAlive: false, turns: [2, 2, 2] },
  { says: 'HTTP/1.1, keep-alive', version: '1.1', tls: null, keepAlive: true, turns: [2, 1, 1] },
  { says: 'HTTPS/1.1, TLS 1.3, fresh', version: '1.1', tls: {}, keepAlive: false, turns: [3, 3, 3] },
  { says: 'HTTPS/1.1, TLS 1.3, keep-alive', version: '1.1', tls: {}, keepAlive: true, turns: [3, 1, 1] },
  {
    says: 'HTTPS/1.1, TLS 1.2 in full',
    version: '1.1',
    tls: { maxVersion: 'TLSv1.2', resume: false },
    keepAlive: false,
    turns: [4, 4, 4]
  },
  {
    says: 'HTTPS/1.1, TLS 1.2 resumed',
    version: '1.1',
    tls: { maxVersion: 'TLSv1.2' },
    keepAlive: false,
    turns: [4, 3, 3]
  },
  { says: 'HTTP/2, TLS 1.3, fresh', version: '2', tls: {}, keepAlive: false, turns: [3, 3, 3] },
  { says: 'HTTP/2, TLS 1.3, warm', version: '2', tls: {}, keepAlive: true, turns: [3, 1, 1] }
]

/** Sends three messages through a proxy that counts turns by itself, and gives both counts. */
async function measure(
  row: Row,
  create: typeof createHttpWireClient
): Promise<{ own: number[]; seen: number[] }> {
  const recorder = await startRecorder(
    row.version,
    row.tls === null ? undefined : { ...pair, ...onlyVersion(row.tls) }
  )
  stops.push(() => recorder[Symbol.asyncDispose]())
  const target = new URL(recorder.url)
  const proxy = await startTurnCounter({ host: target.hostname, port: Number(target.port) })
  stops.push(() => proxy.close())
  const options = await httpOptions({
    url: recorder.url,
    caPem: pair.cert,
    transport: {
      http: { version: row.version, keepAlive: row.keepAlive },
      ...(row.tls === null ? {} : { tls: row.tls })
    }
  })
  const client = create({ ...options, connectPort: proxy.port })
  stops.push(() => client.close(1000))
  const sender = openSender(client)
  const own: number[] = []
  const proxySums: number[] = []
  for (let count = 0; count < 3; count++) {
    const sent = await sender.send()
    expect(sent, sent.sample).toMatchObject({ outcome: 'accepted' })
    expect(Object.values(sent.phases).reduce((sum, turns) => sum + turns, 0)).toBe(sent.turns)
    expect(sent.waitUs).toBeLessThanOrEqual(sent.serviceUs)
    own.push(sent.turns)
    // Of the newest connection, and at once: what is said while one closes comes after the send's end.
    proxySums.push(proxy.turns.at(-1) ?? 0)
  }
  const before = (index: number): number => (row.keepAlive ? (proxySums[index - 1] ?? 0) : 0)
  return { own, seen: proxySums.map((sum, index) => sum - before(index)) }
}

function onlyVersion({ maxVersion }: { maxVersion?: 'TLSv1.2' }): { maxVersion?: 'TLSv1.2' } {
  return maxVersion === undefined ? {} : { maxVersion }
}

describe('the turns of', () => {
  it.each(ROWS)(
    'the wire client over $says are those of the table, by its own count and at the socket',
    (row) => expectTurns(row.turns, () => measure(row, createHttpWireClient))
  )

  it.each(ROWS)('undici over $says are the same', (row) =>
    expectTurns(row.turns, () => measure(row, createUndiciClient))
  )
})

it.each([createHttpWireClient, createUndiciClient])(
  'streams that wait for one HTTP/2 connection share its turns, and all had to connect',
  async (create) => {
    const recorder = await startRecorder('2', pair)
    stops.push(() => recorder[Symbol.asyncDispose]())
    const options = await httpOptions({
      url: recorder.url,
      caPem: pair.cert,
      concurrency: 10,
      transport: { http: { version: '2' } }
    })
    const client = create(options)
    stops.push(() => client.close(1000))
    const senders = Array.from({ length: 10 }, (_, index) => openSender(client, index))
    const cold = await Promise.all(senders.map((sender) => sender.send()))
    const warm = await Promise.all(senders.map((sender) => sender.send()))
    expect(cold.map(({ turns }) => turns)).toEqual(Array<number>(10).fill(3))
    expect(warm.map(({ turns }) => turns)).toEqual(Array<number>(10).fill(1))
    expect(cold.some(({ reused }) => reused)).toBe(false)
    expect(warm.every(({ reused }) => reused)).toBe(true)
    expect(recorder.accepted).toBe(1)
    expect(client.stats).toMatchObject({ opened: 1, maxOpen: 1, reused: 10 })
  }
)
