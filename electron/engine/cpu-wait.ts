import { readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { moduleUrl } from '../module-url.ts'
import { NAP } from './nap.ts'

/** Watches how long a thread waits for a processor whenever there is something to do for it. */
export interface CpuWait {
  /** Begins anew. */
  begin(): void
  /** Mean wait each time the thread was woken since the beginning, ms; null where nothing is known. */
  meanMs(): number | null
  close(): void
}

/**
 * Watches the thread that calls this. On Linux the kernel counts for each thread how long it stood in the run queue
 * and how often it was given a processor. Elsewhere a second thread sleeps and looks how late it wakes up, in the manner
 * of jHiccup: what keeps it from a processor keeps its neighbour, too. The event loop's own delay does not tell: a loop
 * that sleeps in the kernel is not late by its own clock.
 */
export function watchCpuWait(): CpuWait {
  return readSchedule() === null ? watchNaps() : watchSchedule()
}

interface Schedule {
  waitedNs: number
  slices: number
}

/** Three numbers: time on a processor, time in the run queue (both ns), and how often it got a processor. */
function readSchedule(): Schedule | null {
  try {
    const [, waitedNs, slices] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ').map(Number)
    return waitedNs === undefined || !(Number(slices) > 0) ? null : { waitedNs, slices: Number(slices) }
  } catch {
    return null
  }
}

function watchSchedule(): CpuWait {
  let first = readSchedule()
  return {
    begin() {
      first = readSchedule()
    },
    meanMs() {
      const now = readSchedule()
      if (now === null || first === null || now.slices <= first.slices) return null
      return (now.waitedNs - first.waitedNs) / (now.slices - first.slices) / 1e6
    },
    close: () => undefined
  }
}

/** Also for a test where the kernel tells: both must say the same. */
export function watchNaps(): CpuWait {
  const naps = new Int32Array(new SharedArrayBuffer(NAP.size * 4))
  const sleeper = new Worker(moduleUrl('engine/nap-worker'), { workerData: naps.buffer })
  sleeper.unref()
  return {
    begin() {
      Atomics.store(naps, NAP.lateUs, 0)
      Atomics.store(naps, NAP.count, 0)
    },
    meanMs() {
      const count = Atomics.load(naps, NAP.count)
      return count === 0 ? null : Atomics.load(naps, NAP.lateUs) / count / 1000
    },
    close() {
      Atomics.store(naps, NAP.end, 1)
      Atomics.notify(naps, NAP.end)
    }
  }
}
