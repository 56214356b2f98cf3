import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { MAX_SOCKET_FRAME_BYTES, SOCKET_PATH } from '../../shared/socket.ts'
import { createApi } from '../api/create-api.ts'
import type { Services } from '../api/services.ts'
import { answerPages, parseUrl } from './answer-pages.ts'
import { refuseOrigin, refuseToken } from './gate.ts'
import { serveHost } from './serve-host.ts'
import { serveSocket } from './socket-session.ts'

export interface ServeOptions {
  /** 0 = any free port. */
  port: number
  services: Services
  /** Folder of the built page. */
  rendererDir: string
}

export interface Serving {
  /** The address to open, token included. */
  url: string
  /**
   * An address that leads to `url` once. A browser is started with this one: every user of the machine can read
   * the arguments of a process, and by then it is worth nothing.
   */
  launchUrl: string
  /** Drops every page and stops listening. */
  close(): Promise<void>
}

/**
 * Serves the app to a browser on this machine: files over HTTP, the API over a WebSocket, on 127.0.0.1 only.
 * Page and socket need the token of the printed address. The page's scripts and styles do not: they are the
 * program's own files and hold nothing of the user's.
 * @throws when the port cannot be had
 */
export async function startServe({ port, services, rendererDir }: ServeOptions): Promise<Serving> {
  const token = randomBytes(32).toString('base64url')
  const launchCode = randomBytes(32).toString('base64url')
  const api = createApi(services, serveHost)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_SOCKET_FRAME_BYTES,
    perMessageDeflate: false
  })
  const server = createServer(answerPages({ token, launchCode, rendererDir }))
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const url = parseUrl(request)
    const refusal =
      refuseOrigin(request) ??
      (url?.pathname === SOCKET_PATH ? refuseToken(url, token) : ({ status: 403, reason: '' } as const))
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      serveSocket(webSocket, api)
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    url: `${address}?token=${token}`,
    launchUrl: `${address}?launch=${launchCode}`,
    close: async () => {
      for (const socket of sockets.clients) socket.terminate()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
  }
}
