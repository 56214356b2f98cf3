import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { generate } from 'selfsigned'
import { firstSecondRow, inTurn, rateRow, type Row, type Suite } from './bench.ts'
import { chattermark, httpTransport } from './chattermark.ts'
import { found, freePort, output, startServer, stopServer, temporaryFolder } from './processes.ts'

const BARE_RATE = resolve(import.meta.dirname, 'bare-rate.ts')
const BARE_HTTP2 = resolve(import.meta.dirname, 'bare-http2.ts')
const BODY_BYTES = 1024
const LARGE_BODY_BYTES = 102_400
const MESSAGES = 200_000
const LARGE_MESSAGES = 30_000

interface Peer {
  name: string
  /** What it needs; the program of its name where left out. */
  program?: string
  /** Least ratio at this many connections. */
  bound: (connections: number) => number | null
  /** Requests per second at this many connections. */
  rate(url: string, connections: number, files: Files): Promise<number>
}

interface Files {
  body: string
  wrkScript: string
  largeBody: string
  wrkLargeScript: string
}

const PEERS: Peer[] = [
  {
    name: 'autocannon',
    bound: () => 1,
    rate: async (url, connections, { body }) => {
      const args = ['-c', String(connections), '-a', String(MESSAGES), '-m', 'POST', '-i', body, '-j', url]
      const text = await output('autocannon', args)
      const { requests, start, finish } = JSON.parse(text.slice(text.indexOf('{"'))) as {
        requests: { total: number }
        start: string
        finish: string
      }
      return requests.total / ((Date.parse(finish) - Date.parse(start)) / 1000)
    }
  },
  {
    name: 'hey',
    bound: () => 1,
    rate: async (url, connections, { body }) =>
      figure(
        /Requests\/sec:\s+([\d.]+)/,
        await output('hey', [
          '-n',
          String(MESSAGES),
          '-c',
          String(connections),
          '-m',
          'POST',
          '-D',
          body,
          url
        ])
      )
  },
  {
    name: 'ab',
    bound: () => null,
    rate: async (url, connections, { body }) =>
      figure(
        /Requests per second:\s+([\d.]+)/,
        await output('ab', [
          '-q',
          '-k',
          '-n',
          String(MESSAGES),
          '-c',
          String(connections),
          '-p',
          body,
          '-T',
          'application/octet-stream',
          url
        ])
      )
  },
  {
    name: 'wrk',
    bound: (connections) => (connections === 10 ? 0.9 : 0.75),
    rate: (url, connections, { wrkScript }) => wrk(url, connections, wrkScript)
  },
  {
    name: 'a bare socket loop in the same Node',
    program: process.execPath,
    bound: () => null,
    rate: async (url, connections) => {
      const load = [new URL(url).port, connections, BODY_BYTES, MESSAGES].map(String)
      return Number(await output(process.execPath, [BARE_RATE, ...load]))
    }
  }
]

/** The wire clients against the well-known load generators, all to nginx. */
export const httpSuite: Suite = {
  name: 'http',
  async *run() {
    if (!found('nginx')) throw new Error('nginx is not installed')
    const server = await startNginx()
    try {
      for (const connections of [10, 50]) {
        for (const peer of PEERS.filter(({ name, program = name }) => found(program))) {
          const ours = httpTransport(server.url)
          const measured = await inTurn(
            async () =>
              (
                await chattermark({
                  transport: ours,
                  concurrency: connections,
                  messages: MESSAGES,
                  sizeBytes: BODY_BYTES
                })
              ).throughput,
            () => peer.rate(`${server.url}/v3/example.com/messages`, connections, server.files)
          )
          yield rateRow(
            `HTTP/1.1 keep-alive, ${connections} connections, 1 KB POST`,
            peer.name,
            peer.bound(connections),
            measured
          )
        }
      }
      if (found('wrk')) yield await large(server)
      yield await firstSecondRow('HTTP/1.1', (load) =>
        chattermark({ transport: httpTransport(server.url), ...load })
      )
      if (found('h2load')) yield* http2(server)
    } finally {
      await server.stop()
    }
  }
}

async function wrk(url: string, connections: number, script: string): Promise<number> {
  const args = ['-t', '1', '-c', String(connections), '-d', '4s', '-s', script, url]
  return figure(/Requests\/sec:\s+([\d.]+)/, await output('wrk', args))
}

async function large({ url, files }: Nginx): Promise<Row> {
  const load = { concurrency: 10, messages: LARGE_MESSAGES, sizeBytes: LARGE_BODY_BYTES }
  return rateRow(
    'HTTP/1.1 keep-alive, 10 connections, 100 KB POST',
    'wrk',
    0.95,
    await inTurn(
      async () => (await chattermark({ transport: httpTransport(url), ...load })).throughput,
      () => wrk(`${url}/v3/example.com/messages`, 10, files.wrkLargeScript)
    )
  )
}

interface Http2Shape {
  connections: number
  streams: number
  body?: string
  sizeBytes?: number
  path?: string
  count?: number
}
const TEN_BY_TEN: Http2Shape = { connections: 10, streams: 10 }

