import type { HttpTransport } from '../../../shared/plan/plan.ts'
import type { Client, ClientOptions } from '../client.ts'
import { connectionCount, createHttpClient } from './http-client.ts'
import { Http1Exchange } from './http1-exchange.ts'
import { Http2Exchange } from './http2-exchange.ts'
import { Http2Sessions } from './http2-sessions.ts'

/**
 * The HTTP wire client: requests that were made once, written straight to the socket; answers read from bytes.
 * @throws {TransportError} when the provider cannot take what the plan asks for
 */
export function createHttpWireClient(options: ClientOptions<HttpTransport>): Client {
  return createHttpClient(options, (context) => {
    if (options.transport.http.version === '1.1') {
      return { open: (_index, lane) => new Http1Exchange(context, lane), close: () => undefined }
    }
    const shared = Array.from({ length: connectionCount(options) }, () => new Http2Sessions(context))
    return {
      open: (index, lane) => new Http2Exchange(context, shared[index % shared.length]!, lane),
      close: () => shared.forEach((sessions) => sessions.retire())
    }
  })
}
