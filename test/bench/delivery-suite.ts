import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { median } from '../../shared/insight/statistics.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { TransportRecord } from '../../shared/record/run-record.ts'
import type { Suite } from './bench.ts'
import { chattermark, CLI, smtpTransport } from './chattermark.ts'

const RATE = 1000
const LONG_SECONDS = 60
/** Pairs with and without, and how long each run of them is. */
const PAIRS = 4
const SHORT_SECONDS = 8
const LANES = 50
const TOKEN_VARIABLE = 'CHATTERMARK_RECEIVER_TOKEN'

/**
 * What it costs to wait for arrivals. The sandbox passes its messages on to a `chattermark receive` in every run; with a
 * delivery the run asks it, without one nobody does.
 */
export const deliverySuite: Suite = {
  name: 'delivery',
  async *run() {
    process.env[TOKEN_VARIABLE] = 'token-of-the-benchmark'
    const receiver = await startReceiver()
    const sandbox = await startSandbox({ relay: { host: '127.0.0.1', port: receiver.smtpPort } })
    const { url } = receiver
    const delivery: PlanInput['delivery'] = {
      receiver: 'sink',
      ...{ url, token: { env: TOKEN_VARIABLE }, deadlineSeconds: 60 }
    }
    try {
      const long = await send(sandbox, LONG_SECONDS, delivery)
      const { arrived = 0, lost = 0, pending = 0, duplicates = 0 } = long.delivery ?? {}
      yield {
        what: `${RATE} messages a second for ${LONG_SECONDS} s reach the receiver`,
        against: 'what was accepted',
        bound: null,
        ratios: [arrived / long.counts.accepted],
        figures: `${arrived} of ${long.counts.accepted} arrived, ${lost} lost, ${pending} still due, ${duplicates} twice; delivery p50 ${ms(long.delivery?.p50)}, p99 ${ms(long.delivery?.p99)}, known to ${ms(long.delivery?.resolutionMs)}`,
        met: { ok: arrived === long.counts.accepted && duplicates === 0, demand: 'all, once' }
      }
      const pairs: { without: TransportRecord; with: TransportRecord }[] = []
      for (let pair = 0; pair < PAIRS; pair++) {
        pairs.push({
          without: await send(sandbox, SHORT_SECONDS, undefined),
          with: await send(sandbox, SHORT_SECONDS, delivery)
        })
      }
      for (const percentile of ['p50', 'p99'] as const) {
        const without = pairs.map((pair) => pair.without.response[percentile] ?? Number.NaN)
        const withIt = pairs.map((pair) => pair.with.response[percentile] ?? Number.NaN)
        const spread = Math.max(...without) - Math.min(...without)
        const difference = median(withIt) - median(without)
        yield {
          what: `response ${percentile} at ${RATE}/s with arrivals looked at`,
          against: 'the same without',
          bound: null,
          ratios: pairs.map((_, pair) => (withIt[pair] ?? 0) / (without[pair] ?? 1)),
          figures: `${ms(median(withIt))} against ${ms(median(without))}, which spread over ${ms(spread)}`,
          met: { ok: Math.abs(difference) < spread, demand: 'the medians differ by less than the spread' }
        }
      }
    } finally {
      await sandbox.stop()
      await receiver.stop()
    }
  }
}

function ms(value: number | null | undefined): string {
  return `${(value ?? Number.NaN).toFixed(3)} ms`
}

function send(sandbox: Sandbox, seconds: number, delivery: PlanInput['delivery']): Promise<TransportRecord> {
  return chattermark({
    transport: smtpTransport(sandbox.smtpPort),
    ...{ concurrency: LANES, messages: RATE * seconds, rate: RATE, warmupSeconds: 1 },
    ...(delivery === undefined ? {} : { delivery })
  })
}

/** `chattermark receive`, a process of its own. */
async function startReceiver(): Promise<{ smtpPort: number; url: string; stop(): Promise<void> }> {
  const args = [CLI, 'receive', '--port', '0', '--http', '0', '--format', 'json']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.setEncoding('utf8')
  while (!text.trimEnd().endsWith('}')) text += String((await once(child.stdout, 'data'))[0])
  return {
    ...(JSON.parse(text) as { smtpPort: number; url: string }),
    async stop() {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  }
}
