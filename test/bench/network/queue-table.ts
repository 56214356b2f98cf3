import type { PlanInput } from '../../../shared/plan/plan.ts'
import { networkUnderLoad } from '../../../shared/insight/loaded-rtt.ts'
import { msText } from './parts-table.ts'
import { networkPlan } from './plans.ts'
import { openRealLink, type RealLinkOptions } from './real-link.ts'
import type { Table, TableRow } from './tables.ts'

const RTT_MS = 40
const SECONDS = 10
const SIZE = 10_000

interface Case {
  what: string
  mbitPerSecond?: number
  thinkMs: number
  rate: number
  tells: 'queued' | 'level'
}

/** 10 KB a message: 60 of them a second are 5 Mbit/s. */
const CASES: readonly Case[] = [
  { what: 'nothing is short', thinkMs: 0, rate: 20, tells: 'level' },
  { what: 'the network is: 4 Mbit/s', mbitPerSecond: 4, thinkMs: 0, rate: 60, tells: 'queued' },
  { what: 'the server is: 8 at once, 300 ms each', thinkMs: 300, rate: 60, tells: 'level' }
]

/** Round trips under an open load, on the real link and on the emulated one: a queue in the network against a busy server. */
export async function queueTable(): Promise<Table> {
  const rows: TableRow[] = []
  for (const { what, mbitPerSecond, thinkMs, rate, tells } of CASES) {
    const options: RealLinkOptions = { rttMs: RTT_MS, congestionControl: 'cubic' }
    const link = await openRealLink(mbitPerSecond === undefined ? options : { ...options, mbitPerSecond })
    try {
      console.error(`queue: ${what}`)
      const far = await link.serve(thinkMs)
      const base = networkPlan(far, { sizeBytes: SIZE, messages: 1 })
      const plan: PlanInput = {
        ...base,
        transports: base.transports.slice(3),
        load: { model: 'open', rate, durationSeconds: SECONDS, arrivals: 'constant', maxConcurrency: 8 }
      }
      const { record } = await link.run(plan)
      const [transport] = record.transports
      const rtt = transport?.loadedRtt ?? null
      const found = networkUnderLoad(rtt)
      rows.push({
        cells: [
          ...[what, `${rate} a second`, msText(rtt?.idleMs ?? null), msText(rtt?.medianMs ?? null)],
          ...[
            String(rtt?.samples ?? 0),
            found === 'queued' ? 'a queue in the network' : (found ?? 'nothing')
          ],
          ...[transport?.transferMs ?? null, transport?.serverMs ?? null].map(msText)
        ],
        met: found === tells
      })
    } finally {
      await link.close()
    }
  }
  return {
    title: 'A queue in the network, or a busy server',
    demand: `API kept, ${RTT_MS} ms, 10 KB, an open load of ${SECONDS} s; the round trip under load tells a queue in the network from none; ms.`,
    head: ['what is short', 'due', 'idle RTT', 'RTT under load', 'samples', 'found', 'transfer', 'server'],
    rows
  }
}
