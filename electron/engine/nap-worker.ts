import { workerData } from 'node:worker_threads'
import { NAP } from './nap.ts'

/** Length of a nap, ms: short enough to see each stretch in which a processor was not to be had. */
const NAP_MS = 5

/** Sleeps in small naps and adds up how late it wakes. */
function run(shared: SharedArrayBuffer): void {
  const naps = new Int32Array(shared)
  for (;;) {
    const startedMs = performance.now()
    if (Atomics.wait(naps, NAP.end, 0, NAP_MS) !== 'timed-out') return
    const lateUs = Math.round((performance.now() - startedMs - NAP_MS) * 1000)
    Atomics.add(naps, NAP.lateUs, Math.max(0, lateUs))
    Atomics.add(naps, NAP.count, 1)
  }
}

run(workerData as SharedArrayBuffer)
