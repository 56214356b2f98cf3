import type { HttpTransport } from '../../../shared/plan.ts'
import type { ClientOptions, ConnectionStats, TraceEvent } from '../client.ts'
import { Dialer } from './dialer.ts'
import { type HttpRequest, renderRequest } from './request.ts'
import { Judge } from './verdict.ts'

/** Bytes of one read. Reads are handled before the next begins, so that all connections share one buffer. */
const READ_BUFFER_BYTES = 64 * 1024

/** What the lanes of one client share. */
export interface HttpContext {
  readonly request: HttpRequest
  readonly judge: Judge
  readonly dialer: Dialer
  readonly stats: ConnectionStats
  readonly runTag: string
  readonly timeoutMs: number
  /** Sends that a connection carries at most; Infinity when there is no limit. */
  readonly messagesPerConnection: number
  /** Every answer's head and body are needed, not only those of refusals. */
  readonly keepsAnswers: boolean
  /** What HTTP/1.1 connections read into. */
  readonly readBuffer: Buffer
  readonly trace: ((event: TraceEvent) => void) | undefined
}

/** @throws {TransportError} when the provider cannot take what the plan asks for */
export function createContext(options: ClientOptions<HttpTransport>, stats: ConnectionStats): HttpContext {
  const request = renderRequest(options)
  const judge = new Judge(request.side, request.secrets)
  return {
    request,
    judge,
    dialer: new Dialer(options, stats, options.transport.http.version === '2' ? 'h2' : 'http/1.1'),
    stats,
    runTag: options.content.runTag,
    timeoutMs: options.timeoutMs,
    messagesPerConnection: messagesPerConnection(options.transport),
    keepsAnswers: judge.needsBody || options.trace !== undefined,
    readBuffer: Buffer.allocUnsafe(READ_BUFFER_BYTES),
    trace: options.trace
  }
}

/** Sends that a connection carries at most; Infinity when there is no limit. */
export function messagesPerConnection({
  http,
  messagesPerConnection: limit
}: Pick<HttpTransport, 'http' | 'messagesPerConnection'>): number {
  return http.keepAlive ? (limit ?? Infinity) : 1
}

/** HTTP/2 connections that carry a load: as few as hold its streams, or one per send in flight when none is kept. */
export function connectionCount({ transport, concurrency }: ClientOptions<HttpTransport>): number {
  const streams = messagesPerConnection(transport) === 1 ? 1 : transport.http.streams
  return Math.min(Math.ceil(concurrency / streams), transport.maxConnections ?? Infinity)
}
