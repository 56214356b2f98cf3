import { parentPort, workerData } from 'node:worker_threads'
import { BEAT, type TickerStart } from './beat.ts'
import { createPacer } from './pacer.ts'

/** At most this long: a thread that is told to end in the moment in which it goes to sleep hears of it when it wakes up. */
const MAX_SLEEP_MS = 100

/**
 * Counts sends as they come due and wakes its listener, from a thread that sleeps in between. The timers of
 * an event loop have whole milliseconds and fire late; `Atomics.wait` is good to some tens of microseconds.
 */
function run({ schedule, part, beats: shared }: TickerStart, startUs: number): void {
  const beats = new Int32Array(shared)
  const pacer = createPacer(schedule, part)
  const nowUs = (): number => Number(process.hrtime.bigint()) / 1000 - startUs
  for (let dueUs = pacer.next() * 1e6; dueUs !== Infinity; dueUs = pacer.next() * 1e6) {
    for (let leftUs = dueUs - nowUs(); leftUs > 0; leftUs = dueUs - nowUs()) {
      if (Atomics.wait(beats, BEAT.end, 0, Math.min(leftUs / 1000, MAX_SLEEP_MS)) === 'not-equal') return
    }
    Atomics.add(beats, BEAT.due, 1)
    if (Atomics.compareExchange(beats, BEAT.told, 0, 1) === 0) parentPort?.postMessage('due')
  }
  parentPort?.postMessage('over')
}

parentPort?.once('message', (startUs: number) => {
  run(workerData as TickerStart, startUs)
})
parentPort?.postMessage('ready')
