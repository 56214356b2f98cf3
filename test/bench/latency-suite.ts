import { resolve } from 'node:path'
import { median } from '../../shared/insight/statistics.ts'
import { inTurn, REPETITIONS, type Row, type Suite } from './bench.ts'
import { chattermark, httpTransport, smtpTransport } from './chattermark.ts'
import { startNginx } from './http-suite.ts'
import { besideBareTicker } from '../support/bare-ticker.ts'
import { freePort, output, startDelayServer, startServer, stopServer } from './processes.ts'

const BARE = resolve(import.meta.dirname, 'bare-loop.ts')
const MESSAGES = 20_000
/** With answers after this time, 5,000 a second are 1,000 connections. */
const OPEN = { delayMs: 195, rate: 5000, connections: 1000, seconds: 6 }

async function bareUs(protocol: string, port: number): Promise<number> {
  return Number(await output(process.execPath, [BARE, protocol, String(port), String(MESSAGES)]))
}

/** What recording adds to the time of a single message, at one connection. */
export const latencySuite: Suite = {
  name: 'latency',
  async *run() {
    const smtpPort = await freePort()
    const sink = await startServer('smtp-sink', ['-u', 'nobody', `127.0.0.1:${smtpPort}`, '1000'], smtpPort)
    const nginx = await startNginx()
    try {
      yield await row('SMTP', smtpTransport(smtpPort, { pipelining: 'off' }), () => bareUs('smtp', smtpPort))
      yield await scheduleRow()
      yield await row('HTTP', httpTransport(nginx.url), () => bareUs('http', Number(new URL(nginx.url).port)))
    } finally {
      await stopServer(sink)
      await nginx.stop()
    }
  }
}

/** Whether sends start when they are due, with a thousand connections on one worker. */
async function scheduleRow(): Promise<Row> {
  const { delayMs, rate, connections, seconds } = OPEN
  const shares: number[] = []
  const bareShares: number[] = []
  let maxOpen = 0
  for (let run = 0; run < REPETITIONS; run++) {
    const server = await startDelayServer(delayMs)
    const messages = rate * seconds
    const transport = httpTransport(`http://127.0.0.1:${server.port}`)
    const args = ['--workers', '1']
    const load = { transport, concurrency: 2 * connections, messages, rate, args }
    const { result: record, machineLate } = await besideBareTicker(rate, () => chattermark(load))
    bareShares.push(1 - machineLate)
    shares.push(1 - record.startedLate / record.counts.sent)
    maxOpen = Math.max(maxOpen, record.connections.maxOpen)
    await server.stop()
  }
  const share = median(shares)
  return {
    what: `an open load of ${rate}/s over 1,000 connections, one worker`,
    against: 'the schedule',
    bound: null,
    ratios: shares,
    figures:
      `${(share * 100).toFixed(2)} % of starts within 1 ms, ${maxOpen} connections at most; ` +
      `a bare thread beside it woke within 1 ms ${(median(bareShares) * 100).toFixed(2)} % of the time`,
    met: { ok: share >= 0.999, demand: '99.9 % of starts within 1 ms' }
  }
}

async function row(
  name: string,
  transport: Parameters<typeof chattermark>[0]['transport'],
  bare: () => Promise<number>
): Promise<Row> {
  const measured = await inTurn(async () => {
    const { service } = await chattermark({ transport, concurrency: 1, messages: MESSAGES })
    return (service.p50 ?? NaN) * 1000
  }, bare)
  const ratio = median(measured.ratios)
  return {
    what: `${name}, p50 at one connection`,
    against: 'a bare socket loop in the same Node',
    bound: null,
    ratios: measured.ratios,
    figures: `${median(measured.ours).toFixed(0)} µs against ${median(measured.peer).toFixed(0)} µs`,
    met: { ok: ratio <= 1.1, demand: 'at most 10 % longer' }
  }
}
