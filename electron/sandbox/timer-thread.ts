import { workerData } from 'node:worker_threads'
import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'
import { ARMED, FIRED, NOT_ARMED, TimerMemory } from './timer-memory.ts'

/**
 * How long the thread sleeps at most: one that is told to end in the moment in which it goes to sleep does not hear of
 * it until it wakes up, and its process waits for it.
 */
const MAX_SLEEP_MS = 100

/** The timer's thread: sleeps until the time that the other side stored, then wakes it. Never returns. */
function run({ due, counters }: TimerMemory): never {
  const offsetUs = sharedClockOffsetUs()
  for (;;) {
    const armed = Atomics.load(counters, ARMED)
    const dueUs = Atomics.load(due, 0)
    if (dueUs === NOT_ARMED) {
      Atomics.wait(counters, ARMED, armed, MAX_SLEEP_MS)
      continue
    }
    const leftUs = Number(dueUs) - offsetUs - nowUs()
    if (leftUs > 0) {
      Atomics.wait(counters, ARMED, armed, Math.min(leftUs / 1000, MAX_SLEEP_MS))
    } else if (Atomics.compareExchange(due, 0, dueUs, NOT_ARMED) === dueUs) {
      Atomics.add(counters, FIRED, 1)
      Atomics.notify(counters, FIRED)
    }
  }
}

run(new TimerMemory(workerData as SharedArrayBuffer))
