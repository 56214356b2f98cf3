import { parentPort, Worker, workerData } from 'node:worker_threads'

/** A bare thread that does nothing but sleep until each point of a schedule. */
export interface BareTicker {
  /** Share of its points at which it woke more than 1 ms late: what the machine takes from any schedule. */
  stop(): Promise<number>
}

/** Starts the thread beside what is to be judged. */
export function startBareTicker(perSecond: number): BareTicker {
  const end = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL(import.meta.url), { workerData: { perSecond, end } })
  worker.unref()
  const share = new Promise<number>((resolve, reject) =>
    worker.once('message', resolve).once('error', reject)
  )
  return {
    stop: () => {
      Atomics.store(end, 0, 1)
      Atomics.notify(end, 0)
      return share
    }
  }
}

function tick({ perSecond, end }: { perSecond: number; end: Int32Array }): void {
  const startMs = performance.now()
  let [due, late] = [0, 0]
  while (Atomics.load(end, 0) === 0) {
    const dueMs = startMs + (++due * 1000) / perSecond
    const leftMs = dueMs - performance.now()
    if (leftMs > 0) Atomics.wait(end, 0, 0, leftMs)
    if (performance.now() - dueMs > 1) late++
  }
  parentPort?.postMessage(late / due)
}

if (parentPort !== null && workerData !== null) tick(workerData as { perSecond: number; end: Int32Array })
