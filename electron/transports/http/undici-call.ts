import type { IncomingHttpHeaders } from 'node:http'
import { Client } from 'undici'
import type { Connection, ConnectionListener } from '../connect/connection.ts'
import type { HttpContext } from './http-context.ts'
import { http2ErrorCode } from './http2-errors.ts'
import { bodyOf, hasOwnHeaders, headersOf } from './request.ts'
import type { undiciOptions } from './undici-settings.ts'

/** Hears of a call. */
export interface UndiciCaller {
  /** The call has been given to undici, which has written it by now if its connection is open. */
  given(): void
  /** An interim answer (1xx) was heard. */
  interim(): void
  /** The head of the answer has been read. */
  headed(): void
  /** A part of the body has been read. Left out by who sees that at the socket: a listener costs each call its share. */
  received?(): void
  answered(status: number, headers: IncomingHttpHeaders, body: Buffer): void
  /** @param error undici's, or the connector's failure in its own words */
  failed(code: string, message: string): void
}

/** `client.request`, the body read whole: undici as an application would use it. One call at a time is listened to. */
export class UndiciCall {
  readonly #context: HttpContext
  readonly #caller: UndiciCaller
  readonly #headers: Record<string, string>
  readonly #hasOwnHeaders: boolean
  /** Number of the latest call: what comes late from an earlier one is told by it. */
  #latest = 0

  constructor(context: HttpContext, caller: UndiciCaller) {
    this.#context = context
    this.#caller = caller
    this.#headers = Object.fromEntries(context.request.headers)
    this.#hasOwnHeaders = hasOwnHeaders(context.request, context.runTag)
  }

  /**
   * @param last the connection is closed behind the answer (HTTP/1.1)
   * @param signal takes the call back; left out where that cannot be, for it costs each call its share
   */
  async start(client: Client, seq: number, last: boolean, signal: AbortSignal | null = null): Promise<void> {
    const mine = ++this.#latest
    const { request, runTag } = this.#context
    const caller = this.#caller
    try {
      const body = bodyOf(request, seq)
      const answering = client.request({
        method: 'POST',
        path: request.path,
        headers: this.#hasOwnHeaders
          ? Object.fromEntries(headersOf(request, runTag, seq, body))
          : this.#headers,
        body,
        reset: last,
        signal,
        onInfo: () => {
          if (mine === this.#latest) caller.interim()
        }
      })
      caller.given()
      const answer = await answering
      if (mine !== this.#latest) return
      caller.headed()
      const reading = answer.body.arrayBuffer()
      if (caller.received !== undefined) {
        answer.body.on('data', () => {
          if (mine === this.#latest) caller.received?.()
        })
      }
      const received = Buffer.from(await reading)
      if (mine === this.#latest) caller.answered(answer.statusCode, answer.headers, received)
    } catch (error) {
      if (mine === this.#latest) caller.failed(...failureOf(error))
    }
  }

  /** Nothing more is heard of the call under way. */
  forget(): void {
    this.#latest++
  }
}

/** A client of undici's whose sockets are opened by our connector, like everybody else's. */
export function openUndici(
  context: HttpContext,
  options: ReturnType<typeof undiciOptions>,
  listener: Omit<ConnectionListener, 'failed'>,
  onOpening: (connection: Connection) => void
): Client {
  const { scheme, authority } = context.request
  return new Client(`${scheme}://${authority}`, {
    ...options,
    connect: (_options, callback) => {
      const connection = context.connector.open({
        entered: (phase, sinceUs) => listener.entered(phase, sinceUs),
        passed: (phase, fromUs, untilUs, turns) => listener.passed(phase, fromUs, untilUs, turns),
        opened(socket, opened) {
          listener.opened(socket, opened)
          callback(null, socket)
        },
        failed: ({ code, sample }) => callback(new OpeningError(code, sample), null)
      })
      onOpening(connection)
    }
  })
}

/** Carries the connector's failure through undici. */
class OpeningError extends Error {
  readonly code: string

  constructor(code: string, message: string) {
    super(message)
    this.code = code
  }
}

/** What one client does not take another may: the verdict is the library's own. */
const REFUSED = 'undici does not take the answer'

/** Names undici's errors like everybody else's. */
function failureOf(error: unknown): [code: string, message: string] {
  const message = error instanceof Error ? error.message : String(error)
  const code = (error as NodeJS.ErrnoException).code ?? 'ERROR'
  if (error instanceof OpeningError) return [code, message]
  // Its words for an interim answer that it had not asked for: it cuts the connection itself.
  if (code === 'UND_ERR_SOCKET' && message === 'bad response') {
    return ['PROTOCOL', `${REFUSED} (100 Continue, which it had not asked for)`]
  }
  if (code === 'UND_ERR_SOCKET') {
    const cause = (error as Error).cause as NodeJS.ErrnoException | undefined
    return [cause?.code ?? 'CONNECTION_CLOSED', message]
  }
  if (code.startsWith('ERR_HTTP2_')) return [http2ErrorCode(error), message]
  const isProtocol =
    (error instanceof Error && error.name === 'HTTPParserError') ||
    /^HPE_|^UND_ERR_(HEADERS_OVERFLOW|RES_|REQ_CONTENT|INFO)/.test(code)
  return isProtocol ? ['PROTOCOL', `${REFUSED} (${message})`] : [code, message]
}
