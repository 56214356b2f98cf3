import type { SweepSize } from '../record/sweep-record.ts'
import type { SweepRun } from './sweep-fit.ts'
import { medianTurns } from './what-if.ts'
import { modelledRounds } from './window-rounds.ts'

/** A run of a sweep over sizes. */
export interface SizedRun extends SweepRun {
  sizeBytes: number
}

/**
 * Rounds of TCP's window that each size took beyond the smallest one, fitted (longer service at p50 over the RTT, mean over
 * the distances) beside those that the model has for the bytes that were sent. Empty with one size only.
 */
export function sizeRounds(runs: readonly SizedRun[]): SweepSize[] {
  const sizes = [...new Set(runs.map(({ sizeBytes }) => sizeBytes))].sort((a, b) => a - b)
  const [smallest] = sizes
  if (smallest === undefined || sizes.length < 2) return []
  const base = runs.filter(({ sizeBytes }) => sizeBytes === smallest)
  return sizes.map((sizeBytes) => {
    const pairs = runs
      .filter((run) => run.sizeBytes === sizeBytes && run.rttMs > 0)
      .flatMap((run) => {
        const small = base.find(({ rttMs }) => rttMs === run.rttMs)
        return small === undefined ? [] : [{ run, small }]
      })
    return {
      sizeBytes,
      roundsFitted: mean(
        pairs.flatMap(({ run, small }) => {
          const [p50, smallP50] = [run.transport.service.p50, small.transport.service.p50]
          return p50 === null || smallP50 === null ? [] : (p50 - smallP50) / run.rttMs
        })
      ),
      roundsModelled: mean(pairs.map(({ run, small }) => modelled(run) - modelled(small)))
    }
  })
}

/** Rounds of the sends that the median stands for. */
function modelled({ transport }: SizedRun): number {
  const { turns, rttMs } = transport
  const { cold, warm } = modelledRounds(transport, Math.max(1, rttMs ?? 0))
  const isCold = turns.cold !== null && medianTurns(transport) === turns.cold && turns.cold !== turns.warm
  return isCold ? cold : warm
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
}
