import { describe, expect, it } from 'vitest'
import { bodyOf, headBytes, headersOf, renderRequest } from '../../electron/transports/http/request.ts'
import { httpOptions, RUN_TAG } from '../support/http-options.ts'
import { PROVIDERS } from '../../shared/providers/index.ts'
import { PROVIDER_CASES, TEXT } from '../support/provider-cases.ts'

/** A request's bytes as they go to the socket. */
async function bytesOf(
  transport: Record<string, unknown>,
  message: Record<string, unknown> = {},
  url = 'http://api.example.com'
): Promise<string> {
  const request = renderRequest(await httpOptions({ url, transport, message }))
  const body = bodyOf(request, 7)
  return Buffer.concat([headBytes(request, headersOf(request, RUN_TAG, 7, body), true), body]).toString()
}

it('every API of a provider has a case', () => {
  const apis = PROVIDERS.filter(({ http }) => http !== null).map(({ id }) => id)
  expect(PROVIDER_CASES.map(({ provider }) => provider)).toEqual(expect.arrayContaining(apis))
})

describe('the request of', () => {
  it.each(PROVIDER_CASES.filter(({ provider }) => provider !== 'ses'))(
    '$provider is the one its documents show, byte for byte',
    async ({ provider, transport, path, contentType, authorization, body }) => {
      const own = provider === 'generic' ? [`X-Own: about <${RUN_TAG}.0000000007@example.com>`] : []
      const names: Record<string, string> = {
        authorization: 'Authorization',
        'x-postmark-server-token': 'X-Postmark-Server-Token',
        'x-smtp2go-api-key': 'X-Smtp2go-Api-Key'
      }
      const auth =
        authorization === null ? [] : [`${names[authorization[0]] ?? authorization[0]}: ${authorization[1]}`]
      const head = [
        `POST ${path} HTTP/1.1`,
        'Host: api.example.com',
        'User-Agent: Chattermark',
        'Accept: application/json',
        `Content-Type: ${contentType}`,
        ...own,
        ...auth,
        `Content-Length: ${Buffer.byteLength(body)}`
      ]
      expect(await bytesOf({ provider, ...transport })).toBe(`${head.join('\r\n')}\r\n\r\n${body}`)
    }
  )

  it('SES is signed anew for every body', async () => {
    const transport = { provider: 'ses', auth: { user: 'AKIDEXAMPLE', password: { env: 'KEY' } } }
    const request = renderRequest(
      await httpOptions({ url: 'https://email.eu-west-1.amazonaws.com', transport })
    )
    const authorization = (seq: number): string =>
      headersOf(request, RUN_TAG, seq, bodyOf(request, seq)).find(
        ([name]) => name === 'Authorization'
      )?.[1] ?? ''
    expect(authorization(7)).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/ses\/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/
    )
    expect(authorization(7)).not.toBe(authorization(8))
  })

  it.each([
    ['a bare host', 'http://h', '/v3/example.com/messages'],
    ['a v3 base', 'http://h/v3', '/v3/example.com/messages'],
    ['a v2 base with a slash', 'http://h/v2/', '/v2/example.com/messages'],
    [
      'the whole address that its documents show',
      'http://h/v3/example.com/messages',
      '/v3/example.com/messages'
    ],
    ['a prefix of a gateway', 'http://h/mail', '/mail/v3/example.com/messages']
  ])('Mailgun at %s goes to the right path', async (_, url, path) => {
    expect(await bytesOf({ provider: 'mailgun' }, {}, url)).toMatch(new RegExp(`^POST ${path} HTTP`))
  })

  it.each([
    ['an address that holds the first segment', 'http://h/v3', 'sendgrid', '/v3/mail/send'],
    ['an address that is the whole call', 'http://h/v3/mail/send', 'sendgrid', '/v3/mail/send'],
    ['a gateway in front', 'http://h/gw', 'sendgrid', '/gw/v3/mail/send'],
    ['the sandbox of Mailtrap', 'http://h/api/send/4711', 'mailtrap', '/api/send/4711']
  ])('%s goes to the right path', async (_, url, provider, path) => {
    expect(await bytesOf({ provider }, {}, url)).toMatch(new RegExp(`^POST ${path} HTTP`))
  })

  it('Mailgun with the whole message sends it as a file', async () => {
    const text = await bytesOf({ provider: 'mailgun', http: { body: 'mime' } })
    expect(text).toMatch(/^POST \/v3\/example.com\/messages.mime HTTP/)
    expect(text).toContain(
      'Content-Disposition: form-data; name="message"; filename="message.mime"\r\nContent-Type: message/rfc822\r\n\r\n'
    )
    expect(text).toContain(`Message-ID: <${RUN_TAG}.0000000007@example.com>`)
    expect(text).toContain(`X-Chattermark-Run: ${RUN_TAG}`)
  })

  it('an API that takes Basic or Bearer uses Basic when the plan names a user', async () => {
    const text = await bytesOf({
      provider: 'generic',
      template: { body: {} },
      auth: { user: 'me', password: { env: 'KEY' } }
    })
    expect(text).toContain(`\r\nAuthorization: Basic ${btoa('me:secret-key')}\r\n`)
  })
})

