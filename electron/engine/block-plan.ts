import { loadConcurrency, type Plan } from '../../shared/plan.ts'
import type { BlockLoad } from './block.ts'
import { pieceSeconds, roundSchedule } from './pacer.ts'

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
}

/**
 * The blocks of a run in their order: every round runs every transport, one after another, and every other round
 * turns the order around (A B, B A, ...), so that drift hits all alike.
 */
export class BlockPlan implements Iterable<BlockShare> {
  readonly #plan: Plan
  readonly #workers: number

  constructor(plan: Plan, workers: number) {
    this.#plan = plan
    this.#workers = workers
  }

  *[Symbol.iterator](): Iterator<BlockShare> {
    const { rounds, transports } = this.#plan
    const order = transports.map((_, index) => index)
    let index = 0
    for (let round = 1; round <= rounds; round++) {
      for (const transport of round % 2 === 1 ? order : order.toReversed()) {
        yield this.#share(transport, round, index++)
      }
    }
  }

  #share(transport: number, round: number, index: number): BlockShare {
    const { plan, rounds } = { plan: this.#plan, rounds: this.#plan.rounds }
    const limit = plan.transports[transport]?.maxConnections ?? Infinity
    const messages =
      plan.load.model === 'closed' && plan.load.messages !== undefined
        ? portion(plan.load.messages, rounds, round - 1)
        : null
    const load = this.#load(round, messages !== null)
    return {
      transport,
      round,
      index,
      count: rounds * plan.transports.length,
      lanes: spread(Math.min(laneLimit(plan, transport, limit), messages ?? Infinity), this.#workers),
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

  #load(round: number, byCount: boolean): BlockLoad {
    const { load, rounds } = this.#plan
    if (load.model === 'closed') {
      return byCount ? { kind: 'count' } : { kind: 'duration', seconds: (load.durationSeconds ?? 0) / rounds }
    }
    return { kind: 'open', schedule: roundSchedule(load, round, this.#plan) }
  }
}

/** Sends in flight that a transport may have: what the load asks for, within its connections. */
function laneLimit(plan: Plan, index: number, maxConnections: number): number {
  const transport = plan.transports[index]
  const perConnection =
    transport?.protocol === 'http' && transport.http.version === '2' ? transport.http.streams : 1
  return Math.min(loadConcurrency(plan.load), maxConnections * perConnection)
}

/** The `index`-th of `parts` shares of a whole number, as even as whole numbers can be. */
function portion(whole: number, parts: number, index: number): number {
  return Math.floor((whole * (index + 1)) / parts) - Math.floor((whole * index) / parts)
}

function spread(whole: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, index) => portion(whole, parts, index))
}
