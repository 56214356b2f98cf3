import { Worker } from 'node:worker_threads'
import { moduleUrl } from '../module-url.ts'
import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'
import { COUNTER, type Block, type FromWorker, type ToWorker, type WorkerStart } from './block.ts'
import type { BlockEnd } from '../record/block-end.ts'
import type { BlockShare } from './block-plan.ts'
import type { BlockListener, Crew, CrewOptions } from './crew.ts'
import { prepare, type Prepared } from './prepare.ts'
import { messageOf, RunError } from '../record/run-error.ts'

/**
 * This machine's threads, with every transport tried once.
 * @throws {RunError} with one line per transport that cannot be used
 */
export async function openLocalCrew(options: CrewOptions): Promise<Crew> {
  const prepared = await prepare(options.plan, options)
  try {
    const crew = new LocalCrew(prepared, options)
    await crew.ready()
    return crew
  } catch (error) {
    await prepared.close()
    throw error
  }
}

/** The worker threads of a run: each carries its share of every block. */
class LocalCrew implements Crew {
  readonly starts: Crew['starts']
  readonly places: Crew['places'] = []
  readonly workers: number
  readonly marks: Crew['marks']
  readonly #prepared: Prepared
  readonly #threads: Worker[]
  readonly #counters: Int32Array
  readonly #loadStart: BigInt64Array
  /** The run's first send on the shared clock; set by the first block. */
  #originUs: number | null = null
  /** Up to when each worker of the block that runs has told everything, µs since the run's first send. */
  readonly #toldUs = new Map<number, number>()
  readonly #maxMessages: number

  constructor(prepared: Prepared, { plan, workers, collectSends, maxMessages }: CrewOptions) {
    const { starts, transports } = prepared
    const counters = new SharedArrayBuffer(COUNTER.size * Int32Array.BYTES_PER_ELEMENT)
    const loadStart = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)
    this.starts = starts
    this.workers = workers
    this.marks = { tags: transports.map(({ runTag }) => runTag), originUs: () => this.#originUs }
    this.#prepared = prepared
    this.#counters = new Int32Array(counters)
    this.#loadStart = new BigInt64Array(loadStart)
    this.#maxMessages = maxMessages
    const shared = { plan, transports, workers, counters, loadStart, maxMessages, collectSends }
    this.#threads = Array.from({ length: workers }, (_, worker) => {
      const workerData: WorkerStart = { ...shared, worker }
      return new Worker(moduleUrl('engine/engine-worker'), { workerData })
    })
  }

  async ready(): Promise<void> {
    await Promise.all(this.#threads.map(untilReady))
  }

  async runBlock(share: BlockShare, listener: BlockListener): Promise<BlockEnd[]> {
    const { joint } = share
    this.#originUs ??= joint?.originUs ?? nowUs() + sharedClockOffsetUs()
    const originUs = this.#originUs
    Atomics.store(this.#counters, COUNTER.left, share.messages ?? 0)
    Atomics.store(this.#loadStart, 0, BigInt(Math.round(joint?.startUs ?? 0)))
    const busy = this.#threads.flatMap((worker, index) => {
      const lanes = share.lanes[index] ?? 0
      return lanes === 0 ? [] : [{ worker, index, lanes }]
    })
    return await Promise.all(
      busy.map(({ worker, index, lanes }, part) => {
        const block: Block = {
          transport: share.transport,
          round: share.round,
          lanes,
          part: { part: (joint?.firstPart ?? 0) + part, parts: joint?.parts ?? busy.length },
          probes: part === 0,
          warmupSeconds: share.warmupSeconds,
          load: share.load,
          runOriginUs: originUs,
          startUs: joint?.startUs ?? null
        }
        this.#toldUs.set(index, 0)
        const onTold = (untilUs: number): void => void this.#toldUs.set(index, untilUs)
        return runOn(worker, index, block, listener, onTold).finally(() => this.#toldUs.delete(index))
      })
    )
  }

  elapsedUs(): number {
    return this.#toldUs.size === 0 ? 0 : Math.min(...this.#toldUs.values())
  }

  started(): number {
    return Math.min(this.#maxMessages, Atomics.load(this.#counters, COUNTER.claimed))
  }

  endBlock(): void {
    for (const worker of this.#threads) tell(worker, { type: 'end-block' })
  }

  stop(cut: boolean): void {
    for (const worker of this.#threads) tell(worker, { type: 'stop', cut })
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((worker) => worker.terminate()))
    await this.#prepared.close()
  }
}

function tell(worker: Worker, message: ToWorker): void {
  worker.postMessage(message)
}

function untilReady(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.once('message', () => {
      resolve()
    })
    worker.once('error', reject)
  })
}

function runOn(
  worker: Worker,
  index: number,
  block: Block,
  listener: BlockListener,
  onTold: (untilUs: number) => void
): Promise<BlockEnd> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
    }
    const onMessage = (message: FromWorker): void => {
      switch (message.type) {
        case 'ready':
          return
        case 'delta':
          listener.onDelta(message.delta, message.open, index)
          return
        case 'told':
          onTold(message.untilUs)
          return
        case 'stage':
          listener.onStage(message.stage)
          return
        case 'block-so-far':
          listener.onSoFar(message.end, index)
          return
        case 'sends':
          listener.onSends(message.rows, index)
          return
        case 'used-up':
          listener.onUsedUp()
          return
        case 'refused':
          listener.onRefused(message.code, message.sample)
          return
        case 'block-end':
          end()
          resolve(message.end)
      }
    }
    const onError = (error: unknown): void => {
      end()
      reject(new RunError(`a worker of the run failed: ${messageOf(error)}`))
    }
    const onExit = (code: number): void => {
      end()
      reject(new RunError(`a worker of the run ended unexpectedly (exit code ${code})`))
    }
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
    tell(worker, { type: 'block', block })
  })
}
