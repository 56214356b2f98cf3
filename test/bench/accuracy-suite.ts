import { resolve } from 'node:path'
import { median } from '../../shared/insight/statistics.ts'
import { percentiles, type Percentiles, type Row, type Suite } from './bench.ts'
import { chattermark, httpTransport } from './chattermark.ts'
import { found, output, startDelayServer } from './processes.ts'
import { captureWireTimes } from './wire-times.ts'

const BARE_OPEN = resolve(import.meta.dirname, 'bare-open.ts')
const DELAYS_MS = [0.2, 1, 5, 20]
const CONNECTIONS = [1, 10, 50]
/** Repetitions, of which the median counts, and the seconds of each. */
const RUNS = 3
const SECONDS = 4
/** Share of what the connections could carry, and a rate that neither end has trouble with: well below saturation. */
const LOAD_SHARE = 0.5
const MAX_PER_SECOND = 500

/** Whether what is reported is what the server knows to be true. */
export const accuracySuite: Suite = {
  name: 'accuracy',
  async *run() {
    if (!found('tshark')) throw new Error('tshark is not installed')
    for (const delayMs of DELAYS_MS) {
      for (const connections of CONNECTIONS) {
        yield await accuracy(delayMs, connections)
      }
    }
  }
}

async function accuracy(delayMs: number, connections: number): Promise<Row> {
  const rate = Math.min(MAX_PER_SECOND, Math.round((LOAD_SHARE * connections * 1000) / delayMs))
  const runs: Comparison[] = []
  const bare: Comparison[] = []
  for (let run = 0; run < RUNS; run++) {
    runs.push(await compare(delayMs, rate, (port) => ours(port, connections, rate)))
    bare.push(await compare(delayMs, rate, (port) => bareLoop(port, connections, rate)))
  }
  const offMs = (which: Comparison[], key: keyof Percentiles): number =>
    median(which.map(({ told, truth }) => told[key] - truth[key]))
  const isRight = (key: keyof Percentiles): boolean =>
    Math.abs(offMs(runs, key)) <= 0.01 * median(runs.map(({ truth }) => truth[key])) + 0.3 ||
    Math.abs(offMs(runs, key)) <= Math.abs(offMs(bare, key))
  const shown = (which: Comparison[]): string =>
    `p50 ${offMs(which, 'p50Ms').toFixed(3)} ms, p99 ${offMs(which, 'p99Ms').toFixed(3)} ms off`
  return {
    what: `accuracy: ${delayMs} ms per answer, ${connections} connections, ${rate}/s`,
    against: 'the packets on the wire',
    bound: null,
    ratios: runs.map(({ told, truth }) => told.p50Ms / truth.p50Ms),
    figures: `${shown(runs)}; a bare socket loop ${shown(bare)}`,
    met: {
      ok: isRight('p50Ms') && isRight('p99Ms'),
      demand: 'p50 and p99 within 1 % + 0.3 ms, or no further off than a bare socket loop'
    }
  }
}

interface Comparison {
  told: Percentiles
  truth: Percentiles
}

/** Holds what a program tells of a load against the packets that it sent. */
async function compare(
  delayMs: number,
  rate: number,
  load: (port: number) => Promise<Percentiles>
): Promise<Comparison> {
  const server = await startDelayServer(delayMs)
  const capture = await captureWireTimes(server.port)
  const told = await load(server.port)
  const truth = percentiles((await capture.times()).slice(-rate * SECONDS))
  await server.stop()
  return { told, truth }
}

async function ours(port: number, connections: number, rate: number): Promise<Percentiles> {
  const { service } = await chattermark({
    transport: httpTransport(`http://127.0.0.1:${port}`),
    concurrency: connections,
    messages: rate * SECONDS,
    rate
  })
  return { p50Ms: service.p50 ?? NaN, p99Ms: service.p99 ?? NaN }
}

async function bareLoop(port: number, connections: number, rate: number): Promise<Percentiles> {
  const args = [port, connections, rate, rate * SECONDS].map(String)
  return JSON.parse(await output(process.execPath, [BARE_OPEN, ...args])) as Percentiles
}
