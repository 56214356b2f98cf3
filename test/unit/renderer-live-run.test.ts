import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { LiveRun } from '../../renderer/live/live-run.svelte.ts'
import { Client } from '../../renderer/stores/client.ts'
import type { Snapshot } from '../../shared/record/snapshot.ts'

const SNAPSHOT: Snapshot = {
  runId: 'run-1',
  name: 'test',
  state: 'running',
  elapsedMs: 1000,
  progress: 0.1,
  secondsLeft: null,
  round: 1,
  rounds: 1,
  transport: 'api',
  stage: 'measuring',
  transports: [],
  errors: []
}

vi.useFakeTimers()
vi.stubGlobal('document', {
  visibilityState: 'visible',
  addEventListener: () => undefined,
  removeEventListener: () => undefined
})
afterAll(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

let live: LiveRun
let push: (snapshot: Snapshot) => void
/** What the other side does when Stop is pressed, before it answers. */
let onStop: () => void

beforeEach(() => {
  onStop = () => undefined
  live = new LiveRun(
    new Client({
      call: ((channel: string) => {
        // Nothing but Stop is answered in time.
        if (channel !== 'run.stop') return new Promise(() => undefined)
        onStop()
        return Promise.resolve({ ok: true, value: null })
      }) as never,
      on: ((channel: string, listener: typeof push) => {
        if (channel === 'run.snapshot') push = listener
        return () => undefined
      }) as never
    })
  )
  live.follow()
})

/** A snapshot comes and is shown. */
function show(state: Snapshot['state']): void {
  push({ ...SNAPSHOT, state })
  vi.advanceTimersByTime(1000)
}

test('a stop in another page is the first of the two here as well', async () => {
  show('running')
  expect(live.stops).toBe(0)
  show('stopping')
  expect(live.stops).toBe(1)
  await live.stop()
  expect(live.stops).toBe(2)
})

test('a stop whose news comes before its answer counts once', async () => {
  show('running')
  onStop = () => show('stopping')
  await live.stop()
  expect(live.stops).toBe(1)
})

test('two presses before the first is answered are two', async () => {
  show('running')
  await Promise.all([live.stop(), live.stop()])
  expect(live.stops).toBe(2)
})

test('the next run has not been stopped', async () => {
  show('stopping')
  await live.stop()
  push({ ...SNAPSHOT, runId: 'run-2' })
  expect(live.stops).toBe(0)
})
