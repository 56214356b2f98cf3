import { parentPort, Worker, workerData } from 'node:worker_threads'

/**
 * Does some work beside a bare thread that only sleeps until each point of a schedule.
 * @returns what the work gave, and the share of points at which the thread woke more than 1 ms late: what the machine
 * takes from any schedule
 */
export async function besideBareTicker<T>(
  perSecond: number,
  work: () => Promise<T>
): Promise<{ result: T; machineLate: number }> {
  const end = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL(import.meta.url), { workerData: { perSecond, end } })
  const share = new Promise<number>((resolve, reject) =>
    worker.once('message', resolve).once('error', reject)
  )
  const result = await work().finally(() => {
    Atomics.store(end, 0, 1)
    Atomics.notify(end, 0)
  })
  return { result, machineLate: await share }
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
