import { msText } from './parts-table.ts'
import { networkPlan, SIZE_LADDER, sizeText, TRANSPORTS } from './plans.ts'
import { openRealLink } from './real-link.ts'
import { sizeRounds, type SizedRun } from '../../../shared/insight/size-rounds.ts'
import type { Table, TableRow } from './tables.ts'

const RTT_MS = 40
const MESSAGES = 12

/** The ladder over size on real TCP: what a larger content costs, in ms and in round trips beyond the turns. */
export async function ladderTable(): Promise<Table> {
  const link = await openRealLink({ rttMs: RTT_MS, congestionControl: 'cubic' })
  const runs: SizedRun[][] = TRANSPORTS.map(() => [])
  try {
    const far = await link.serve(0)
    for (const sizeBytes of SIZE_LADDER) {
      console.error(`ladder: ${sizeText(sizeBytes)}`)
      const { record } = await link.run(networkPlan(far, { sizeBytes, messages: MESSAGES }))
      record.transports.forEach((transport, index) => {
        runs[index]?.push({ rttMs: transport.rttMs ?? RTT_MS, sizeBytes, transport })
      })
    }
  } finally {
    await link.close()
  }
  return {
    title: 'The ladder over size, on real TCP (cubic)',
    demand: `${RTT_MS} ms, a server that takes no time: service time at p50, ms, and behind it the rounds of the window, measured and (modelled).`,
    head: ['transport', ...SIZE_LADDER.map(sizeText)],
    rows: TRANSPORTS.map((name, index): TableRow => {
      // Each run has its own round trip as measured; one line over sizes wants one.
      const sized = (runs[index] ?? []).map((run) => ({ ...run, rttMs: RTT_MS }))
      const rounds = sizeRounds(sized)
      return {
        cells: [
          name,
          ...sized.map(({ transport }, at) => {
            const { roundsFitted, roundsModelled } = rounds[at] ?? {}
            return `${msText(transport.service.p50)}; ${(roundsFitted ?? NaN).toFixed(1)} (${(roundsModelled ?? NaN).toFixed(1)})`
          })
        ],
        met: null
      }
    })
  }
}
