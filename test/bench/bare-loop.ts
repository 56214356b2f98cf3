/**
 * The least that a Node program can do to send: one socket, fixed commands, no parsing beyond "a reply has come".
 * Usage: bare-loop.ts smtp|http PORT COUNT; prints the median time of a message in µs.
 */
import { connect } from 'node:net'
import { bareRequest } from './bare-request.ts'

const [protocol = 'smtp', port = '0', count = '0'] = process.argv.slice(2)
const text = 'x'.repeat(1022)
/** As many header bytes as our own messages have. */
const header = `X-Header: ${'x'.repeat(30)}\r\n`.repeat(8)
const smtp = [
  'MAIL FROM:<bench@example.com>\r\n',
  'RCPT TO:<sink@example.com>\r\n',
  'DATA\r\n',
  `${header}\r\n${text}\r\n.\r\n`
]
const opening = protocol === 'smtp' ? ['EHLO bench.example.com\r\n'] : []
const steps = protocol === 'smtp' ? smtp.map((step) => Buffer.from(step)) : [bareRequest(text.length)]
const timesUs: number[] = []
let opened = protocol === 'smtp' ? -1 : opening.length
let step = 0
let startedMs = 0

const socket = connect({
  port: Number(port),
  host: '127.0.0.1',
  noDelay: true,
  onread: {
    buffer: Buffer.alloc(65_536),
    callback: () => {
      heard()
      return true
    }
  }
})
socket.on('connect', () => {
  if (protocol === 'http') next()
})

function heard(): void {
  if (opened < opening.length) {
    opened++
    if (opened < opening.length) socket.write(opening[opened] ?? '')
    else next()
    return
  }
  if (++step < steps.length) {
    socket.write(steps[step] ?? '')
    return
  }
  timesUs.push((performance.now() - startedMs) * 1000)
  if (timesUs.length < Number(count)) {
    next()
    return
  }
  console.log(timesUs.sort((a, b) => a - b)[timesUs.length >> 1])
  socket.destroy()
}

function next(): void {
  step = 0
  startedMs = performance.now()
  socket.write(steps[0] ?? '')
}
