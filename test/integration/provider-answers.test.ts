import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../../electron/transports/client.ts'
import { createUndiciClient } from '../../electron/transports/http/undici-client.ts'
import { createHttpWireClient } from '../../electron/transports/http/wire-client.ts'
import { httpOptions } from '../support/http-options.ts'
import { type Recorder, startRecorder } from '../support/http-recorder.ts'
import { openSender, type Sent } from '../support/sends.ts'
import { type Answer, PROVIDER_CASES, type ProviderCase } from '../support/provider-cases.ts'

/** Message 7 to a server that answers so, by every client that we have. */
const CLIENTS = [
  { name: 'wire 1.1', version: '1.1', create: createHttpWireClient },
  { name: 'wire 2', version: '2', create: createHttpWireClient },
  { name: 'undici 1.1', version: '1.1', create: createUndiciClient },
  { name: 'undici 2', version: '2', create: createUndiciClient }
] as const

describe.each(CLIENTS)('$name', ({ version, create }) => {
  let recorder: Recorder
  beforeAll(async () => {
    recorder = await startRecorder(version)
  })
  afterAll(() => recorder[Symbol.asyncDispose]())

  async function send(row: ProviderCase, answer: Answer): Promise<Sent> {
    recorder.answer = { ...answer, headers: datedHeaders(answer.headers ?? {}) }
    const own = row.transport?.http as Record<string, unknown> | undefined
    const transport = { provider: row.provider, ...row.transport, http: { ...own, version } }
    const client: Client = create(await httpOptions({ url: recorder.url, transport }))
    try {
      return await openSender(client).send({ seq: 7 })
    } finally {
      await client.close(1000)
    }
  }

  it.each(PROVIDER_CASES)('sends to $provider what its documents show', async (row) => {
    expect(await send(row, row.accepted)).toMatchObject({
      outcome: 'accepted',
      code: String(row.accepted.status),
      sample: ''
    })
    const heard = recorder.requests.at(-1)
    expect(heard).toMatchObject({ method: 'POST', path: row.path })
    expect(heard?.body.toString()).toBe(row.body)
    expect(heard?.headers['content-type']).toBe(row.contentType)
    expect(heard?.headers['content-length']).toBe(String(Buffer.byteLength(row.body)))
    if (row.authorization !== null) expect(heard?.headers[row.authorization[0]]).toBe(row.authorization[1])
    else if (row.provider === 'ses') expect(heard?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 /)
    else expect(heard?.headers.authorization).toBeUndefined()
  })

  it.each(PROVIDER_CASES)('takes the refusal of $provider as a refusal', async (row) => {
    const sent = await send(row, row.refused)
    expect(sent).toMatchObject({
      outcome: 'rejected',
      code: String(row.refused.status),
      throttled: false,
      phase: 'response'
    })
    expect(sent.sample).toContain(String(row.refused.status))
  })

  it.each(PROVIDER_CASES)('takes the throttling of $provider as throttling', async (row) => {
    const sent = await send(row, row.throttled)
    expect(sent).toMatchObject({ outcome: 'rejected', code: String(row.throttled.status), throttled: true })
    expect(sent.retryAfterSeconds).toBeGreaterThanOrEqual(Math.max(0, row.throttled.waitSeconds - 3))
    expect(sent.retryAfterSeconds).toBeLessThanOrEqual(row.throttled.waitSeconds + 3)
  })

  it.each([
    [
      'a redirect',
      { status: 302, headers: { location: 'http://127.0.0.1:1/x' } },
      'REDIRECT',
      /302 Found to http:\/\/127.0.0.1:1\/x/
    ],
    ['a success that the API does not document', { status: 206, body: '{}' }, 'PROTOCOL', /documents 200/]
  ])('takes %s for no usable answer', async (_, answer, code, sample) => {
    const [mailgun] = PROVIDER_CASES
    const sent = await send(mailgun!, answer)
    expect(sent).toMatchObject({ outcome: 'failed', code })
    expect(sent.sample).toMatch(sample)
  })

  it('takes a success whose body should decide and is no JSON for no usable answer', async () => {
    const postmark = PROVIDER_CASES.find(({ provider }) => provider === 'postmark')
    expect(await send(postmark!, { status: 200, body: '<html>' })).toMatchObject({
      outcome: 'failed',
      code: 'PROTOCOL'
    })
  })

  it('never shows a secret that the peer repeats', async () => {
    const [mailgun] = PROVIDER_CASES
    const sent = await send(mailgun!, {
      status: 401,
      body: `you sent secret-key and Basic ${btoa('api:secret-key')}`
    })
    // The padding that may stay behind says nothing of the secret.
    expect(sent.sample).toMatch(/^401 Unauthorized: you sent \*\*\* and Basic \*\*\*=?$/)
  })
})

/** `EPOCH+n` and `DATE+n` become n seconds from now, as an epoch and as an HTTP date. */
function datedHeaders(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const [, kind, seconds] = /^(EPOCH|DATE)\+(\d+)$/.exec(value) ?? []
      if (kind === undefined) return [name, value]
      const at = Date.now() + Number(seconds) * 1000
      return [name, kind === 'EPOCH' ? String(Math.round(at / 1000)) : new Date(at).toUTCString()]
    })
  )
}
