import { writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { startSandbox } from '../../electron/sandbox/sandbox.ts'
import { startPostfix, type Postfix } from '../support/postfix.ts'
import { inTurn, rateRow, type Row, type Suite } from './bench.ts'
import { chattermark, httpTransport, smtpTransport, type TransportInput } from './chattermark.ts'
import { startNginx } from './http-suite.ts'
import { found, freePort, output, startServer, stopServer, temporaryFolder } from './processes.ts'

const BARE = resolve(import.meta.dirname, 'bare-library.ts')
const BARE_COLD = resolve(import.meta.dirname, 'bare-cold.ts')
const POSTAL_MS = 10_000

async function bare(client: string, target: string, messages: number, concurrency: number): Promise<number> {
  return Number(await output(process.execPath, [BARE, client, target, String(messages), String(concurrency)]))
}

/** The library clients against the same libraries called bare, and STARTTLS against who else can do it. */
export const clientsSuite: Suite = {
  name: 'clients',
  async *run() {
    yield await nodemailerRow()
    yield await undiciRow()
    yield await starttlsRow(false)
    yield await starttlsRow(true)
    if (found('openssl')) yield* handshakeRows()
    if (found('postal')) yield await postalRow()
  }
}

async function nodemailerRow(): Promise<Row> {
  const port = await freePort()
  const sink = await startServer('smtp-sink', ['-u', 'nobody', `127.0.0.1:${port}`, '1000'], port)
  const messages = 10_000
  try {
    const transport = smtpTransport(port, { client: 'nodemailer' })
    const measured = await inTurn(
      async () => (await chattermark({ transport, concurrency: 10, messages })).throughput,
      () => bare('nodemailer', `127.0.0.1:${port}`, messages, 10)
    )
    return rateRow(
      'nodemailer client, 10 warm connections',
      'nodemailer, pooled, in a bare loop',
      0.9,
      measured
    )
  } finally {
    await stopServer(sink)
  }
}

async function undiciRow(): Promise<Row> {
  const server = await startNginx()
  const messages = 50_000
  try {
    const transport = httpTransport(server.url, { client: 'undici' })
    const measured = await inTurn(
      async () => (await chattermark({ transport, concurrency: 10, messages })).throughput,
      () => bare('undici', `${server.url}/v3/example.com/messages`, messages, 10)
    )
    return rateRow('undici client, 10 connections', 'undici request in a bare loop', 0.9, measured)
  } finally {
    await server.stop()
  }
}

const STARTTLS_WHAT = 'SMTP STARTTLS, a connection per message, 10 at a time'

function starttlsTransport(port: number, caFile: string, resume = false): TransportInput {
  return smtpTransport(port, {
    security: 'starttls',
    messagesPerConnection: 1,
    tls: { caFile, serverName: 'localhost', resume }
  })
}

/** nodemailer never resumes a session. */
async function starttlsRow(resume: boolean): Promise<Row> {
  const sandbox = await startSandbox()
  const messages = 5000
  const transport = starttlsTransport(sandbox.smtpPort, sandbox.caFile, resume)
  try {
    const measured = await inTurn(
      async () => (await chattermark({ transport, concurrency: 10, messages })).throughput,
      () => bare('nodemailer-starttls', `127.0.0.1:${sandbox.smtpPort}`, messages, 10)
    )
    const what = `${STARTTLS_WHAT}, sessions ${resume ? '' : 'not '}resumed`
    return rateRow(what, 'nodemailer in a bare loop, both to the sandbox', 2, measured)
  } finally {
    await sandbox.stop()
  }
}

const HANDSHAKES = 4000
const S_TIME_SECONDS = 4

/** One HTTPS connection after another to nginx: what a TLS handshake costs here, in OpenSSL alone, and in Node alone. */
async function* handshakeRows(): AsyncGenerator<Row> {
  const server = await startNginx()
  const { host, port } = new URL(server.tlsUrl)
  try {
    for (const mode of ['new', 'reuse'] as const) {
      const transport = httpTransport(server.tlsUrl, {
        http: { version: '1.1', keepAlive: false },
        tls: { caFile: server.caFile, serverName: 'localhost', resume: mode === 'reuse' }
      })
      const ours = async (): Promise<number> =>
        (await chattermark({ transport, concurrency: 1, messages: HANDSHAKES, sizeBytes: 100 })).throughput
      const sTime = async (): Promise<number> => {
        const args = ['s_time', '-connect', host, `-${mode}`, '-www', '/', '-time', String(S_TIME_SECONDS)]
        const text = await output('openssl', args)
        return Number(/(\d+) connections in \d+ real/.exec(text)?.[1]) / S_TIME_SECONDS
      }
      const node = async (): Promise<number> => {
        const resumes = mode === 'reuse' ? 'resume' : 'new'
        const args = ['tls', port, String(HANDSHAKES), '1', server.caFile, resumes]
        return Number(await output(process.execPath, [BARE_COLD, ...args]))
      }
      const what = `TLS, a connection per request, one at a time, sessions ${mode === 'new' ? 'not ' : ''}resumed`
      yield rateRow(what, 'openssl s_time', 0.9, await inTurn(ours, sTime))
      yield rateRow(what, 'tls.connect of the same Node in a bare loop', null, await inTurn(ours, node))
    }
  } finally {
    await server.stop()
  }
}

/** postal speaks only the anonymous ciphers of TLS 1.2, which Node's TLS does not have: a real Postfix takes both. */
async function postalRow(): Promise<Row> {
  const postfix = await startPostfix()
  const caFile = join(temporaryFolder(), 'ca.pem')
  writeFileSync(caFile, postfix.caPem)
  const transport = starttlsTransport(postfix.port, caFile)
  try {
    const measured = await inTurn(
      async () => {
        const { throughput } = await chattermark({ transport, concurrency: 10, messages: 2000 })
        await postfix.untilDelivered(0)
        postfix.clear()
        return throughput
      },
      () => postal(postfix)
    )
    return rateRow(STARTTLS_WHAT, 'postal -s 100, both to Postfix', 2, measured)
  } finally {
    await postfix.stop()
  }
}

/** postal runs until it is ended and reports whole minutes, so what arrives is counted. */
async function postal(postfix: Postfix): Promise<number> {
  const users = join(temporaryFolder(), 'users')
  writeFileSync(users, 'sink@example.com\n')
  const args = ['-t', '10', '-c', '1', '-s', '100', '-m', '1', '-M', '1', '-r', '1000000']
  const startMs = performance.now()
  const child = spawn('postal', [...args, `[127.0.0.1]${postfix.port}`, users], {
    cwd: temporaryFolder(),
    stdio: 'ignore'
  })
  await new Promise((resolve) => setTimeout(resolve, POSTAL_MS))
  child.kill('SIGKILL')
  const seconds = (performance.now() - startMs) / 1000
  await postfix.untilDelivered(1)
  const arrived = postfix.delivered().length
  postfix.clear()
  return arrived / seconds
}
