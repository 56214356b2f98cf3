import type { HttpTransport } from '../../../shared/plan/plan.ts'
import type { Client, ClientOptions } from '../client.ts'
import { connectionCount, createHttpClient } from './http-client.ts'
import { Undici1Exchange } from './undici1-exchange.ts'
import { Undici2Exchange } from './undici2-exchange.ts'
import { Undici2Sessions } from './undici2-sessions.ts'
import { undiciOptions } from './undici-settings.ts'

/**
 * undici 8 as an application would use it: `client.request`, the body read whole. HTTP/1.1 has a client of one
 * connection per lane; over HTTP/2 lanes share clients. Sockets are opened and watched by us.
 * @throws {TransportError} when the provider cannot take what the plan asks for
 */
export function createUndiciClient(options: ClientOptions<HttpTransport>): Client {
  const settings = undiciOptions(options.transport)
  return createHttpClient(options, (context) => {
    if (options.transport.http.version === '1.1') {
      return { open: (_index, lane) => new Undici1Exchange(context, settings, lane), close: () => undefined }
    }
    const shared = Array.from(
      { length: connectionCount(options) },
      () => new Undici2Sessions(context, settings)
    )
    return {
      open: (index, lane) => new Undici2Exchange(context, shared[index % shared.length]!, lane),
      close: () => shared.forEach((sessions) => sessions.destroy())
    }
  })
}
