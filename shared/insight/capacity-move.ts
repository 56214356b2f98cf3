import type { Bracket, CapacityStep, Recovery, StepPurpose } from '../record/capacity-record.ts'
import type { StepQuestion } from './step-judge.ts'

/** How a limit is searched. */
export interface SearchOptions {
  /** First rate to try and the highest one, sends per second. */
  startRate: number
  ceilingRate: number
  /** The search ends when the limit is known to this share of itself, e.g. 0.02. */
  precision: number
  /** Least pause after a step that failed, s. */
  coolDownSeconds: number
  /** How long a rate is held while the limit is searched, s. */
  holdSeconds: number
  /** How long the rate found is held at the end, s; 0 for not at all. */
  confirmSeconds: number
  /** What the search may spend: messages, and seconds. */
  budgetMessages: number
  budgetSeconds: number
}

export const DEFAULT_SEARCH: SearchOptions = {
  startRate: 10,
  ceilingRate: 100_000,
  precision: 0.02,
  coolDownSeconds: 2,
  holdSeconds: 10,
  confirmSeconds: 60,
  budgetMessages: Infinity,
  budgetSeconds: Infinity
}

/** What a search wants to be done next. */
export type SearchMove = { bracket: Bracket; secondsLeft: number | null } & (
  | {
      kind: 'step'
      rate: number
      purpose: StepPurpose
      /** From 1: which try of this rate. */
      attempt: number
      reason: string
      question: StepQuestion
    }
  /** A trickle until the median response is back at its base, or until it is clear that it does not come back. */
  | {
      kind: 'recover'
      afterRate: number
      trickleRate: number
      /** Median response before any overload, ms; null when it was never seen. */
      baseMs: number | null
      leastSeconds: number
      mostSeconds: number
    }
  /** A pause in which nothing is sent. */
  | { kind: 'wait'; waitSeconds: number; reason: string }
)

/** What a search has taken so far. */
export interface Spent {
  messages: number
  seconds: number
}

/** What came of a move; `ended` says why nothing more may be done. */
export type SearchAnswer = { spent: Spent; ended: string | null } & (
  | { kind: 'step'; step: CapacityStep; facts: StepFacts }
  | { kind: 'recover'; recovery: Recovery }
  | { kind: 'wait' }
)

/** What a step showed beside its figures. */
export interface StepFacts {
  /** The longest wait that the peer asked for, s; 0 when it named none. */
  retryAfterSeconds: number
  /** Everything that the peer took in the step, warm-up included, and the time from its first answer to its last, s. */
  accepted: number
  seconds: number
  /** Accepted per second over its last seconds; null when it was too short to tell. */
  tailRate: number | null
  /** Accepted between its first and its last refusal of too much, and the time between; null when it was never throttled. */
  pressure: { accepted: number; seconds: number } | null
  /** The share that lay nearest to its bound, for pooling; null when no objective is a share. */
  share: { count: number; beyond: number; allowed: number; error: number } | null
}

/** What a search saw, step by step: what it is concluded from. */
export interface SearchSight {
  options: SearchOptions
  steps: readonly SeenStep[]
  recoveries: readonly Recovery[]
  /** Limits of steps as short as the hold, and of rates that were held to the end; the latter null when none was. */
  short: Bracket
  held: Bracket | null
  /** Relative standard error of the rate, where it was pooled from several steps. */
  poolError: number | null
  spent: Spent
  unfinished: string | null
}

/** A step with what it showed beside its figures. */
export interface SeenStep {
  step: CapacityStep
  facts: StepFacts
  /** What the search had taken when the step ended. */
  ended: Spent
}
