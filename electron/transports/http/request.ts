import aws4 from 'aws4'
import type { HttpTransport } from '../../../shared/plan/plan.ts'
import { domainOf } from '../../../shared/plan/mailbox.ts'
import { plainText } from '../../../shared/plan/secret-refs.ts'
import { bodyFault, httpSideOf } from '../../../shared/providers/index.ts'
import type { HttpSide, ProviderCall } from '../../../shared/providers/provider.ts'
import { type ClientOptions, TransportError } from '../client.ts'
import { type Content, messageId, RUN_TAG_HEADER } from '../content.ts'
import { seqTemplate, type Template, writeSeq } from '../numbered-bytes.ts'
import { sentForms } from '../redact.ts'
import { renderBody } from './request-body.ts'

/** Headers that say where a request goes and where it ends: a template's own would split the client from its peer. */
const OWN_HEADERS = [
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'expect',
  'upgrade',
  'te',
  'trailer'
]

export type Header = readonly [name: string, value: string]

/** One call of an API, rendered once: what every send of a run repeats but for the message number. */
export interface HttpRequest {
  readonly side: HttpSide
  readonly method: string
  readonly path: string
  /** Value of Host and :authority. */
  readonly authority: string
  readonly scheme: 'http' | 'https'
  /** All headers but Host, Content-Length and Connection. The authorization is last. */
  readonly headers: readonly Header[]
  readonly body: Template
  /** Headers that a signature over the body adds to each send; null where the headers above are all. */
  readonly sign: ((body: Buffer) => Header[]) | null
  /** Texts that must never be shown: passwords and what is made of them. */
  readonly secrets: readonly string[]
}

/**
 * Renders a transport's call.
 * @throws {TransportError} when the provider cannot take the body that the plan asks for
 */
export function renderRequest(
  options: Pick<ClientOptions<HttpTransport>, 'transport' | 'content' | 'password' | 'secrets'>
): HttpRequest {
  const { transport, content, password, secrets = [] } = options
  const side = httpSideOf(transport)
  if (side === null) throw new TransportError('request', 'TEMPLATE', 'the generic provider needs a template')
  const fault = bodyFault(side, transport.http.body, content.attachments.length)
  if (fault !== null) throw new TransportError('request', 'BODY', `http.body: ${fault}`)

  const url = new URL(transport.url)
  const described = describe(side, transport, content, url)
  const call = { ...described, path: withQuery(described.path, url.search) }
  const { contentType, bytes } = renderBody(call.body, transport.http.body ?? side.bodies[0], content)
  const auth = authorization(side, transport, password)
  checkTemplate(call)
  return {
    side,
    method: call.method,
    path: call.path,
    authority: url.host,
    scheme: url.protocol === 'https:' ? 'https' : 'http',
    headers: [
      ['User-Agent', 'Chattermark'],
      ['Accept', 'application/json'],
      ['Content-Type', contentType],
      ...Object.entries(call.headers).filter(([name]) => name.toLowerCase() !== 'content-type'),
      ...auth.headers
    ],
    body: seqTemplate(bytes, content.runTag),
    sign: signer(side, transport, password, call, url, contentType),
    secrets: [...auth.secrets, ...secrets]
  }
}

/** The query of the address goes along with every call, behind one of the call's own. */
function withQuery(path: string, search: string): string {
  return path.includes('?') ? path + search.replace('?', '&') : path + search
}

/** The headers of one send: the fixed ones, with its message number and its signature where there are such. */
export function headersOf(request: HttpRequest, runTag: string, seq: number, body: Buffer): Header[] {
  const zero = `${runTag}.${'0'.repeat(10)}`
  const own = `${runTag}.${String(seq).padStart(10, '0')}`
  const numbered = request.headers.map(([name, value]): Header => [name, value.replaceAll(zero, own)])
  return request.sign === null ? numbered : [...numbered, ...request.sign(body)]
}

/** Whether headers differ from send to send: then they are made anew for each. */
export function hasOwnHeaders(request: HttpRequest, runTag: string): boolean {
  return request.sign !== null || request.headers.some(([, value]) => value.includes(`${runTag}.`))
}

