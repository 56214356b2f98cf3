/**
 * Answers every HTTP request a known time after its last byte. Prints its port.
 * Usage: known-delay-server.ts DELAY_MS
 */
import { createServer, type AddressInfo } from 'node:net'
import { PreciseTimer } from '../../electron/sandbox/precise-timer.ts'
import { nowUs } from '../../electron/transports/clock.ts'

const body = '{"id":"<1@example.com>","message":"Queued. Thank you."}'
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
)

serve(Number(process.argv[2]) * 1000)

function serve(delayUs: number): void {
  const timer = new PreciseTimer()
  const server = createServer({ noDelay: true }, (socket) => {
    let need = 0
    let head = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      if (need === 0) {
        head += chunk.toString('latin1')
        const end = head.indexOf('\r\n\r\n')
        if (end === -1) return
        need = Number(/content-length: (\d+)/i.exec(head)?.[1]) - (head.length - end - 4)
        head = ''
      } else {
        need -= chunk.length
      }
      if (need === 0) timer.schedule(nowUs() + delayUs, () => socket.write(answer))
    })
  })
  server.listen(0, '127.0.0.1', () => {
    console.log((server.address() as AddressInfo).port)
  })
}
