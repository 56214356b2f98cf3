import type { RunRecord } from '../../../shared/record/run-record.ts'
import { msText } from './parts-table.ts'
import { networkPlan, SIZE_LADDER, sizeText, TRANSPORTS } from './plans.ts'
import { openRealLink } from './real-link.ts'
import type { Table, TableRow } from './tables.ts'

const RTTS_MS = [20, 60, 150]
const MESSAGES = 12
/** The server's receive window makes such contents take a round trip more or less by chance: their p50 needs more of them. */
const LARGE_BYTES = 1_000_000
const MESSAGES_OF_LARGE = 24
const WARM_UP_ROUND_TRIPS = 30
const WITHIN = { new: 0.1, kept: 0.15 }

/** The emulated link against the real one. @param congestionControl of both */
export async function emulationTable(congestionControl: 'cubic' | 'bbr'): Promise<Table> {
  const rows: TableRow[] = []
  for (const rttMs of RTTS_MS) {
    const link = await openRealLink({ rttMs, congestionControl })
    try {
      const far = await link.serve(0)
      for (const sizeBytes of SIZE_LADDER) {
        console.error(`emulation: ${congestionControl}, ${rttMs} ms, ${sizeText(sizeBytes)}`)
        // The windows of kept connections have settled then.
        const plan = {
          sizeBytes,
          messages: sizeBytes < LARGE_BYTES ? MESSAGES : MESSAGES_OF_LARGE,
          warmupSeconds: Math.max(1, (WARM_UP_ROUND_TRIPS * rttMs) / 1000)
        }
        const real = await link.run(networkPlan(far, plan))
        const emulated = await link.run(networkPlan(null, { ...plan, rttMs }))
        rows.push(...compared([`${rttMs} ms`, sizeText(sizeBytes)], real.record, emulated.record))
      }
    } finally {
      await link.close()
    }
  }
  return {
    title: `The emulated link against real TCP (${congestionControl})`,
    demand: 'p50 within 10 % on new connections and 15 % on kept ones, ms.',
    head: ['RTT', 'content', 'transport', 'real', 'emulated', 'off'],
    rows
  }
}

function compared(cells: readonly string[], real: RunRecord, emulated: RunRecord): TableRow[] {
  return real.transports.map((transport, index) => {
    const realMs = transport.service.p50 ?? NaN
    const emulatedMs = emulated.transports[index]?.service.p50 ?? NaN
    const off = emulatedMs / realMs - 1
    const name = TRANSPORTS[index] ?? ''
    return {
      cells: [...cells, name, msText(realMs), msText(emulatedMs), `${(100 * off).toFixed(1)} %`],
      met: Math.abs(off) <= (name.endsWith('new') ? WITHIN.new : WITHIN.kept)
    }
  })
}