/** The head of an HTTP/1.1 request (RFC 9112), ready for the socket. */
export function headBytes(request: HttpRequest, headers: readonly Header[], keepAlive: boolean): Buffer {
  const lines = [
    `${request.method} ${request.path} HTTP/1.1`,
    `Host: ${request.authority}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${request.body.bytes.length}`,
    ...(keepAlive ? [] : ['Connection: close'])
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/** A copy of the body with a message's number in it. */
export function bodyOf(request: HttpRequest, seq: number): Buffer {
  const body = Buffer.from(request.body.bytes)
  for (const offset of request.body.seqOffsets) writeSeq(body, offset, seq)
  return body
}

/**
 * What a template puts into the first line and the headers must stay there (RFC 9112, section 3; RFC 9110, section 5).
 * @throws {TransportError}
 */
function checkTemplate({ path, headers }: ProviderCall): void {
  const refuse = (what: string): never => {
    throw new TransportError('request', 'TEMPLATE', `template.${what}`)
  }
  if (!/^[\x21-\x7e]+$/.test(path)) refuse('path: it must be percent-encoded ASCII')
  for (const [name, value] of Object.entries(headers)) {
    if (OWN_HEADERS.includes(name.toLowerCase())) {
      refuse(`headers[${JSON.stringify(name)}]: this header is the client's own; leave it out`)
    }
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) refuse(`headers: ${JSON.stringify(name)} is no name of a header`)
    if (!/^[\t\x20-\x7e]*$/.test(value)) {
      // The value is not told: it may be a secret.
      refuse(`headers[${JSON.stringify(name)}]: a header carries one line of ASCII`)
    }
  }
}

function describe(side: HttpSide, transport: HttpTransport, content: Content, url: URL): ProviderCall {
  const { message, runTag } = content
  return side.describeCall(
    {
      from: message.from,
      to: message.to,
      subject: message.subject,
      text: content.text,
      html: content.html,
      attachments: content.attachments.map(({ filename, contentType, content: bytes }) => ({
        filename,
        contentType,
        base64: bytes.toString('base64')
      })),
      messageId: messageId(message, runTag, 0),
      headers: { [RUN_TAG_HEADER]: runTag }
    },
    {
      basePath: url.pathname,
      domain: transport.domain ?? domainOf(message.from),
      testMode: transport.testMode,
      body: transport.http.body ?? side.bodies[0]
    }
  )
}

/** Authorization that is the same for every send, and what of it must stay hidden. */
function authorization(
  side: HttpSide,
  transport: HttpTransport,
  password: string | null
): { headers: Header[]; secrets: string[] } {
  if (transport.auth === null || password === null) return { headers: [], secrets: [] }
  const user = transport.auth.user === null ? side.user : plainText(transport.auth.user)
  const basic = Buffer.from(`${user ?? ''}:${password}`).toString('base64')
  const secrets = sentForms(user ?? '', password)
  const { auth } = side
  if (/[^\t\x20-\x7e]/.test(password) && auth.scheme !== 'basic') {
    throw new TransportError(
      'request',
      'AUTH',
      'auth.password: the secret holds a line break or another character that a header cannot carry'
    )
  }
  switch (auth.scheme) {
    case 'header':
      return { headers: [[auth.name, password]], secrets }
    case 'sigv4':
      return { headers: [], secrets }
    case 'bearer':
      return { headers: [['Authorization', `Bearer ${password}`]], secrets }
    case 'basic':
      return { headers: [['Authorization', `Basic ${basic}`]], secrets }
    case 'basic-or-bearer':
      return {
        headers: [['Authorization', user === null ? `Bearer ${password}` : `Basic ${basic}`]],
        secrets
      }
  }
}

/** AWS Signature Version 4; the region is the second label of the host (`email.REGION.amazonaws.com`). */
function signer(
  side: HttpSide,
  transport: HttpTransport,
  password: string | null,
  call: ProviderCall,
  url: URL,
  contentType: string
): HttpRequest['sign'] {
  const { auth } = side
  if (auth.scheme !== 'sigv4' || transport.auth === null || password === null) return null
  const accessKeyId = transport.auth.user === null ? null : plainText(transport.auth.user)
  if (accessKeyId === null) {
    throw new TransportError('request', 'AUTH', 'auth.user: the access key id is needed to sign calls')
  }
  const region = /^email\.([a-z0-9-]+)\.amazonaws\.com/.exec(url.hostname)?.[1] ?? 'us-east-1'
  return (body) => {
    const signed = aws4.sign(
      {
        service: auth.service,
        region,
        method: call.method,
        path: call.path,
        headers: { Host: url.host, 'Content-Type': contentType, 'Content-Length': body.length },
        body
      },
      { accessKeyId, secretAccessKey: password }
    )
    return ['X-Amz-Date', 'Authorization'].map((name): Header => [name, String(signed.headers?.[name])])
  }
}
