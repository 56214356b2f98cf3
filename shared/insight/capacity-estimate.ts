import type { CapacityTransport } from '../record/capacity-record.ts'
import { conclude } from './capacity-conclude.ts'
import type { SearchAnswer, SearchMove, SearchOptions } from './capacity-move.ts'
import { searchCapacity } from './capacity-search.ts'

/** What a search of one transport takes, were its limit at a rate. */
export interface SearchEstimate {
  limitRate: number
  messages: number
  seconds: number
}

/** What a failed step takes until it is certain, and what a step takes beside its rate, s. */
const FAILING_SECONDS = 6
const AROUND_SECONDS = 2

/**
 * What a search would take with a peer that keeps any rate up to `limitRate` and none above: the search itself, answered
 * at once. A peer near whose limit chance rules takes longer.
 */
export function estimateSearch(options: SearchOptions, limitRate: number): SearchEstimate {
  const { messages, seconds } = searchIdeal(options, limitRate)
  return { limitRate, messages, seconds }
}

/** What is found of a peer that keeps any rate up to `limitRate` and none above. */
export function searchIdeal(options: SearchOptions, limitRate: number): CapacityTransport {
  const spent = { messages: 0, seconds: 0 }
  const { moves, sight } = searchCapacity(options)
  let move = moves.next()
  while (!move.done) move = moves.next(answer(move.value, limitRate, spent))
  return conclude('ideal', sight())
}

function answer(
  move: SearchMove,
  limitRate: number,
  spent: { messages: number; seconds: number }
): SearchAnswer {
  switch (move.kind) {
    case 'wait':
      spent.seconds += move.waitSeconds
      return { kind: 'wait', spent: { ...spent }, ended: null }
    case 'recover': {
      const { afterRate, baseMs, leastSeconds } = move
      spent.seconds += leastSeconds + AROUND_SECONDS
      spent.messages += Math.round(leastSeconds * move.trickleRate)
      const recovery = { afterRate, seconds: leastSeconds, recovered: true, baseMs, lastMs: baseMs }
      return { kind: 'recover', recovery, spent: { ...spent }, ended: null }
    }
    case 'step': {
      const pass = move.rate <= limitRate
      const seconds = pass ? move.question.leastSeconds : FAILING_SECONDS
      const messages = Math.round(move.rate * seconds)
      const startedSeconds = spent.seconds
      spent.seconds += seconds + AROUND_SECONDS
      spent.messages += messages
      const none = {
        rejected: 0,
        failed: 0,
        throttled: 0,
        generatorLimited: false,
        spoiled: null,
        undecided: false
      }
      return {
        kind: 'step',
        step: {
          ...{
            rate: move.rate,
            seconds,
            achieved: Math.min(move.rate, limitRate),
            p50: 1,
            p99: 1,
            sent: messages
          },
          ...none,
          ...{
            pass,
            failedObjective: null,
            purpose: move.purpose,
            repeat: 1,
            attempt: move.attempt,
            startedSeconds
          },
          ...{ messages, limit: pass ? null : 'queue', reason: '' }
        },
        facts: {
          ...{ retryAfterSeconds: 0, accepted: messages, seconds, tailRate: pass ? null : limitRate },
          ...{ pressure: null, share: null }
        },
        spent: { ...spent },
        ended: null
      }
    }
  }
}
