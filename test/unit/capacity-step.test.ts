import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { StepRunner } from '../../electron/engine/capacity-step.ts'
import type { Crew } from '../../electron/engine/crew.ts'
import type { BlockEnd } from '../../electron/record/block-end.ts'
import type { Delta } from '../../electron/record/delta.ts'
import { noCounts } from '../../electron/record/counts.ts'
import { Fold } from '../../electron/record/fold.ts'
import { ConnectionStats } from '../../electron/transports/client.ts'
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
    if (outcome === 'accepted') result.waited('wait', 800, 1)
    result.doneUs = dueUs + 1000 * (outcome === 'failed' ? HUNG_MS : 1)
    result.outcome = outcome
    fold.add(result)
  }
  fold.flush()
  const [delta] = told
  if (delta === undefined) throw new Error('no delta')
  return delta
}

/** What a worker that measured a round trip of 0.5 ms under load reports at the end. */
const END: BlockEnd = {
  ...{ warmup: noCounts(), stats: new ConnectionStats(), observed: null, cpuWaitMs: null, gaps: [] },
  ...{ eventLoopUtilization: 0.1, noSlotSeconds: 0, lateOnFreeSlot: 0, backlogAtEnd: 0, unstarted: 0 },
  ...{ leftOut: 0, scheduleOver: false },
  loadedRtts: { count: 3, sumUs: 1500, greatestUs: 500, sampleUs: [500, 500, 500] }
}
/** Round trips of 0.5 ms before the load, too. */
const START: Crew['starts'][number] = {
  ...{ emulatedRttMs: null, peer: 'peer', connectsUs: [500], leastConnectUs: 500 },
  ...{ observed: null, settings: {}, notes: [] }
}

/** Sends second by second until it is told to end; what hangs is over when it is given up. */
function hangingCrew(): Crew {
  let isEnded = false
  return {
    ...{ starts: [START], workers: 1, places: [], marks: null },
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
            if (isEnded && sent === number - 1) resolve([END])
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
  expect(done?.step.loadedRtt).toMatchObject({ idleMs: 0.5, medianMs: 0.5 })
  const parts = { lookupMs: 0, chatterMs: 0.5, transferMs: 0, serverMs: 0.3, clientMs: 0.2 }
  for (const [part, ms] of Object.entries(parts))
    expect(done?.step.parts).toHaveProperty(part, expect.closeTo(ms, 6))
  // A timeout is no answer.
  expect(done?.facts.seconds).toBeLessThan(12)
  expect(seconds).toHaveLength(10)
})
