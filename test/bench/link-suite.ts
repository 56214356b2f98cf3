import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { DELAY_LINK_HOST, startDelayLink } from '../../electron/sandbox/delay-link.ts'
import { percentiles, type Percentiles, type Row, type Suite } from './bench.ts'

const RTTS_MS = [5, 20, 100, 300]
const CONNECTIONS = 50
const SECONDS = 5
/** Each connection begins an exchange this often, or once a round trip when that is longer. */
const EVERY_MS = 50
const P50_LIMIT_MS = 0.3
const P99_LIMIT_MS = 1.5

/** Whether an exchange of one turn through the delay link takes the round trip that was asked for. */
export const linkSuite: Suite = {
  name: 'link',
  async *run() {
    const echo = new Worker(new URL(import.meta.url))
    try {
      const [port] = (await once(echo, 'message')) as [number]
      const direct = percentiles(await allExchanges(port, '127.0.0.1', 0))
      for (const rttMs of RTTS_MS) yield await accuracy(port, rttMs, direct)
    } finally {
      await echo.terminate()
    }
  }
}

/** @param direct what the same exchanges take without the link: the machine's own share */
async function accuracy(port: number, rttMs: number, direct: Percentiles): Promise<Row> {
  const link = await startDelayLink({ targets: [{ host: '127.0.0.1', port }], rttMs })
  try {
    const times = await allExchanges(link.ports[0] ?? 0, DELAY_LINK_HOST, rttMs)
    const { p50Ms, p99Ms } = percentiles(times)
    const off = { p50Ms: p50Ms - direct.p50Ms - rttMs, p99Ms: p99Ms - direct.p99Ms - rttMs }
    return {
      what: `delay link, ${rttMs} ms, ${CONNECTIONS} connections`,
      against: 'the round trip that was asked for, on top of the exchange without the link',
      bound: null,
      ratios: [(rttMs + off.p50Ms) / rttMs],
      figures: `p50 ${off.p50Ms.toFixed(3)} ms, p99 ${off.p99Ms.toFixed(3)} ms off; ${times.length} exchanges, without the link p50 ${direct.p50Ms.toFixed(3)} ms, p99 ${direct.p99Ms.toFixed(3)} ms`,
      met: {
        ok: Math.abs(off.p50Ms) <= P50_LIMIT_MS && Math.abs(off.p99Ms) <= P99_LIMIT_MS,
        demand: `p50 within ${P50_LIMIT_MS} ms, p99 within ${P99_LIMIT_MS} ms`
      }
    }
  } finally {
    await link.stop()
  }
}

async function allExchanges(port: number, host: string, rttMs: number): Promise<number[]> {
  const measured = await Promise.all(
    Array.from({ length: CONNECTIONS }, (_, index) => exchanges(port, host, rttMs, index))
  )
  return measured.flat()
}

/** Times of the exchanges of one connection, ms; the opening is not among them. */
async function exchanges(port: number, host: string, rttMs: number, index: number): Promise<number[]> {
  const socket = connect({ port, host, noDelay: true })
  await once(socket, 'connect')
  await exchange(socket)
  const times: number[] = []
  const everyMs = Math.max(EVERY_MS, rttMs)
  await new Promise((resolve) => setTimeout(resolve, (index / CONNECTIONS) * everyMs))
  const untilMs = performance.now() + SECONDS * 1000
  while (performance.now() < untilMs) {
    const tookMs = await exchange(socket)
    times.push(tookMs)
    if (tookMs < everyMs) await new Promise((resolve) => setTimeout(resolve, everyMs - tookMs))
  }
  socket.destroy()
  return times
}

async function exchange(socket: Socket): Promise<number> {
  const startedMs = performance.now()
  socket.write('x')
  await once(socket, 'data')
  return performance.now() - startedMs
}

if (!isMainThread) {
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port))
}
