import { resolve } from 'node:path'
import { median } from '../../shared/statistics.ts'
import { inTurn, type Row, type Suite } from './bench.ts'
import { chattermark, httpTransport, smtpTransport } from './chattermark.ts'
import { startNginx } from './http-suite.ts'
import { freePort, output, startServer, stopServer } from './processes.ts'

const BARE = resolve(import.meta.dirname, 'bare-loop.ts')
const MESSAGES = 20_000

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
      yield await row('HTTP', httpTransport(nginx.url), () => bareUs('http', Number(new URL(nginx.url).port)))
    } finally {
      await stopServer(sink)
      await nginx.stop()
    }
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
