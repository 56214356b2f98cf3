import type { HttpTransport } from '../../../shared/plan/plan.ts'
import type { ClientOptions, ConnectionStats, TraceEvent } from '../client.ts'
import { Connector } from '../connect/connector.ts'
import { type HttpRequest, renderRequest } from './request.ts'
import { Judge } from './judge.ts'

/** What the lanes of one client share. */
export interface HttpContext {
  readonly request: HttpRequest
  readonly judge: Judge
  readonly connector: Connector
  readonly stats: ConnectionStats
  readonly runTag: string
  readonly timeoutMs: number
  readonly sendTimeoutMs: number | null
  /** Sends that a connection carries at most; Infinity when there is no limit. */
  readonly messagesPerConnection: number
  readonly trace: ((event: TraceEvent) => void) | undefined
}

/** @throws {TransportError} when the provider cannot take what the plan asks for */
export function createContext(options: ClientOptions<HttpTransport>): HttpContext {
  const { protocol, hostname } = new URL(options.transport.url)
  const connector = new Connector(options, {
    tls: protocol === 'https:' ? 'at-once' : 'none',
    name: hostname.replace(/^\[|\]$/g, ''),
    alpn: options.transport.http.version === '2' ? 'h2' : 'http/1.1',
    resumes: true,
    hurries: options.transport.client === 'wire'
  })
  const request = renderRequest(options)
  const judge = new Judge(request.side, request.path, request.secrets)
  return {
    request,
    judge,
    connector,
    stats: connector.stats,
    runTag: options.content.runTag,
    timeoutMs: options.timeoutMs,
    sendTimeoutMs: options.sendTimeoutMs ?? null,
    messagesPerConnection: messagesPerConnection(options.transport),
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
