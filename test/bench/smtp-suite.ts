import { resolve } from 'node:path'
import { firstSecondRow, inTurn, rateRow, seconds, type Row, type Suite } from './bench.ts'
import { chattermark, smtpTransport } from './chattermark.ts'
import { found, freePort, output, startServer, stopServer } from './processes.ts'

interface Shape {
  what: string
  bound: number
  concurrency: number
  messages: number
  sizeBytes: number
  kept: boolean
  pipelining: 'auto' | 'off'
}

const SHAPES: Shape[] = [
  {
    what: 'SMTP, 10 warm connections, 1 KB',
    bound: 1,
    concurrency: 10,
    messages: 100_000,
    sizeBytes: 1024,
    kept: true,
    pipelining: 'off'
  },
  {
    what: 'SMTP, 50 warm connections, 1 KB',
    bound: 1,
    concurrency: 50,
    messages: 100_000,
    sizeBytes: 1024,
    kept: true,
    pipelining: 'off'
  },
  {
    what: 'SMTP, 10 warm connections, 1 KB, PIPELINING',
    bound: 1.4,
    concurrency: 10,
    messages: 100_000,
    sizeBytes: 1024,
    kept: true,
    pipelining: 'auto'
  },
  {
    what: 'SMTP, 50 warm connections, 1 KB, PIPELINING',
    bound: 1.4,
    concurrency: 50,
    messages: 100_000,
    sizeBytes: 1024,
    kept: true,
    pipelining: 'auto'
  },
  {
    what: 'SMTP, a connection per message, 10 at a time',
    bound: 0.95,
    concurrency: 10,
    messages: 40_000,
    sizeBytes: 1024,
    kept: false,
    pipelining: 'off'
  },
  {
    what: 'SMTP, 100 KB, 10 warm connections',
    bound: 1,
    concurrency: 10,
    messages: 10_000,
    sizeBytes: 102_400,
    kept: true,
    pipelining: 'off'
  }
]

const BARE_COLD = resolve(import.meta.dirname, 'bare-cold.ts')

/** What our header has more than smtp-source's: both send the same number of bytes. */
const HEADER_DIFFERENCE_BYTES = 200

/** The wire client against Postfix's load generator, both to Postfix's sink. */
export const smtpSuite: Suite = {
  name: 'smtp',
  async *run() {
    if (!found('smtp-source') || !found('smtp-sink'))
      throw new Error('smtp-source and smtp-sink (Postfix) are not installed')
    const port = await freePort()
    const sink = await startServer('smtp-sink', ['-u', 'nobody', `127.0.0.1:${port}`, '1000'], port)
    try {
      for (const shape of SHAPES) yield await compare(shape, port)
      yield await besideBareLoop(port)
      yield await firstSecondRow('SMTP', (load) => chattermark({ transport: smtpTransport(port), ...load }))
      yield await sendsFile(port)
      yield await scaling(port)
    } finally {
      await stopServer(sink)
    }
  }
}

async function compare(shape: Shape, port: number): Promise<Row> {
  const { concurrency, messages, sizeBytes, kept, pipelining } = shape
  const sessions = ['-s', String(concurrency), '-m', String(messages), '-l', String(sizeBytes)]
  const addresses = ['-f', 'bench@example.com', '-t', 'sink@example.com', `127.0.0.1:${port}`]
  const transport = smtpTransport(port, { pipelining, messagesPerConnection: kept ? null : 1 })
  const measured = await inTurn(
    async () =>
      (
        await chattermark({
          transport,
          concurrency,
          messages,
          sizeBytes: sizeBytes - HEADER_DIFFERENCE_BYTES
        })
      ).throughput,
    async () =>
      messages /
      (await seconds(() => output('smtp-source', [...(kept ? ['-d'] : []), ...sessions, ...addresses])))
  )
  return rateRow(shape.what, 'Postfix smtp-source', shape.bound, measured)
}

/** What Node itself can do where every message connects: what is missing to smtp-source beyond this is ours. */
async function besideBareLoop(port: number): Promise<Row> {
  const messages = 40_000
  const transport = smtpTransport(port, { pipelining: 'off', messagesPerConnection: 1 })
  const measured = await inTurn(
    async () => (await chattermark({ transport, concurrency: 10, messages, sizeBytes: 824 })).throughput,
    async () =>
      Number(await output(process.execPath, [BARE_COLD, 'smtp', String(port), String(messages), '10']))
  )
  return rateRow(
    'SMTP, a connection per message, 10 at a time',
    'a bare socket loop in the same Node',
    null,
    measured
  )
}

/** What writing every single send costs. */
async function sendsFile(port: number): Promise<Row> {
  const load = { transport: smtpTransport(port), concurrency: 10, messages: 100_000 }
  const measured = await inTurn(
    async () => (await chattermark({ ...load, args: ['--sends'] })).throughput,
    async () => (await chattermark(load)).throughput
  )
  return rateRow('sends.csv on, warm, PIPELINING', 'itself without', 0.7, measured)
}

/** Whether a second worker loses anything where client and server share two cores. */
async function scaling(port: number): Promise<Row> {
  const load = { transport: smtpTransport(port), concurrency: 20, messages: 100_000 }
  const measured = await inTurn(
    async () => (await chattermark({ ...load, args: ['--workers', '2'] })).throughput,
    async () => (await chattermark({ ...load, args: ['--workers', '1'] })).throughput
  )
  return rateRow('two workers, 20 connections, PIPELINING', 'one worker', 1, measured)
}