/** With one worker and with two, as h2load has no Node in it; the bare loop tells what Node itself can do. */
async function* http2(server: Nginx): AsyncGenerator<Row> {
  const messages = 100_000
  const url = `${server.tlsUrl}/v3/example.com/messages`
  const h2load = (shape: Http2Shape = TEN_BY_TEN): Promise<number> => {
    const { connections, streams, body = server.files.body, path = '', count = messages } = shape
    return output('h2load', [
      ...['-n', String(count), '-c', String(connections), '-m', String(streams)],
      ...['-d', body, `${server.tlsUrl}${path}/v3/example.com/messages`]
    ]).then((text) => figure(/finished in [\d.]+m?s, ([\d.]+) req\/s/, text))
  }
  const ours = async (workers: number, shape: Http2Shape = TEN_BY_TEN): Promise<number> => {
    const { connections, streams, sizeBytes = BODY_BYTES, path = '', count = messages } = shape
    const transport = httpTransport(`${server.tlsUrl}${path}`, {
      http: { version: '2', streams },
      tls: { caFile: server.caFile, serverName: 'localhost' }
    })
    const args = ['--workers', String(workers)]
    const concurrency = connections * streams
    return (await chattermark({ transport, concurrency, messages: count, sizeBytes, args })).throughput
  }
  const bare = async (): Promise<number> =>
    Number(await output(process.execPath, [BARE_HTTP2, url, server.caFile, String(messages)]))
  const what = 'HTTP/2 over TLS, 10 connections with 10 streams, 1 KB POST'
  yield rateRow(
    `${what}, two workers`,
    'h2load',
    0.35,
    await inTurn(
      () => ours(2),
      () => h2load()
    )
  )
  yield rateRow(
    `${what}, one worker`,
    'h2load',
    0.9,
    await inTurn(
      () => ours(1),
      () => h2load()
    )
  )
  const one: Http2Shape = { connections: 1, streams: 100 }
  yield rateRow(
    'HTTP/2 over TLS, one connection with 100 streams, 1 KB POST, one worker',
    'h2load',
    0.9,
    await inTurn(
      () => ours(1, one),
      () => h2load(one)
    )
  )
  const large: Http2Shape = {
    ...TEN_BY_TEN,
    body: server.files.largeBody,
    sizeBytes: LARGE_BODY_BYTES,
    path: '/large',
    count: LARGE_MESSAGES / 3
  }
  yield rateRow(
    'HTTP/2 over TLS, 10 connections with 10 streams, 100 KB POST, one worker',
    'h2load',
    0.95,
    await inTurn(
      () => ours(1, large),
      () => h2load(large)
    )
  )
  yield rateRow(`${what}, one worker`, 'Node’s http2 in a bare loop', null, await inTurn(() => ours(1), bare))
}

export interface Nginx {
  url: string
  tlsUrl: string
  caFile: string
  files: Files
  stop(): Promise<void>
}

/** nginx with one worker that takes every POST and answers as Mailgun does. */
export async function startNginx(): Promise<Nginx> {
  const folder = temporaryFolder()
  const [port, tlsPort] = [await freePort(), await freePort()]
  const certificate = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }]
  })
  const at = (name: string): string => join(folder, name)
  writeFileSync(at('cert.pem'), certificate.cert)
  writeFileSync(at('key.pem'), certificate.private, { mode: 0o600 })
  writeFileSync(at('body'), 'x'.repeat(BODY_BYTES))
  writeFileSync(at('large'), 'x'.repeat(LARGE_BODY_BYTES))
  const script = (bytes: number): string =>
    `wrk.method = "POST"\nwrk.body = string.rep("x", ${bytes})\nwrk.headers["Content-Type"] = "application/octet-stream"\n`
  writeFileSync(at('post.lua'), script(BODY_BYTES))
  writeFileSync(at('large.lua'), script(LARGE_BODY_BYTES))
  const answer = (message: string): string =>
    `default_type application/json; return 200 '{"id":"<1@example.com>","message":"${message}"}';`
  // nginx answers before it has read the body, then counts the rest as an HTTP/2 flood, unless it says much itself.
  const long = answer('Queued. Thank you.'.repeat(20))
  writeFileSync(
    at('nginx.conf'),
    `daemon off; worker_processes 1; pid ${at('pid')}; error_log ${at('error.log')} crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 1000000000; client_max_body_size 100m; tcp_nodelay on;
client_body_temp_path ${at('b')}; proxy_temp_path ${at('p')}; fastcgi_temp_path ${at('f')}; uwsgi_temp_path ${at('u')}; scgi_temp_path ${at('s')};
server { listen 127.0.0.1:${port}; location / { ${answer('Queued. Thank you.')} } }
server { listen 127.0.0.1:${tlsPort} ssl http2; http2_max_concurrent_streams 128; http2_body_preread_size 128k;
ssl_certificate ${at('cert.pem')}; ssl_certificate_key ${at('key.pem')}; location / { ${long} }
location /large/ { client_body_buffer_size 200k; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://up; } }
upstream up { server 127.0.0.1:${port}; keepalive 100; } }`
  )
  const child = await startServer('nginx', ['-e', at('error.log'), '-c', at('nginx.conf')], port)
  return {
    url: `http://127.0.0.1:${port}`,
    tlsUrl: `https://127.0.0.1:${tlsPort}`,
    caFile: at('cert.pem'),
    files: {
      body: at('body'),
      wrkScript: at('post.lua'),
      largeBody: at('large'),
      wrkLargeScript: at('large.lua')
    },
    stop: () => stopServer(child)
  }
}

function figure(pattern: RegExp, text: string): number {
  const value = Number(pattern.exec(text)?.[1])
  if (!Number.isFinite(value)) throw new Error(`no figure in: ${text.slice(0, 400)}`)
  return value
}
