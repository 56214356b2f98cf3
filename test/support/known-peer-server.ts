/**
 * A peer with a known limit on a real socket: HTTP or SMTP as the peer says. Prints its port, and works until its input
 * ends. Usage: known-peer-server.ts INDEX SEED
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { SMTPServer } from 'smtp-server'
import { KNOWN_PEERS, type ModelPeer, type Taken } from './model-peers.ts'

const [index = '0', seed = '1'] = process.argv.slice(2)
const known = KNOWN_PEERS[Number(index)]
if (known === undefined) throw new RangeError(`no peer ${index}`)
const peer = known.create(Number(seed))
const server = known.protocol === 'http' ? http(peer) : smtp(peer)
server.listen(0, '127.0.0.1')
await once(server, 'listening')
console.log((server.address() as AddressInfo).port)
process.stdin.resume()
await once(process.stdin, 'end')
process.exit()

/** Asks the peer now, and answers when it would. */
function take(model: ModelPeer, answer: (taken: Taken) => void): void {
  const nowSeconds = performance.now() / 1000
  const taken = model(nowSeconds)
  setTimeout(answer, (taken.doneSeconds - nowSeconds) * 1000, taken)
}

function http(model: ModelPeer): Server {
  return createServer({ noDelay: true, keepAliveTimeout: 0, requestTimeout: 0 }, (request, response) => {
    request.resume().on('end', () => {
      take(model, ({ throttled, retryAfterSeconds }) => {
        response.setHeader('Content-Type', 'application/json')
        if (throttled) response.writeHead(429, { 'Retry-After': retryAfterSeconds })
        response.end(
          throttled ? '{"message":"Too many requests"}' : '{"id":"<1@example.com>","message":"Queued."}'
        )
      })
    })
  })
}

function smtp(model: ModelPeer): Server {
  const { server: listener } = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData(stream, _session, callback) {
      stream.resume().on('end', () => {
        take(model, ({ throttled }) => {
          callback(
            throttled
              ? Object.assign(new Error('4.7.28 Too much mail, slow down'), { responseCode: 450 })
              : null
          )
        })
      })
    }
  })
  return listener
}
