/**
 * Node's http2 as a bare loop over 10 connections with 10 streams each, without any recording.
 * Usage: bare-http2.ts URL CA_FILE COUNT; prints requests per second.
 */
import { readFileSync } from 'node:fs'
import { connect, type ClientHttp2Session } from 'node:http2'

const CONNECTIONS = 10
const STREAMS = 10
const WARMUP_MS = 3000

const [url = '', caFile = '', count = '0'] = process.argv.slice(2)
const { origin, pathname } = new URL(url)
const body = Buffer.alloc(1024, 'x')
const headers = { ':method': 'POST', ':path': pathname, 'content-length': body.length }

function send(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: false })
    stream.on('end', resolve)
    stream.on('error', reject)
    stream.resume()
    stream.end(body)
  })
}

async function sendWhile(hasMore: () => boolean): Promise<void> {
  const lanes = sessions.flatMap((session) => Array.from({ length: STREAMS }, () => session))
  await Promise.all(
    lanes.map(async (session) => {
      while (hasMore()) await send(session)
    })
  )
}

const sessions = Array.from({ length: CONNECTIONS }, () =>
  connect(origin, { ca: readFileSync(caFile), servername: 'localhost' })
)
const warmUntilMs = performance.now() + WARMUP_MS
await sendWhile(() => performance.now() < warmUntilMs)
let left = Number(count)
const startMs = performance.now()
await sendWhile(() => left-- > 0)
console.log(Number(count) / ((performance.now() - startMs) / 1000))
for (const session of sessions) session.close()
