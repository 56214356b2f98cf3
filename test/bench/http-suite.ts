import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { generate } from 'selfsigned'
import { inTurn, rateRow, type Row, type Suite } from './bench.ts'
import { chattermark, httpTransport } from './chattermark.ts'
import { found, freePort, output, startServer, stopServer, temporaryFolder } from './processes.ts'

const BARE_HTTP2 = resolve(import.meta.dirname, 'bare-http2.ts')
const BODY_BYTES = 1024
const MESSAGES = 200_000

interface Peer {
  name: string
  bound: number | null
  /** Requests per second at this many connections. */
  rate(url: string, connections: number, files: Files): Promise<number>
}

interface Files {
  body: string
  wrkScript: string
}

const PEERS: Peer[] = [
  {
    name: 'autocannon',
    bound: 1,
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
    bound: 1,
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
    bound: null,
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
    bound: 0.75,
    rate: async (url, connections, { wrkScript }) =>
      figure(
        /Requests\/sec:\s+([\d.]+)/,
        await output('wrk', ['-t', '1', '-c', String(connections), '-d', '4s', '-s', wrkScript, url])
      )
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
        for (const peer of PEERS.filter(({ name }) => found(name))) {
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
            peer.bound,
            measured
          )
        }
      }
      if (found('h2load')) yield* http2(server)
    } finally {
      await server.stop()
    }
  }
}

/** With one worker and with two, as h2load has no Node in it; the bare loop tells what Node itself can do. */
async function* http2(server: Nginx): AsyncGenerator<Row> {
  const messages = 100_000
  const url = `${server.tlsUrl}/v3/example.com/messages`
  const h2load = async (): Promise<number> =>
    figure(
      /finished in [\d.]+m?s, ([\d.]+) req\/s/,
      await output('h2load', ['-n', String(messages), '-c', '10', '-m', '10', '-d', server.files.body, url])
    )
  const transport = httpTransport(server.tlsUrl, {
    http: { version: '2', streams: 10 },
    tls: { caFile: server.caFile, serverName: 'localhost' }
  })
  const ours = async (workers: number): Promise<number> => {
    const args = ['--workers', String(workers)]
    return (await chattermark({ transport, concurrency: 100, messages, sizeBytes: BODY_BYTES, args }))
      .throughput
  }
  const bare = async (): Promise<number> =>
    Number(await output(process.execPath, [BARE_HTTP2, url, server.caFile, String(messages)]))
  const what = 'HTTP/2 over TLS, 10 connections with 10 streams, 1 KB POST'
  yield rateRow(`${what}, two workers`, 'h2load', 0.35, await inTurn(() => ours(2), h2load))
  yield rateRow(`${what}, one worker`, 'h2load', null, await inTurn(() => ours(1), h2load))
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
  writeFileSync(
    at('post.lua'),
    `wrk.method = "POST"\nwrk.body = string.rep("x", ${BODY_BYTES})\nwrk.headers["Content-Type"] = "application/octet-stream"\n`
  )
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
server { listen 127.0.0.1:${tlsPort} ssl http2; http2_max_concurrent_streams 128;
ssl_certificate ${at('cert.pem')}; ssl_certificate_key ${at('key.pem')}; location / { ${long} } } }`
  )
  const child = await startServer('nginx', ['-e', at('error.log'), '-c', at('nginx.conf')], port)
  return {
    url: `http://127.0.0.1:${port}`,
    tlsUrl: `https://127.0.0.1:${tlsPort}`,
    caFile: at('cert.pem'),
    files: { body: at('body'), wrkScript: at('post.lua') },
    stop: () => stopServer(child)
  }
}

function figure(pattern: RegExp, text: string): number {
  const value = Number(pattern.exec(text)?.[1])
  if (!Number.isFinite(value)) throw new Error(`no figure in: ${text.slice(0, 400)}`)
  return value
}
