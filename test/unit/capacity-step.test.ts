import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { StepRunner } from '../../electron/engine/capacity-step.ts'
import type { Crew } from '../../electron/engine/crew.ts'
import type { Delta } from '../../electron/record/delta.ts'
import { Fold } from '../../electron/record/fold.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import { parseObjective } from '../../shared/insight/objective.ts'
import { validPlan } from '../support/records.ts'

const RATE = 100
/** Sends of each second that hang until they are given up, and for how long. */
const HUNG = 2
const HUNG_MS = 30_000

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** What a worker reports of the sends of a second: all but those that hang, or those. */
function second(number: number, outcome: 'accepted' | 'failed'): Delta {
  const told: Delta[] = []
  const emit = (delta: Delta): void => void told.push(delta)
  const fold = new Fold({ transport: 0, round: 1, clockOffsetUs: 0, hiddenHandshakeUs: 0, emit })
  const result = new SendResult(0)
  for (let seq = 0; seq < (outcome === 'failed' ? HUNG : RATE - HUNG); seq++) {
    const dueUs = number * 1e6 + (seq * 1e6) / RATE
    result.begin(seq, dueUs, dueUs)
    result.doneUs = dueUs + 1000 * (outcome === 'failed' ? HUNG_MS : 1)
    result.outcome = outcome
    fold.add(result)
  }
  fold.flush()
  const [delta] = told
  if (delta === undefined) throw new Error('no delta')
  return delta
}

/** Sends second by second until it is told to end; what hangs is over when it is given up. */
function hangingCrew(): Crew {
  let isEnded = false
  return {
    ...{ starts: [], workers: 1, places: [], marks: null },
    started: () => 0,
    elapsedUs: () => Date.now() * 1000,
    endBlock: () => {
      isEnded = true
    },
    runBlock: (_share, listener) =>
      new Promise((resolve) => {
        let number = 0
        const timer = setInterval(() => {
          const sent = number++
          listener.onDelta(second(sent, 'accepted'), 0, 0)
          setTimeout(() => {
            listener.onDelta(second(sent, 'failed'), 0, 0)
            if (isEnded && sent === number - 1) resolve([])
          }, HUNG_MS)
          if (isEnded) clearInterval(timer)
        }, 1000)
      }),
    stop: () => undefined,
    close: () => Promise.resolve()
  }
}

it('a step has held until it was judged, however long its last sends hang', async () => {
  const objective = parseObjective('response.p99 < 500')
  if (!objective.ok) throw new Error(objective.message)
  const seconds: number[] = []
  const runner = new StepRunner({
    ...{ plan: validPlan({ warmupSeconds: 0 }), index: 0, objectives: [objective.value], concurrency: 100 },
    ...{ crew: hangingCrew(), repeat: 1, elapsedSeconds: () => 0, isOver: () => false },
    onSecond: ({ second }) => seconds.push(second),
    onDelta: () => undefined,
    onLost: () => undefined,
    onUsedUp: () => undefined
  })
  const question = { leastSeconds: 10, mostSeconds: 10, decided: false }
  const made = runner.step({
    ...{ kind: 'step', rate: RATE, purpose: 'climb', attempt: 1, reason: '', question },
    ...{ bracket: { kept: 0, failed: null }, secondsLeft: null }
  })
  await vi.advanceTimersByTimeAsync(2 * HUNG_MS)
  const done = await made
  expect(done?.step).toMatchObject({ seconds: 10, achieved: RATE - HUNG, pass: true })
  expect(done?.facts.tailRate).toBe(RATE - HUNG)
  // A timeout is no answer.
  expect(done?.facts.seconds).toBeLessThan(12)
  expect(seconds).toHaveLength(10)
})
