/**
 * The most that a Node program can send over kept connections: a fixed request, again as soon as anything was heard.
 * Usage: bare-rate.ts PORT CONNECTIONS BYTES COUNT; prints messages a second, the first tenth left out.
 */
import { connect } from 'node:net'
import { bareRequest } from './bare-request.ts'

const [port = 0, connections = 1, bytes = 0, count = 0] = process.argv.slice(2).map(Number)
const request = bareRequest(bytes)
const buffer = Buffer.alloc(65_536)
const warmup = count / 10
let answered = 0
let startedMs = 0

for (let index = 0; index < connections; index++) {
  const socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer,
      callback: () => {
        if (++answered === warmup) startedMs = performance.now()
        if (answered >= warmup + count) {
          if (answered === warmup + count) console.log((count * 1000) / (performance.now() - startedMs))
          socket.destroy()
        } else socket.write(request)
        return true
      }
    }
  })
  socket.once('connect', () => socket.write(request))
}
