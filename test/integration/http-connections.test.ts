import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Client, TraceEvent } from '../../electron/transports/client.ts'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import { certificateFor, loopbackCertificate } from '../support/http-certificates.ts'
import { httpOptions, type OptionsInput, RUN_TAG } from '../support/http-options.ts'
import { type Recorder, startRecorder } from '../support/http-recorder.ts'
import { openSender } from '../support/sends.ts'
import { until } from '../support/until.ts'

const CLIENTS = [
  { name: 'wire 1.1', version: '1.1', create: createHttpWireClient },
  { name: 'wire 2', version: '2', create: createHttpWireClient },
  { name: 'undici 1.1', version: '1.1', create: createUndiciClient },
  { name: 'undici 2', version: '2', create: createUndiciClient }
] as const

describe.each(CLIENTS)('$name', ({ version, create }) => {
  let recorder: Recorder
  let client: Client
  beforeEach(async () => {
    recorder = await startRecorder(version)
  })
  afterEach(async () => {
    await client.close(1000)
    await recorder[Symbol.asyncDispose]()
  })

  async function open(
    transport: Record<string, unknown> = {},
    input: Partial<OptionsInput> = {}
  ): Promise<void> {
    const http = { ...(transport.http as object | undefined), version }
    client = create(await httpOptions({ url: recorder.url, ...input, transport: { ...transport, http } }))
  }

  it('keeps its connection and says so', async () => {
    await open()
    const sender = openSender(client)
    const sent = [await sender.send(), await sender.send(), await sender.send()]
    expect(sent.map(({ reused, connection }) => [reused, connection])).toEqual([
      [false, 1],
      [true, 1],
      [true, 1]
    ])
    expect(client.stats).toMatchObject({ opened: 1, reused: 2, open: 1, maxOpen: 1, closedByPeer: 0 })
    expect(recorder.accepted).toBe(1)
    expect(client.observed?.banner).toBe('recorder')
  })

  it('writes its own number into every message', async () => {
    await open()
    const sender = openSender(client)
    for (const seq of [0, 1, 123_456_789]) await sender.send({ seq })
    const numbers = recorder.requests.map(
      ({ body }) => new RegExp(`${RUN_TAG}\\.(\\d{10})`).exec(body.toString())?.[1]
    )
    expect(numbers).toEqual(['0000000000', '0000000001', '0123456789'])
  })

  it('sends a large message whole', async () => {
    await open({}, { message: { attachments: [{ filename: 'a.bin', sizeBytes: 3_000_000 }] } })
    const sender = openSender(client)
    const first = await sender.send({ seq: 1 })
    const second = await sender.send({ seq: 2 })
    expect([first.outcome, second.outcome], first.sample).toEqual(['accepted', 'accepted'])
    const [one, two] = recorder.requests.map(({ body }) => body)
    expect(one?.length).toBeGreaterThan(3_000_000)
    expect(one?.toString('latin1').replaceAll(`${RUN_TAG}.0000000001`, `${RUN_TAG}.0000000002`)).toBe(
      two?.toString('latin1')
    )
  })

  // undici lets no more than Node's 10 MB wait in an HTTP/2 session.
  if (create !== createUndiciClient) {
    it('hears answers while much is waiting to be sent', async () => {
      const message = { attachments: [{ filename: 'a.bin', sizeBytes: 3_000_000 }] }
      await open({}, { message, concurrency: 8 })
      const sent = await Promise.all(
        Array.from({ length: 8 }, (_, index) => openSender(client, index).send())
      )
      expect(sent.map(({ outcome, sample }) => `${outcome} ${sample}`)).toEqual(Array(8).fill('accepted '))
    })
  }

  it('opens a connection for each message when the plan wants that', async () => {
    await open({ http: { keepAlive: false } })
    const sender = openSender(client)
    for (const connection of [1, 2, 3]) {
      expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: false, connection })
    }
    expect(recorder.accepted).toBe(3)
    expect(client.stats).toMatchObject({ opened: 3, reused: 0, maxOpen: 1, closedByPeer: 0 })
    await until('all connections to be closed', () => recorder.open.size === 0)
  })

  it('counts as open what a send is in flight on', async () => {
    await open({ http: { keepAlive: false } }, { concurrency: 2 })
    await Promise.all([0, 1].map((index) => openSender(client, index).send()))
    expect(client.stats).toMatchObject({ opened: 2, maxOpen: 2 })
    await client.close(1000)
    expect(client.stats.open).toBe(0)
  })

  it('leaves a connection after as many messages as the plan allows', async () => {
    await open({ messagesPerConnection: 2 })
    const sender = openSender(client)
    const sent = []
    for (let count = 0; count < 5; count++) sent.push(await sender.send())
    expect(sent.map(({ reused }) => reused)).toEqual([false, true, false, true, false])
    expect(sent.every(({ outcome }) => outcome === 'accepted')).toBe(true)
    expect(recorder.accepted).toBe(3)
    expect(client.stats.closedByPeer).toBe(0)
  })

  it('notices a kept connection that the peer closed between sends, and opens another for the next', async () => {
    await open()
    const sender = openSender(client)
    await sender.send()
    for (const socket of recorder.open) socket.end()
    await until('the close to be noticed', () => client.stats.closedByPeer === 1)
    expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: false })
    expect(client.stats).toMatchObject({ opened: 2, closedByPeer: 1 })
    expect(recorder.requests).toHaveLength(2)
  })

  // HTTP/2 knows no Connection header (RFC 9113 section 8.2.2).
  if (version !== '2') {
    it('counts a kept connection that the peer gives up with its answer', async () => {
      await open()
      recorder.answer = { ...recorder.answer, headers: { connection: 'close' } }
      const sender = openSender(client)
      expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: false })
      await until('the close to be noticed', () => client.stats.closedByPeer === 1)
      expect(await sender.send()).toMatchObject({ outcome: 'accepted', reused: false })
      await until('the next close to be noticed', () => client.stats.closedByPeer === 2)
      expect(client.stats).toMatchObject({ opened: 2, reused: 0 })
    })
  }

  it('ends a send that is aborted as aborted, once, and goes on with the next', async () => {
    await open()
    const sender = openSender(client)
    const sending = sender.send()
    sender.abort()
    expect(await sending).toMatchObject({ outcome: 'aborted' })
    expect(await sender.send()).toMatchObject({ outcome: 'accepted' })
    expect(sender.ended).toBe(2)
  })

  it('leaves no socket behind', async () => {
    await open()
    await Promise.all([0, 1, 2].map((index) => openSender(client, index).send()))
    await client.close(1000)
    await until('the server to see every connection closed', () => recorder.open.size === 0)
    expect(client.stats).toMatchObject({ open: 0, closedByPeer: 0 })
  })

  it('counts the bytes of every send', async () => {
    await open()
    const sender = openSender(client)
    await sender.send()
    const sent = await sender.send()
    const body = recorder.requests.at(-1)?.body.length ?? 0
    expect(sent.bytesOut).toBeGreaterThan(body)
    expect(sent.bytesOut).toBeLessThan(body + 700)
    expect(sent.bytesIn).toBeGreaterThan(50)
    expect(sent.bytesIn).toBeLessThan(700)
  })

  it('shows its conversation without a secret', async () => {
    const events: TraceEvent[] = []
    await open({}, { trace: (event) => events.push(event) })
    recorder.answer = { status: 200, body: '{"id":"secret-key"}' }
    await openSender(client).send({ seq: 7 })
    const text = JSON.stringify(events)
    expect(text).toContain('POST /v3/example.com/messages')
    expect(text).toContain('Authorization: ***')
    expect(text).not.toContain('secret-key')
    expect(text).not.toContain(btoa('api:secret-key'))
    expect(events.filter(({ kind }) => kind === 'sent' || kind === 'heard')).toHaveLength(2)
  })

  it('looks at the server before a run without sending anything', async () => {
    await open()
    expect(await client.preflight()).toMatchObject({ tls: null })
    await until('the look to be over', () => recorder.accepted > 0 && recorder.open.size === 0)
    expect(recorder.accepted).toBe(1)
    expect(recorder.requests).toHaveLength(0)
  })
})

