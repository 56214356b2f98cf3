import { createServer } from 'node:http'
import { createSecureServer } from 'node:http2'
import { gzipSync } from 'node:zlib'
import type { HttpPeer } from '../peer.ts'
import { urlAt } from './url-at.ts'

const SLOW_MS = 100
const OK = '{"id":"<1@node.test>","message":"Queued. Thank you."}'

interface Incoming {
  url?: string | undefined
  resume(): unknown
  on(event: 'end', listener: () => void): unknown
}
interface Outgoing {
  writeHead(status: number, headers: Record<string, string | number>): unknown
  end(body: string | Buffer): unknown
}

/** Node's own servers. */
export const node: HttpPeer = {
  name: 'Node',
  start({ box, ports }) {
    const [plain = 0, ten = 0, tls = 0, , tlsOne = 0] = ports
    const statuses = new Map<number, number>()
    const answer = (request: Incoming, response: Outgoing): void => {
      const { url = '' } = request
      const finish = (status: number, body: string | Buffer, headers: Record<string, string> = {}): void => {
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        response.writeHead(status, {
          'content-type': 'application/json',
          'content-length': body.length,
          ...headers
        })
        response.end(body)
      }
      request.resume()
      request.on('end', () => {
        if (url.startsWith('/large')) finish(413, '{"message":"too large"}')
        else if (url.startsWith('/away')) finish(502, '{"message":"bad gateway"}')
        else if (url.startsWith('/packed')) finish(200, gzipSync(OK), { 'content-encoding': 'gzip' })
        else if (url.startsWith('/slow')) setTimeout(() => finish(200, OK), SLOW_MS)
        else finish(200, OK)
      })
    }
    const pem = { key: box.read(`${box.files}/key.pem`), cert: box.read(`${box.files}/cert.pem`) }
    const limited = createServer(answer)
    limited.maxRequestsPerSocket = 10
    const servers = [
      createServer({ keepAliveTimeout: 30_000 }, answer).listen(plain, '127.0.0.1'),
      limited.listen(ten, '127.0.0.1'),
      createSecureServer(pem, (request, response) => answer(request, response)).listen(tls, '127.0.0.1'),
      createSecureServer({ ...pem, settings: { maxConcurrentStreams: 1 } }, (request, response) =>
        answer(request, response)
      ).listen(tlsOne, '127.0.0.1')
    ]
    for (const server of servers) server.unref()
    return Promise.resolve({
      version: process.versions.node,
      urls: {
        'HTTP/1.1': urlAt(plain),
        'HTTP/1.1 closed after 10': urlAt(ten),
        'HTTP/2': urlAt(tls, 'https'),
        'HTTP/2 one stream': urlAt(tlsOne, 'https'),
        'HTTP/2 slow upstream': urlAt(tls, 'https', '/slow'),
        '413': urlAt(plain, 'http', '/large'),
        '502': urlAt(plain, 'http', '/away'),
        gzip: urlAt(plain, 'http', '/packed')
      },
      statuses: () => Promise.resolve(statuses),
      log: () => ''
    })
  }
}
