import { createServer as createHttp, type IncomingHttpHeaders } from 'node:http'
import { createServer as createHttp2, createSecureServer } from 'node:http2'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import type { KeyPair } from './http-certificates.ts'

export interface Recorded {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface PlannedAnswer {
  status: number
  headers?: Record<string, string>
  body?: string
}

export interface Recorder extends AsyncDisposable {
  url: string
  /** Every request that was heard whole, in order. */
  requests: Recorded[]
  /** What it answers from now on. */
  answer: PlannedAnswer
  /** Connections that were ever accepted, and those that are open. */
  accepted: number
  open: Set<Socket>
}

/** A real HTTP(S) server on loopback that records what it hears and answers what it was told to. */
export async function startRecorder(
  version: '1.1' | '2' = '1.1',
  tls?: KeyPair & { maxVersion?: 'TLSv1.2' }
): Promise<Recorder> {
  const server: Server =
    version === '1.1'
      ? tls === undefined
        ? createHttp()
        : createHttps(tls)
      : tls === undefined
        ? createHttp2()
        : createSecureServer(tls)
  const recorder: Recorder = {
    url: '',
    requests: [],
    answer: { status: 200, body: '{"id":"<1@example.com>","message":"Queued. Thank you."}' },
    accepted: 0,
    open: new Set(),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of recorder.open) socket.destroy()
      await closed
    }
  }
  server.on('connection', (socket: Socket) => {
    recorder.accepted++
    socket.setNoDelay(true)
    recorder.open.add(socket)
    socket.on('close', () => recorder.open.delete(socket))
    socket.on('error', () => undefined)
  })
  server.on('request', (request: Incoming, response: Outgoing) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method, url: path, headers } = request
      recorder.requests.push({ method, path, headers, body: Buffer.concat(chunks) })
      const { status, headers: own = {}, body = '' } = recorder.answer
      response.writeHead(status, { server: 'recorder', 'content-length': Buffer.byteLength(body), ...own })
      response.end(body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  recorder.url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`
  return recorder
}

/** What requests of both versions of Node's server have in common. */
interface Incoming {
  method: string
  url: string
  headers: IncomingHttpHeaders
  on(event: 'data' | 'end', listener: (chunk: Buffer) => void): void
}
interface Outgoing {
  writeHead(status: number, headers: Record<string, string | number>): void
  end(body: string): void
}
