import type { Plan, Transport } from '../../shared/plan/plan.ts'
import type { LinkInFront } from '../transports/link-network.ts'
import type { BlockEnd } from '../record/block-end.ts'
import type { SendRows } from '../record/send-log.ts'
import type { Delta } from '../record/delta.ts'
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
  /** The link in front of it; null without one. */
  emulated: LinkInFront | null
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
  /** This worker measures the round trip under load: one of this machine does. */
  probes: boolean
  warmupSeconds: number
  load: BlockLoad
  /** The run's first send on the threads' shared clock, µs. */
  runOriginUs: number
  /** When to begin on that clock, µs; null for as soon as it can. */
  startUs: number | null
}

export type ToWorker =
  { type: 'block'; block: Block } | { type: 'stop'; cut: boolean } | { type: 'end-block' }

export type FromWorker =
  | { type: 'ready' }
  | { type: 'delta'; delta: Delta; open: number }
  /** Everything handed over by then has been told; µs since the run's first send. */
  | { type: 'told'; untilUs: number }
  | { type: 'stage'; stage: 'warm-up' | 'measuring' | 'draining' }
  | { type: 'sends'; rows: SendRows }
  /** The hard stop was reached: no further send of the run may start. */
  | { type: 'used-up' }
  /** The peer does not know this login: every further send would be refused too. */
  | { type: 'refused'; code: string; sample: string }
  /** What `block-end` would tell now: for a run that breaks off before. */
  | { type: 'block-so-far'; end: BlockEnd }
  | { type: 'block-end'; end: BlockEnd }
