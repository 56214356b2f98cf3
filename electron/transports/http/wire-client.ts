import type { HttpTransport } from '../../../shared/plan.ts'
import {
  type Client,
  type ClientOptions,
  type ConnectionStats,
  emptyConnectionStats,
  type Lane,
  type Observed
} from '../client.ts'
import type { SendResult } from '../send-result.ts'
import { Http1Lane } from './http1-lane.ts'
import { Http2Connection } from './http2-connection.ts'
import { Http2Lane } from './http2-lane.ts'
import { connectionCount, createContext, type HttpContext } from './http-context.ts'
import { preflight } from './preflight.ts'

/**
 * The HTTP wire client: requests that were made once, written straight to the socket; answers read from bytes.
 * @throws {TransportError} when the provider cannot take what the plan asks for
 */
export function createHttpWireClient(options: ClientOptions<HttpTransport>): Client {
  return new HttpWireClient(options)
}

class HttpWireClient implements Client {
  readonly stats: ConnectionStats = emptyConnectionStats()
  readonly #options: ClientOptions<HttpTransport>
  readonly #context: HttpContext
  readonly #lanes: Lane[] = []
  /** HTTP/2 connections; lanes are dealt out to them in turn. */
  readonly #connections: Http2Connection[] = []

  constructor(options: ClientOptions<HttpTransport>) {
    this.#options = options
    this.#context = createContext(options, this.stats)
    if (options.transport.http.version === '2') {
      for (let count = connectionCount(options); count > 0; count--) {
        this.#connections.push(new Http2Connection(this.#context))
      }
    }
  }

  get observed(): Observed | null {
    return this.#context.dialer.observed
  }

  preflight(): Promise<Observed> {
    return preflight(this.#options, this.stats)
  }

  openLane(index: number, onDone: (result: SendResult) => void): Lane {
    const connection = this.#connections[index % this.#connections.length]
    const lane =
      connection === undefined
        ? new Http1Lane(index, this.#context, onDone)
        : new Http2Lane(index, this.#context, connection, onDone)
    this.#lanes.push(lane)
    return lane
  }

  async close(timeoutMs: number): Promise<void> {
    for (const lane of this.#lanes) lane.abort()
    for (const connection of this.#connections) connection.retire()
    await this.#context.dialer.drained(timeoutMs)
  }
}
