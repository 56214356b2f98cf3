/// <reference lib="es2024.sharedmemory" />
import { Worker } from 'node:worker_threads'
import { moduleUrl } from '../module-url.ts'
import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'
import { ARMED, FIRED, TimerMemory } from './timer-memory.ts'

/**
 * How long before a task is due the thread wakes the event loop: more than the wake-up takes. The loop turns
 * over what is left of it, so that tasks are punctual without a core being burnt between them.
 */
const WAKE_LEAD_US = 500

interface Task {
  dueUs: number
  run: () => void
}

/**
 * Timer with an accuracy of about 0.1 ms, where Node's own has whole milliseconds and is late by up to
 * two: a thread of its own sleeps to the microsecond and wakes the event loop. Never early.
 */
export class PreciseTimer {
  /** In order of due time; those before `#head` have run. */
  #tasks: Task[] = []
  #head = 0
  #armedForUs = Infinity
  #turning = false
  readonly #offsetUs = sharedClockOffsetUs()
  readonly #memory = new TimerMemory()

  constructor() {
    new Worker(moduleUrl('sandbox/timer-thread'), { workerData: this.#memory.shared })
    this.#listen()
  }

  /** Runs `run` as soon as `nowUs()` has reached `dueUs`; tasks due at the same time run in the order they came. */
  schedule(dueUs: number, run: () => void): void {
    let at = this.#tasks.length
    while (at > this.#head && (this.#tasks[at - 1]?.dueUs ?? 0) > dueUs) at--
    this.#tasks.splice(at, 0, { dueUs, run })
    if (at === this.#head && !this.#turning) this.#arm()
  }

  #listen(): void {
    const { counters } = this.#memory
    const wait = Atomics.waitAsync(counters, FIRED, Atomics.load(counters, FIRED))
    const woken = (): void => {
      this.#armedForUs = Infinity
      this.#listen()
      if (!this.#turning) this.#runDue()
    }
    if (wait.async) void wait.value.then(woken)
    else setImmediate(woken)
  }

  readonly #runDue = (): void => {
    this.#turning = true
    for (;;) {
      const task = this.#tasks[this.#head]
      if (task === undefined || task.dueUs > nowUs()) break
      this.#head++
      task.run()
    }
    if (this.#head > 1024 || this.#head === this.#tasks.length) {
      this.#tasks = this.#tasks.slice(this.#head)
      this.#head = 0
    }
    const next = this.#tasks[this.#head]
    this.#turning = next !== undefined && next.dueUs - nowUs() <= WAKE_LEAD_US
    if (this.#turning) setImmediate(this.#runDue)
    else if (next !== undefined) this.#arm()
  }

  /** Tells the thread about the first task, unless it will wake up before that anyway. */
  #arm(): void {
    const dueUs = this.#tasks[this.#head]?.dueUs
    if (dueUs === undefined || dueUs >= this.#armedForUs) return
    this.#armedForUs = dueUs
    const { due, counters } = this.#memory
    Atomics.store(due, 0, BigInt(Math.floor(dueUs + this.#offsetUs - WAKE_LEAD_US)))
    Atomics.add(counters, ARMED, 1)
    Atomics.notify(counters, ARMED)
  }
}
