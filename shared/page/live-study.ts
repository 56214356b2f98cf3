import type { Study } from '../plan/study.ts'
import type { Bracket, CapacityStep, CapacityTransport } from '../record/capacity-record.ts'
import type { SweepTransport } from '../record/sweep-record.ts'
import type { Snapshot } from '../record/snapshot.ts'

interface LiveBase {
  runId: string
  name: string
  state: 'running' | 'stopping'
  /** Since it was started, ms. */
  elapsedMs: number
  /** Best guess; null while there is nothing to guess from. */
  secondsLeft: number | null
}

/** What a search does now. */
export interface LiveStep {
  transport: string
  /** `step`: the rate is held; `recovery`: a trickle until the peer is well again; `wait`: nothing is sent. */
  doing: 'step' | 'recovery' | 'wait'
  /** Sends a second that come due; null while nothing is sent. */
  rate: number | null
  /** Why, in words. */
  reason: string
  /** How long it takes at least and at most, s. */
  leastSeconds: number
  mostSeconds: number
  /** Its full seconds so far, the latest last. */
  seconds: { accepted: number; refused: number; p50: number | null; p99: number | null }[]
}

/** A search for the limit while it goes on. It grows with the steps made, a few dozen at most for a transport. */
export interface LiveCapacity extends LiveBase {
  kind: 'capacity'
  study: Extract<Study, { kind: 'capacity' }>
  transports: {
    name: string
    bracket: Bracket
    messages: number
    steps: CapacityStep[]
    found: CapacityTransport | null
  }[]
  /** Null before the first step. */
  now: LiveStep | null
}

/** A sweep while it goes on: the points measured so far with the lines through them, and the run of the next one. */
export interface LiveSweep extends LiveBase {
  kind: 'distance' | 'size'
  study: Extract<Study, { kind: 'distance' | 'size' }>
  transports: SweepTransport[]
  /** Place of the run that goes on, from 1, and how many there are. */
  step: number
  steps: number
  /** What is emulated or sent in it: ms of round trip, or bytes. */
  value: number
  snapshot: Snapshot | null
}

/** The whole state of a study, so that a page that comes in the middle sees what the first one sees. */
export type LiveStudy = LiveCapacity | LiveSweep
