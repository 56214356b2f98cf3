/// <reference lib="es2024.sharedmemory" />
import { Worker } from 'node:worker_threads'
import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'

/**
 * How long before a task is due the thread wakes the event loop: more than the wake-up takes. The loop turns
 * over what is left of it, so that tasks are punctual without a core being burnt between them.
 */
const WAKE_LEAD_US = 500

/**
 * How long the thread sleeps at most: one that is told to end in the moment in which it goes to sleep does not hear of
 * it until it wakes up, and its process waits for it.
 */
const MAX_SLEEP_MS = 100

/** Places in the shared memory: the due time as µs, then the two counters that the sides wait on. */
const SHARED_BYTES = 16
const ARMED = 0
const FIRED = 1
const NOT_ARMED = 0n

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
  readonly #due: BigInt64Array
  readonly #counters: Int32Array

  /** @param threadFile an entry file that calls {@link runTimerThread} with its workerData when it is a worker */
  constructor(threadFile: URL) {
    const memory = new SharedArrayBuffer(SHARED_BYTES)
    this.#due = new BigInt64Array(memory, 0, 1)
    this.#counters = new Int32Array(memory, 8, 2)
    new Worker(threadFile, { workerData: memory })
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
    const wait = Atomics.waitAsync(this.#counters, FIRED, Atomics.load(this.#counters, FIRED))
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
    Atomics.store(this.#due, 0, BigInt(Math.floor(dueUs + this.#offsetUs - WAKE_LEAD_US)))
    Atomics.add(this.#counters, ARMED, 1)
    Atomics.notify(this.#counters, ARMED)
  }
}

/** The timer's thread: sleeps until the time that the other side stored, then wakes it. Never returns. */
export function runTimerThread(memory: SharedArrayBuffer): never {
  const due = new BigInt64Array(memory, 0, 1)
  const counters = new Int32Array(memory, 8, 2)
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
