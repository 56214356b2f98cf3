import { expect, test } from 'vitest'
import { blocksOf } from '../../electron/engine/block-plan.ts'
import type { Delta } from '../../electron/record/delta.ts'
import { Fold } from '../../electron/record/fold.ts'
import { LiveView } from '../../electron/engine/live-view.ts'
import { RunRecorder } from '../../electron/record/run-recorder.ts'
import { SendResult } from '../../electron/transports/send-result.ts'
import type { Outcome } from '../../shared/record/words.ts'
import { runRecord, validPlan } from '../support/records.ts'

const plan = validPlan({
  rounds: 2,
  load: { model: 'closed', concurrency: 1, messages: 200 },
  transports: [{ name: 'api', protocol: 'http', url: 'http://127.0.0.1:1', domain: 'example.com' }]
})

/** What a worker reports of sends that end every `everyMs`, the first of them due at `fromMs`. */
function delta(
  fromMs: number,
  everyMs: number,
  sends: number,
  { round = 1, outcome = 'accepted' }: { round?: number; outcome?: Outcome } = {}
): Delta {
  let found: Delta | undefined
  const fold = new Fold({
    transport: 0,
    round,
    clockOffsetUs: 0,
    hiddenHandshakeUs: 0,
    emit: (emitted) => (found = emitted)
  })
  const result = new SendResult(0)
  for (let seq = 0; seq < sends; seq++) {
    const dueUs = (fromMs + seq * everyMs) * 1000
    result.begin(seq, dueUs, dueUs)
    result.doneUs = dueUs + everyMs * 1000
    result.outcome = outcome
    fold.add(result)
  }
  fold.flush()
  if (found === undefined) throw new Error('no delta')
  return found
}

const rateOf = (view: LiveView): number | null | undefined => view.take().transports[0]?.ratePerSecond

test('a rate is that of the time in which was sent, however long nobody looked', () => {
  const view = new LiveView('run-1', plan)
  view.delta(delta(100, 2, 10), 1, 0)
  expect(rateOf(view)).toBeCloseTo(500, 6)
  view.delta(delta(120, 2, 5), 1, 0)
  expect(rateOf(view)).toBeCloseTo(500, 6)
  expect(rateOf(view)).toBeNull()
})

test('the pause between two blocks belongs to no rate, and workers add up', () => {
  const view = new LiveView('run-1', plan)
  view.delta(delta(0, 10, 20), 1, 0)
  view.delta(delta(0, 10, 20), 1, 1)
  expect(rateOf(view)).toBeCloseTo(200, 6)
  view.delta(delta(700, 10, 20, { round: 2 }), 1, 0)
  expect(rateOf(view)).toBeCloseTo(100, 6)
})

test('seconds in which nothing was accepted are told too', () => {
  const view = new LiveView('run-1', plan)
  const start = { peer: '127.0.0.1', leastConnectUs: 1000, connectsUs: [], emulatedRttMs: null }
  const recorder = new RunRecorder({
    ...{ id: 'run-1', startedAt: '2026-11-23T14:02:00.000Z', environment: runRecord([]).environment, plan },
    transports: [{ ...start, observed: null, settings: {}, notes: [] }]
  })
  view.attach(recorder)
  const failing = delta(100, 2, 10, { outcome: 'failed' })
  recorder.addDelta(failing)
  view.delta(failing, 1, 0)
  expect(view.take().transports[0]).toMatchObject({
    rows: [{ second: 0, accepted: 0, failed: 10 }],
    round: { round: 1, startedMs: 100 },
    ...{ ratePerSecond: null, p50: null }
  })
  expect(view.take().transports[0]?.rows).toEqual([])
})

test('never less than no time is left', () => {
  const view = new LiveView('run-1', plan)
  for (const share of blocksOf(plan, 1)) {
    view.beginBlock(share)
    view.endBlock(share)
  }
  expect(view.take().secondsLeft).toBeGreaterThanOrEqual(0)
})
