import type { Counts } from '../../shared/run-record.ts'
import type { Plan, Transport } from '../../shared/plan.ts'
import type { ConnectionStats, Observed } from '../transports/client.ts'
import type { Delta } from './delta.ts'
import type { Schedule, SchedulePart } from './pacer.ts'

/** A transport ready to run: endpoint, secret and certificates at hand. Lives in memory only, never on disk. */
export interface PreparedTransport {
  transport: Transport
  connectHost: string
  connectPort: number
  password: string | null
  caPem: string | null
  /** Secrets of the whole plan in every form that is sent: two transports may lead to the same peer. */
  secrets: readonly string[]
  /** RTT of the delay link in front of it, µs; 0 without one. */
  emulatedRttUs: number
  runTag: string
  /** Headers that the provider's test mode wants in the message. */
  headers: Record<string, string>
}

/** What a worker is started with. */
export interface WorkerStart {
  plan: Plan
  transports: PreparedTransport[]
  /** Index and number of workers. */
  worker: number
  workers: number
  /** Counters that all workers share; see {@link COUNTER}. */
  counters: SharedArrayBuffer
  /** Start of the current open load on the threads' shared clock, µs, in a BigInt64; 0 until the first worker sets it. */
  loadStart: SharedArrayBuffer
  /** Sends that may start in the run, warm-up and all: the hard stop. */
  maxMessages: number
  collectSends: boolean
}

/** Places in the shared Int32 counters. */
export const COUNTER = {
  /** Number of the next message of the run. */
  seq: 0,
  /** Measured sends that the current block may still start (load by count). */
  left: 1,
  /** Sends of the run that have been started or claimed. */
  claimed: 2,
  size: 3
} as const

export type BlockLoad =
  { kind: 'count' } | { kind: 'duration'; seconds: number } | { kind: 'open'; schedule: Schedule }

/** One transport's share of one round. */
export interface Block {
  transport: number
  round: number
  /** Lanes of this worker. */
  lanes: number
  /** Its share of an open load's schedule. */
  part: SchedulePart
  warmupSeconds: number
  load: BlockLoad
  /** The run's first send on the threads' shared clock, µs. */
  runOriginUs: number
}

/** What a worker knows beside its deltas when its part of a block is over. */
export interface BlockEnd {
  warmup: Counts
  stats: ConnectionStats
  observed: Observed | null
  /** Share of the time in which sends were started that this thread's event loop was busy, 0 to 1. */
  eventLoopUtilization: number
  /** Measured time without a free lane while a send was due, s, as this worker's share; 0 for a closed load. */
  noSlotSeconds: number
  /** Measured sends that a late start made longer although a lane had been free since before they were due; 0 for a closed load. */
  lateOnFreeSlot: number
  /** Sends that were due and never got a lane. */
  unstarted: number
  /** An open load's schedule ran to its end; false when it was stopped before, and for a closed load. */
  scheduleOver: boolean
}

export type ToWorker =
  { type: 'block'; block: Block } | { type: 'stop'; cut: boolean } | { type: 'end-block' }

/** Rows of `sends.csv`, column by column in one flat array; `codes` holds the texts of new code numbers. */
export interface SendRows {
  transport: number
  rows: Float64Array
  count: number
  codes: string[]
}

export type FromWorker =
  | { type: 'ready' }
  | { type: 'delta'; delta: Delta; open: number }
  | { type: 'stage'; stage: 'warm-up' | 'measuring' | 'draining' }
  | { type: 'sends'; rows: SendRows }
  /** The hard stop was reached: no further send of the run may start. */
  | { type: 'used-up' }
  /** The peer does not know this login: every further send would be refused too. */
  | { type: 'refused'; code: string; sample: string }
  /** What `block-end` would tell now: for a run that breaks off before. */
  | { type: 'block-so-far'; end: BlockEnd }
  | { type: 'block-end'; end: BlockEnd }
