import type { SweepSize } from '../record/sweep-record.ts'
import { medianSlope } from './statistics.ts'
import type { SweepRun } from './sweep-fit.ts'
import { medianTurns } from './what-if.ts'
import { modelledRounds } from './window-rounds.ts'

/** A run of a sweep over sizes. */
export interface SizedRun extends SweepRun {
  sizeBytes: number
}

/** Below this round trip, and between distances that are nearer to each other, no rounds are told from other time, ms. */
export const LEAST_RTT_MS = 1

/** A run, and the one with the smallest size at the same distance. */
interface Pair {
  run: SizedRun
  small: SizedRun
}

type Rounds = Omit<SweepSize, 'sizeBytes'>

/**
 * Rounds of TCP's window that each size took beyond the smallest one, beside those that the model has for the bytes that
 * were sent. Over several distances it is the slope of the extra service time over them, which leaves out what a size
 * costs anyway: server time, and the rounds on a peer's own way. At one distance it is the extra service time over the
 * round trip that was measured. Empty with one size only.
 */
export function sizeRounds(runs: readonly SizedRun[]): SweepSize[] {
  const sizes = [...new Set(runs.map(({ sizeBytes }) => sizeBytes))].sort((a, b) => a - b)
  const [smallest] = sizes
  if (smallest === undefined || sizes.length < 2) return []
  const base = runs.filter(({ sizeBytes }) => sizeBytes === smallest)
  return sizes.map((sizeBytes) => {
    const pairs = runs
      .filter((run) => run.sizeBytes === sizeBytes)
      .flatMap((run): Pair[] => {
        const small = base.find(({ rttMs }) => rttMs === run.rttMs)
        return small === undefined ? [] : [{ run, small }]
      })
    const distances = new Set(pairs.map(({ run }) => run.rttMs))
    return { sizeBytes, ...(distances.size > 1 ? overDistances(pairs) : atOneDistance(pairs)) }
  })
}

function overDistances(pairs: readonly Pair[]): Rounds {
  const modelled = pairs.map(({ run, small }): [number, number] => {
    const rttMs = Math.max(LEAST_RTT_MS, run.transport.rttMs ?? 0)
    return [rttMs, rttMs * modelledBeyond(run, small, rttMs)]
  })
  return {
    rttMs: null,
    roundsFitted: medianSlope(pairs.flatMap(extraMs), LEAST_RTT_MS),
    roundsModelled: medianSlope(modelled, LEAST_RTT_MS)
  }
}

/** How much longer each round of a run took than that of the smallest size, ms, at its distance. */
function extraMs({ run, small }: Pair): [rttMs: number, ms: number][] {
  return run.transport.rounds.flatMap(({ round, service: { p50 } }): [number, number][] => {
    const smallP50 = small.transport.rounds.find((other) => other.round === round)?.service.p50
    return p50 === null || smallP50 == null ? [] : [[run.rttMs, p50 - smallP50]]
  })
}

function atOneDistance([pair]: readonly Pair[]): Rounds {
  const rttMs = pair?.run.transport.rttMs ?? 0
  if (pair === undefined || rttMs < LEAST_RTT_MS) {
    return { rttMs: null, roundsFitted: null, roundsModelled: null }
  }
  const { run, small } = pair
  const [p50, smallP50] = [run.transport.service.p50, small.transport.service.p50]
  return {
    rttMs,
    roundsFitted: p50 === null || smallP50 === null ? null : (p50 - smallP50) / rttMs,
    roundsModelled: modelledBeyond(run, small, rttMs)
  }
}

function modelledBeyond(run: SizedRun, small: SizedRun, rttMs: number): number {
  return modelled(run, rttMs) - modelled(small, rttMs)
}

/** Rounds of the sends that the median stands for. */
function modelled({ transport }: SizedRun, rttMs: number): number {
  const { turns } = transport
  const { cold, warm } = modelledRounds(transport, rttMs)
  const isCold = turns.cold !== null && medianTurns(transport) === turns.cold && turns.cold !== turns.warm
  return isCold ? cold : warm
}
