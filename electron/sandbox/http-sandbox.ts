import type { IncomingHttpHeaders, Server } from 'node:http'
import { createSecureServer, type Http2SecureServer } from 'node:http2'
import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { nodeHttp } from '../node-http.ts'
import { SANDBOX_API_KEY, SANDBOX_DOMAIN } from './credentials.ts'
import { readFields, readFiles, type Field } from './http-fields.ts'
import { findMessageId, wallClockMs } from './ledger.ts'
import { mailOfCall } from './mail-of-call.ts'
import type { SandboxParts } from './sandbox-parts.ts'

/** Requests above this are refused with 413, bytes: Mailgun's documented limit. */
const MAX_REQUEST_BYTES = 52_400_000
/** Kept connections stay open through any pause of a run. */
const NO_TIME_LIMITS = { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }
const AUTHORIZATION = `Basic ${Buffer.from(`api:${SANDBOX_API_KEY}`).toString('base64')}`

/** What requests and answers of HTTP/1.1 and HTTP/2 have in common. */
type Request = Readable & { method?: string; url?: string; headers: IncomingHttpHeaders }
interface Answer {
  statusCode: number
  setHeader(name: string, value: string): unknown
  end(body: string): unknown
}

/** The built-in API over plain HTTP/1.1. */
export function httpSandbox(parts: SandboxParts): Server {
  const server = nodeHttp.createServer({ noDelay: true, ...NO_TIME_LIMITS }, mailgunLike(parts))
  server.on('connection', () => parts.ledger.stats.apiConnections++)
  return server
}

/** The same over TLS, HTTP/2 or HTTP/1.1 as ALPN decides. */
export function httpsSandbox(parts: SandboxParts): Http2SecureServer {
  const { key, cert } = parts.certificate
  const server = createSecureServer(
    { key, cert, allowHTTP1: true, noDelay: true, http1Options: NO_TIME_LIMITS },
    mailgunLike(parts)
  )
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true)
    parts.ledger.stats.apiConnections++
  })
  // Peers that reset their connection are part of every load.
  server.on('sessionError', () => undefined)
  return server
}

/** An API that answers as Mailgun's documents say: POST /v3/DOMAIN/messages and messages.mime, /v2 alike. */
function mailgunLike({ behaviour, ledger, relay }: SandboxParts): (request: Request, answer: Answer) => void {
  let number = 0
  const reply = (answer: Answer, status: number, body: string): void => {
    answer.statusCode = status
    answer.setHeader('content-type', status === 401 ? 'text/html; charset=utf-8' : 'application/json')
    answer.end(body)
  }
  const say = (answer: Answer, status: number, message: string): void =>
    reply(answer, status, JSON.stringify({ message }))

  const judge = (request: Request, answer: Answer, body: Buffer | null): void => {
    if (request.headers.authorization !== AUTHORIZATION) return reply(answer, 401, 'Forbidden')
    const route = /^\/v[23]\/([^/?]+)\/messages(\.mime)?$/.exec(request.url ?? '')
    if (route === null || request.method !== 'POST') return say(answer, 404, 'Not Found')
    if (route[1] !== SANDBOX_DOMAIN) return say(answer, 404, `Domain not found: ${route[1]}`)
    if (body === null) return say(answer, 413, 'Request Entity Too Large')
    const type = request.headers['content-type'] ?? ''
    const fields = readFields(type, body, relay === null ? undefined : body.length)
    if (fields === null) return say(answer, 400, 'the body must be multipart/form-data')
    const fault = route[2] === undefined ? faultOfParts(fields) : faultOfMime(fields)
    if (fault !== null) return say(answer, 400, fault)
    if (behaviour.throttles()) {
      ledger.stats.throttled++
      return say(answer, 429, 'request limit exceeded, try again after 1 seconds')
    }
    const arrivedMs = wallClockMs()
    behaviour.work((taken) => {
      if (!taken) {
        ledger.stats.failed++
        return say(answer, 500, 'Internal Server Error')
      }
      ledger.took('http', body.length, arrivedMs, messageIdOf(fields))
      say200(answer, ++number)
      relay?.pass(mailOfCall(fields, readFiles(type, body)))
    })
  }
  const say200 = (answer: Answer, id: number): void =>
    reply(answer, 200, `{"id":"<${id}.sandbox@${SANDBOX_DOMAIN}>","message":"Queued. Thank you."}`)

  return (request, answer) => {
    const pieces: Buffer[] = []
    let bytes = 0
    request.on('data', (piece: Buffer) => {
      bytes += piece.length
      if (bytes <= MAX_REQUEST_BYTES) pieces.push(piece)
    })
    request.on('end', () => {
      const [first] = pieces
      const whole = pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces)
      judge(request, answer, bytes <= MAX_REQUEST_BYTES ? whole : null)
    })
    request.on('error', () => undefined)
  }
}

function faultOfParts(fields: Map<string, Field>): string | null {
  for (const name of ['from', 'to', 'subject']) {
    if (!fields.get(name)?.value) return `${name} parameter is missing`
  }
  const hasContent = ['text', 'html', 'amp-html', 'template'].some((name) => fields.get(name)?.value)
  return hasContent
    ? null
    : "Need at least one of 'text', 'html', 'amp-html' or 'template' parameters specified"
}

function faultOfMime(fields: Map<string, Field>): string | null {
  if (!fields.get('to')?.value) return 'to parameter is missing'
  if (!fields.get('message')?.value) return 'message parameter is missing'
  return fields.get('message')?.isFile === true ? null : 'message parameter must be a file'
}

function messageIdOf(fields: Map<string, Field>): string | null {
  return fields.get('h:message-id')?.value ?? findMessageId(fields.get('message')?.value ?? '')
}
