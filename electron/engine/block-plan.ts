import { loadConcurrency } from '../../shared/plan/load-concurrency.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { BlockLoad } from './block.ts'
import { roundSchedule } from './pacer.ts'
import { alternating } from './round-order.ts'
import { pieceSeconds } from '../../shared/plan/rate-pieces.ts'

/** One transport's share of one round, over all workers. */
export interface BlockShare {
  transport: number
  /** From 1. */
  round: number
  /** Place in the run, from 0, and how many there are. */
  index: number
  count: number
  /** Lanes of each worker. */
  lanes: number[]
  warmupSeconds: number
  load: BlockLoad
  /** Measured sends, for a load by count; null otherwise. */
  messages: number | null
  /** Measured time, for a load by time; null otherwise. */
  seconds: number | null
  /** How this machine's part fits in with other places; absent when there are none. */
  joint?: JointPart
}

/** One place's part of a block that several places run together. Times are on the threads' shared clock, µs. */
export interface JointPart {
  /** The run's first send, and the common moment to begin at. */
  originUs: number
  startUs: number
  /** Number of this place's first busy worker among all busy workers of all places, and how many those are. */
  firstPart: number
  parts: number
}

/**
 * The blocks of a run in their order: every round runs every transport, one after another, and every other round
 * turns the order around (A B, B A, ...), so that drift hits all alike.
 */
export function* blocksOf(plan: Plan, workers: number): Generator<BlockShare> {
  const { rounds, transports } = plan
  for (const [index, at] of alternating(transports.length, rounds).entries()) {
    const { index: transport, round } = at
    const messages =
      plan.load.model === 'closed' && plan.load.messages !== undefined
        ? portion(plan.load.messages, rounds, round - 1)
        : null
    const load = loadOf(plan, round, messages !== null)
    yield {
      transport,
      round,
      index,
      count: rounds * transports.length,
      lanes: spread(Math.min(laneLimit(plan, transport), messages ?? Infinity), workers),
      warmupSeconds: plan.warmupSeconds,
      load,
      messages,
      seconds:
        load.kind === 'duration'
          ? load.seconds
          : load.kind === 'open'
            ? pieceSeconds(load.schedule.measured)
            : null
    }
  }
}

function loadOf(plan: Plan, round: number, byCount: boolean): BlockLoad {
  const { load, rounds } = plan
  if (load.model === 'closed') {
    return byCount ? { kind: 'count' } : { kind: 'duration', seconds: (load.durationSeconds ?? 0) / rounds }
  }
  return { kind: 'open', schedule: roundSchedule(load, round, plan) }
}

/** Sends in flight that a transport may have: what the load asks for, within its connections. */
function laneLimit(plan: Plan, index: number): number {
  const transport = plan.transports[index]
  const perConnection =
    transport?.protocol === 'http' && transport.http.version === '2' ? transport.http.streams : 1
  return Math.min(loadConcurrency(plan.load), (transport?.maxConnections ?? Infinity) * perConnection)
}

/** The `index`-th of `parts` shares of a whole number, as even as whole numbers can be. */
export function portion(whole: number, parts: number, index: number): number {
  return Math.floor((whole * (index + 1)) / parts) - Math.floor((whole * index) / parts)
}

function spread(whole: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, index) => portion(whole, parts, index))
}
