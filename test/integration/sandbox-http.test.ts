import { readFileSync } from 'node:fs'
import { connect as connectHttp2, type ClientHttp2Session, type IncomingHttpHeaders } from 'node:http2'
import { request as requestHttps } from 'node:https'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'

let sandbox: Sandbox
let authorization: string
beforeAll(async () => {
  sandbox = await startSandbox({ recordArrivals: true })
  authorization = `Basic ${Buffer.from(`api:${sandbox.apiKey}`).toString('base64')}`
})
afterAll(() => sandbox.stop())

const ADDRESSES = { from: 'a@example.com', to: 'b@example.com' }
const MESSAGE = { ...ADDRESSES, subject: 'Grüße & =', text: 'x'.repeat(20_000) }
const QUEUED = /^\{"id":"<[^<>]+@example\.com>","message":"Queued\. Thank you\."\}$/

function form(fields: Record<string, string>): URLSearchParams {
  return new URLSearchParams(fields)
}

function multipart(fields: Record<string, string>, file?: string): FormData {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  if (file !== undefined) data.append('message', new Blob([file]), 'message.eml')
  return data
}

type Row = [sentence: string, path: string, body: BodyInit, status: number, text: RegExp]

describe('answers like Mailgun’s API', () => {
  test.each<Row>([
    ['a form is queued', '/v3/example.com/messages', form(MESSAGE), 200, QUEUED],
    ['a multipart form is queued', '/v3/example.com/messages', multipart(MESSAGE), 200, QUEUED],
    ['the older path works', '/v2/example.com/messages', form(MESSAGE), 200, QUEUED],
    [
      'MIME is queued',
      '/v3/example.com/messages.mime',
      multipart({ to: 'b@example.com' }, 'Subject: x\r\n\r\n'),
      200,
      QUEUED
    ],
    [
      'MIME must be a file',
      '/v3/example.com/messages.mime',
      multipart({ to: 'b@example.com', message: 'x' }),
      400,
      /must be a file/
    ],
    [
      'a subject is required',
      '/v3/example.com/messages',
      form({ ...ADDRESSES, text: 't' }),
      400,
      /subject parameter is missing/
    ],
    [
      'some text is required',
      '/v3/example.com/messages',
      multipart({ ...ADDRESSES, subject: 's' }),
      400,
      /at least one of/
    ],
    [
      'an unknown domain is not found',
      '/v3/other.example/messages',
      form(MESSAGE),
      404,
      /Domain not found: other\.example/
    ],
    ['an unknown path is not found', '/v3/example.com/other', form(MESSAGE), 404, /Not Found/]
  ])('%s', async (_sentence, path, body, status, text) => {
    const answer = await fetch(sandbox.apiUrl + path, { method: 'POST', headers: { authorization }, body })
    expect(await answer.text()).toMatch(text)
    expect(answer.status).toBe(status)
  })

  test('a wrong key gets the bare word Forbidden', async () => {
    const answer = await fetch(`${sandbox.apiUrl}/v3/example.com/messages`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('api:wrong').toString('base64')}` },
      body: form(MESSAGE)
    })
    expect([answer.status, await answer.text()]).toEqual([401, 'Forbidden'])
  })

  test('a request above 52.4 MB is too large', async () => {
    const answer = await fetch(`${sandbox.apiUrl}/v3/example.com/messages`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.alloc(52_400_001, 'x')
    })
    expect(answer.status).toBe(413)
  })
})

test('a message counts its body and shows its Message-ID, in every body format', async () => {
  const id = '<1.tag@example.com>'
  const json = { headers: { 'content-type': 'application/json' } }
  const bodies: [BodyInit, { headers?: Record<string, string> }, string][] = [
    [form({ ...MESSAGE, 'h:Message-Id': id }), {}, 'messages'],
    [multipart({ ...MESSAGE, 'h:Message-Id': id }), {}, 'messages'],
    [JSON.stringify({ ...MESSAGE, 'h:Message-Id': id }), json, 'messages'],
    [
      multipart({ to: MESSAGE.to }, `From: a@example.com\r\nMessage-ID: ${id}\r\n\r\ntext`),
      {},
      'messages.mime'
    ]
  ]
  for (const [body, options, call] of bodies) {
    const before = await sandbox.stats()
    const answer = await fetch(`${sandbox.apiUrl}/v3/example.com/${call}`, {
      method: 'POST',
      body,
      headers: { authorization, ...options.headers }
    })
    expect(answer.status).toBe(200)
    const after = await sandbox.stats()
    expect(after.apiMessages - before.apiMessages).toBe(1)
    expect(after.apiBytes).toBeGreaterThan(before.apiBytes)
    expect((await sandbox.arrivals()).at(-1)).toMatchObject({ protocol: 'http', messageId: id })
  }
})

describe('over TLS', () => {
  test('HTTP/2 is chosen by ALPN, and its streams share a connection', async () => {
    const session = connectHttp2(sandbox.apiTlsUrl, { ca: readFileSync(sandbox.caFile) })
    const statuses = await Promise.all(Array.from({ length: 5 }, () => statusOf(session)))
    expect(statuses).toEqual([200, 200, 200, 200, 200])
    expect(session.alpnProtocol).toBe('h2')
    session.close()
  })

  test('a client without HTTP/2 gets HTTP/1.1, on a connection that no pause ends', async () => {
    const heard = await new Promise((resolve, reject) => {
      const request = requestHttps(`${sandbox.apiTlsUrl}/v3/example.com/messages`, {
        method: 'POST',
        ca: readFileSync(sandbox.caFile),
        headers: {
          authorization,
          connection: 'keep-alive',
          'content-type': 'application/x-www-form-urlencoded'
        }
      })
      request.on('response', (answer) => {
        resolve([answer.httpVersion, answer.statusCode, answer.headers['keep-alive']])
        answer.resume()
      })
      request.on('error', reject)
      request.end(form(MESSAGE).toString())
    })
    expect(heard).toEqual(['1.1', 200, undefined])
  })
})

function statusOf(session: ClientHttp2Session): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': '/v3/example.com/messages',
      authorization,
      'content-type': 'application/x-www-form-urlencoded'
    })
    stream.on('response', (headers: IncomingHttpHeaders & { ':status'?: number }) => {
      resolve(headers[':status'])
      stream.resume()
    })
    stream.on('error', reject)
    stream.end(form(MESSAGE).toString())
  })
}
