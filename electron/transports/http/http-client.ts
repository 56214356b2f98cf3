import type { HttpTransport } from '../../../shared/plan/plan.ts'
import { type Client, type ClientOptions, type Observed, TransportError } from '../client.ts'
import type { Connector } from '../connect/connector.ts'
import type { SendResult } from '../send-result.ts'
import type { Exchange, ExchangeListener } from './exchange.ts'
import { createContext, type HttpContext, messagesPerConnection } from './http-context.ts'
import { HttpLane } from './lane.ts'

/** Makes the exchanges of one client, and owns what they share. */
export interface ExchangeSource {
  /** Makes the exchange of lane number `index`. */
  open(index: number, lane: ExchangeListener): Exchange
  /** Lets what is shared go; lanes have ended by then. */
  close(): void
}

/**
 * A client of lanes over the exchanges of one protocol and library.
 * @throws {TransportError} when the provider cannot take what the plan asks for
 */
export function createHttpClient(
  options: ClientOptions<HttpTransport>,
  makeSource: (context: HttpContext) => ExchangeSource
): Client {
  const context = createContext(options)
  const { connector } = context
  const source = makeSource(context)
  const lanes: HttpLane[] = []
  return {
    stats: connector.stats,
    get observed() {
      return connector.observed
    },
    preflight: () => preflight(connector),
    openLane(index: number, onDone: (result: SendResult) => void) {
      const lane = new HttpLane(index, context, (listener) => source.open(index, listener), onDone)
      lanes.push(lane)
      return lane
    },
    async close(timeoutMs: number): Promise<void> {
      for (const lane of lanes) lane.abort()
      source.close()
      await connector.drained(timeoutMs)
    }
  }
}

/** HTTP/2 connections that carry a load: as few as hold its streams, or one per send in flight when none is kept. */
export function connectionCount({ transport, concurrency }: ClientOptions<HttpTransport>): number {
  const streams = messagesPerConnection(transport) === 1 ? 1 : transport.http.streams
  return Math.min(Math.ceil(concurrency / streams), transport.maxConnections ?? Infinity)
}

/** Connects and shakes hands as the plan demands, and leaves again: nothing is sent. */
async function preflight(connector: Connector): Promise<Observed> {
  await new Promise<void>((resolve, reject) => {
    connector.openUncounted({
      entered: () => undefined,
      passed: () => undefined,
      opened(socket) {
        socket.destroySoon()
        resolve()
      },
      failed: ({ phase, code, sample }) => reject(new TransportError(phase, code, sample))
    })
  })
  await connector.drained(connector.timeoutMs)
  return connector.observed ?? { banner: null, capabilities: [], tls: null, alpn: null }
}
