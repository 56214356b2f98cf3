import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { median } from '../../shared/statistics.ts'
import { percentiles, type Percentiles, type Row, type Suite } from './bench.ts'
import { chattermark, httpTransport } from './chattermark.ts'
import { found, stopServer } from './processes.ts'
import { captureWireTimes } from './wire-times.ts'

const SERVER = resolve(import.meta.dirname, '../support/known-delay-server.ts')
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
  for (let run = 0; run < RUNS; run++) runs.push(await compare(delayMs, connections, rate))
  const p50OffMs = median(runs.map(({ told, truth }) => told.p50Ms - truth.p50Ms))
  const p99OffMs = median(runs.map(({ told, truth }) => told.p99Ms - truth.p99Ms))
  const allowedMs = (key: keyof Percentiles): number =>
    0.01 * median(runs.map(({ truth }) => truth[key])) + 0.3
  return {
    what: `accuracy: ${delayMs} ms per answer, ${connections} connections, ${rate}/s`,
    against: 'the packets on the wire',
    bound: null,
    ratios: runs.map(({ told, truth }) => told.p50Ms / truth.p50Ms),
    figures: `p50 ${p50OffMs.toFixed(3)} ms, p99 ${p99OffMs.toFixed(3)} ms off`,
    met: {
      ok: Math.abs(p50OffMs) <= allowedMs('p50Ms') && Math.abs(p99OffMs) <= allowedMs('p99Ms'),
      demand: 'p50 and p99 within 1 % + 0.3 ms'
    }
  }
}

interface Comparison {
  told: Percentiles
  truth: Percentiles
}

async function compare(delayMs: number, connections: number, rate: number): Promise<Comparison> {
  const server = spawn(process.execPath, [SERVER, String(delayMs)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = (await once(createInterface({ input: server.stdout }), 'line')) as [string]
  const capture = await captureWireTimes(Number(port))
  const messages = rate * SECONDS
  const { service } = await chattermark({
    transport: httpTransport(`http://127.0.0.1:${port}`),
    concurrency: connections,
    messages,
    rate
  })
  const truth = percentiles((await capture.times()).slice(-messages))
  await stopServer(server)
  return { told: { p50Ms: service.p50 ?? NaN, p99Ms: service.p99 ?? NaN }, truth }
}