describe('over TLS', () => {
  it.each([
    ['1.1', 'http/1.1'],
    ['2', 'h2']
  ] as const)('HTTP/%s is agreed by ALPN and the certificate verified', async (version, alpn) => {
    const pair = await loopbackCertificate()
    await using recorder = await startRecorder(version, pair)
    const client = createHttpWireClient(
      await httpOptions({ url: recorder.url, caPem: pair.cert, transport: { http: { version } } })
    )
    expect(await client.preflight()).toMatchObject({ alpn, tls: { version: 'TLSv1.3', verified: true } })
    expect(await openSender(client).send()).toMatchObject({ outcome: 'accepted' })
    await client.close(1000)
  })

  it.each([createHttpWireClient, createUndiciClient])(
    'HTTP/2 that is demanded and not offered is said before a run',
    async (create) => {
      const pair = await loopbackCertificate()
      await using recorder = await startRecorder('1.1', pair)
      const client = create(
        await httpOptions({ url: recorder.url, caPem: pair.cert, transport: { http: { version: '2' } } })
      )
      await expect(client.preflight()).rejects.toMatchObject({ phase: 'tls', code: 'ALPN' })
      expect(await openSender(client).send()).toMatchObject({ outcome: 'failed', phase: 'tls', code: 'ALPN' })
      await client.close(1000)
    }
  )

  it.each([
    ['of nobody that is known', { type: 7, ip: '127.0.0.1' }, -1, 1, false, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['for another name', { type: 2, value: 'other.example' }, -1, 1, true, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['that has expired', { type: 7, ip: '127.0.0.1' }, -3, -1, true, 'CERT_HAS_EXPIRED'],
    ['that is not valid yet', { type: 7, ip: '127.0.0.1' }, 1, 3, true, 'CERT_NOT_YET_VALID']
  ] as const)(
    'a certificate %s is refused, unless the plan says not to verify',
    async (_, name, from, to, trusted, code) => {
      const pair = await certificateFor(name, from, to)
      await using recorder = await startRecorder('1.1', pair)
      for (const create of [createHttpWireClient, createUndiciClient]) {
        const input = { url: recorder.url, caPem: trusted ? pair.cert : null }
        const strict = create(await httpOptions(input))
        await expect(strict.preflight()).rejects.toMatchObject({ phase: 'tls', code })
        expect(await openSender(strict).send()).toMatchObject({ outcome: 'failed', phase: 'tls', code })
        await strict.close(1000)
        const lax = create(await httpOptions({ ...input, transport: { tls: { verify: false } } }))
        expect(await openSender(lax).send()).toMatchObject({ outcome: 'accepted' })
        expect(lax.observed?.tls?.verified).toBe(false)
        await lax.close(1000)
      }
      expect(recorder.requests).toHaveLength(2)
    }
  )
})
