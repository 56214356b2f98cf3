/**
 * The least that a Node program can do to connect for every message: sockets, fixed commands, no parsing beyond "a
 * reply has come"; or, as `tls`, to shake hands for each.
 * Usage: bare-cold.ts smtp|tls PORT COUNT CONCURRENCY [CA_FILE new|resume]; prints connections per second.
 */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'

const [protocol = 'smtp', port = '0', count = '0', concurrency = '1', caFile = '', mode = 'new'] =
  process.argv.slice(2)
const WARMUP_MS = 3000
const buffer = Buffer.alloc(65_536)
/** As many header bytes as our own messages have. */
const header = `X-Header: ${'x'.repeat(30)}\r\n`.repeat(8)
const smtpSteps = [
  'EHLO bench.example.com\r\n',
  'MAIL FROM:<bench@example.com>\r\n',
  'RCPT TO:<sink@example.com>\r\n',
  'DATA\r\n',
  `${header}\r\n${'x'.repeat(620)}\r\n.\r\n`
].map((step) => Buffer.from(step))

function smtp(): Promise<void> {
  return new Promise((resolve, reject) => {
    let step = 0
    const socket = connect({
      port: Number(port),
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer,
        callback: () => {
          const next = smtpSteps[step++]
          if (next !== undefined) socket.write(next)
          else {
            socket.write('QUIT\r\n')
            socket.destroySoon()
            resolve()
          }
          return true
        }
      }
    })
    socket.once('error', reject)
  })
}

const secureContext = caFile === '' ? undefined : createSecureContext({ ca: readFileSync(caFile) })
const request = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'
let session: Buffer | undefined

function tls(): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = {
      port: Number(port),
      host: '127.0.0.1',
      noDelay: true,
      servername: 'localhost',
      ...(secureContext === undefined ? {} : { secureContext }),
      ...(session === undefined ? {} : { session }),
      onread: {
        buffer,
        callback: () => {
          socket.destroySoon()
          resolve()
          return true
        }
      }
    }
    const socket = connectTls(options)
    if (mode === 'resume') socket.on('session', (one) => (session = one))
    socket.once('secureConnect', () => socket.write(request))
    socket.once('error', reject)
  })
}

const once = protocol === 'tls' ? tls : smtp

async function connectWhile(hasMore: () => boolean): Promise<void> {
  await Promise.all(
    Array.from({ length: Number(concurrency) }, async () => {
      while (hasMore()) await once()
    })
  )
}

const warmUntilMs = performance.now() + WARMUP_MS
await connectWhile(() => performance.now() < warmUntilMs)
let left = Number(count)
const startMs = performance.now()
await connectWhile(() => left-- > 0)
console.log(Number(count) / ((performance.now() - startMs) / 1000))
