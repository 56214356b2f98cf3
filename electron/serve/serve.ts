import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'
import { MAX_SOCKET_FRAME_BYTES, SOCKET_PATH } from '../../shared/page/socket.ts'
import { createApi } from '../api/create-api.ts'
import type { Services } from '../api/services.ts'
import { nodeHttp } from '../node-http.ts'
import { answerPages, parseUrl } from './answer-pages.ts'
import { refuseOrigin, refuseToken } from './gate.ts'
import { writeLaunchFile } from './launch-file.ts'
import { removeFolderOf } from '../sandbox/remove-folder-of.ts'
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
  /** A file that leads to `url`, for starting a browser: only this user can read it. It is gone after `close`. */
  launchFile(): string
  /** Drops every page and stops listening. */
  close(): Promise<void>
}

/**
 * Serves the app to a browser on this machine: files over HTTP, the API over a WebSocket, on 127.0.0.1 only.
 * Page and socket need the token of the printed address, or the cookie that a browser gets for it. The page's scripts and styles do not: they are the
 * program's own files and hold nothing of the user's.
 * @throws when the port cannot be had
 */
export async function startServe({ port, services, rendererDir }: ServeOptions): Promise<Serving> {
  const token = randomBytes(32).toString('base64url')
  const launchFiles: string[] = []
  const api = createApi(services, serveHost)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_SOCKET_FRAME_BYTES,
    perMessageDeflate: false
  })
  const server = nodeHttp.createServer(answerPages(token, rendererDir))
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const url = parseUrl(request)
    const refusal =
      refuseOrigin(request) ??
      (url?.pathname === SOCKET_PATH
        ? refuseToken(request, url, token)
        : ({ status: 403, reason: '' } as const))
    if (refusal !== null) {
      // Half open, it would keep its descriptor for as long as the other side likes.
      socket.end(`HTTP/1.1 ${refusal.status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
        socket.destroy()
      )
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      serveSocket(webSocket, api)
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return {
    url: `${address}?token=${token}`,
    launchFile: () => {
      const file = writeLaunchFile(`${address}?token=${token}`)
      launchFiles.push(file)
      return file
    },
    close: async () => {
      for (const file of launchFiles) removeFolderOf(file)
      for (const socket of sockets.clients) socket.terminate()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    }
  }
}
