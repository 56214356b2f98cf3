import type {
  Bracket,
  CapacityStep,
  CapacityTransport,
  Recovery,
  StepPurpose
} from '../record/capacity-record.ts'

/** Where a search stands: part of every event, so that a page can be drawn from the last one alone. */
export interface SearchState {
  transport: string
  /** From 1, with `--repeat`. */
  repeat: number
  bracket: Bracket
  /** Spent on this transport so far; seconds since its search began. */
  messages: number
  seconds: number
  /** Best guess of the time that the search of this transport still takes; null while there is nothing to guess from. */
  secondsLeft: number | null
}

/** What a search tells while it goes on. */
export type CapacityEvent = SearchState &
  (
    | {
        kind: 'step-begun'
        rate: number
        purpose: StepPurpose
        /** From 1: which try of this rate. */
        attempt: number
        /** Why this rate, in words. */
        reason: string
        /** How long the step takes at least and at most, s. */
        leastSeconds: number
        mostSeconds: number
      }
    /** A full second of the step that goes on; `second` from 0, the warm-up included. */
    | {
        kind: 'second'
        second: number
        accepted: number
        refused: number
        p50: number | null
        p99: number | null
      }
    /** `soFar`: what the steps of this search say together, were it to end now. */
    | { kind: 'step-ended'; step: CapacityStep; soFar: CapacityTransport }
    | { kind: 'recovery-begun'; afterRate: number; trickleRate: number }
    | { kind: 'recovery-ended'; recovery: Recovery }
    /** A pause in which nothing is sent. */
    | { kind: 'wait'; waitSeconds: number; reason: string }
    | { kind: 'found'; found: CapacityTransport }
  )
