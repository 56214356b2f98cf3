import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse
} from 'node:http2'
import type { AddressInfo } from 'node:net'

/** One API on loopback, over HTTP/1.1 and over HTTP/2. */
export interface HttpPair {
  readonly httpPort: number
  readonly http2Port: number
  close(): Promise<void>
}

export type PairRequest = IncomingMessage | Http2ServerRequest
export type PairResponse = ServerResponse | Http2ServerResponse

export async function startHttpPair(
  answer: (request: PairRequest, response: PairResponse) => void
): Promise<HttpPair> {
  const http = createServer(answer)
  const http2 = createHttp2Server(answer)
  const sessions = new Set<{ destroy(): void }>()
  http2.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  const [httpPort = 0, http2Port = 0] = await Promise.all(
    [http, http2].map(
      (server) =>
        new Promise<number>((resolve) =>
          server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
        )
    )
  )
  return {
    httpPort,
    http2Port,
    async close() {
      http.closeAllConnections()
      for (const session of sessions) session.destroy()
      await Promise.all([http, http2].map((server) => new Promise((done) => server.close(done))))
    }
  }
}