describe('attachments', () => {
  const message = { html: true, attachments: [{ filename: 'a "b".pdf', sizeBytes: 3 }] }

  it.each(PROVIDER_CASES.filter(({ contentType }) => contentType === 'application/json'))(
    'go to $provider in base64, and HTML goes beside the text',
    async ({ provider, transport }) => {
      const options = await httpOptions({ url: 'http://h', transport: { provider, ...transport }, message })
      const body = bodyOf(renderRequest(options), 7).toString()
      if (provider === 'generic') return expect(body).toContain('<!doctype html>')
      expect(JSON.parse(body)).toBeTypeOf('object')
      expect(body).toContain(JSON.stringify('a "b".pdf'))
      expect(body).toContain(options.content.attachments[0]?.content.toString('base64'))
      expect(body).toContain('<!doctype html>')
      expect(body).toContain(TEXT)
    }
  )

  it('go to Mailgun as file parts with a quoted name', async () => {
    const text = await bytesOf({ provider: 'mailgun' }, message)
    expect(text).toContain(
      'name="attachment"; filename="a %22b%22.pdf"\r\nContent-Type: application/octet-stream\r\n\r\n'
    )
  })

  it('cannot go into a urlencoded form, and that is said before anything is sent', async () => {
    const options = await httpOptions({ url: 'http://h', transport: { http: { body: 'form' } }, message })
    expect(() => renderRequest(options)).toThrow(
      'http.body: a urlencoded form carries no attachments; use "multipart"'
    )
  })
})

it('a body that the provider does not take is named with those it does', async () => {
  const options = await httpOptions({
    url: 'http://h',
    transport: { provider: 'sendgrid', http: { body: 'mime' } }
  })
  expect(() => renderRequest(options)).toThrow('http.body: found "mime"; allowed: "json"')
})

it.each([
  ['a path with a space', { path: '/a b' }, 'template.path: it must be percent-encoded ASCII'],
  ...['Host', 'content-length', 'Transfer-Encoding', 'Connection'].map((name): [string, object, string] => [
    `a ${name} header of its own`,
    { headers: { [name]: '1' } },
    `template.headers["${name}"]: this header is the client's own`
  ]),
  ['a header that is none', { headers: { 'X Y': '1' } }, 'template.headers: "X Y" is no name of a header'],
  [
    'a header of several lines',
    { headers: { 'X-Text': '{{text}}' } },
    'template.headers["X-Text"]: a header carries one line of ASCII'
  ],
  [
    // Its low byte is a line feed.
    'a header beyond ASCII',
    { headers: { 'X-Subject': '{{subject}}' } },
    'template.headers["X-Subject"]: a header carries one line of ASCII'
  ]
])('a template with %s is refused before anything is sent', async (_, template, message) => {
  const options = await httpOptions({
    url: 'http://h',
    transport: { provider: 'generic', template: { body: {}, ...template } },
    message: { subject: 'aĊX-Evil: 1', sizeBytes: 300 }
  })
  expect(() => renderRequest(options)).toThrow(message)
})

it('a token that no header can carry is refused before anything is sent', async () => {
  const options = await httpOptions({
    url: 'http://h',
    transport: { provider: 'sendgrid' },
    password: 'keyĊX-Evil: 1'
  })
  expect(() => renderRequest(options)).toThrow(/^auth.password: the secret holds/)
})
