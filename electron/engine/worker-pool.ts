import { Worker } from 'node:worker_threads'
import type { Plan } from '../../shared/plan.ts'
import { moduleUrl } from '../module-url.ts'
import { nowUs, sharedClockOffsetUs } from '../transports/clock.ts'
import {
  COUNTER,
  type Block,
  type BlockEnd,
  type FromWorker,
  type PreparedTransport,
  type SendRows,
  type ToWorker,
  type WorkerStart
} from './block.ts'
import type { BlockShare } from './block-plan.ts'
import type { Delta } from './delta.ts'
import { RunError } from './run-error.ts'

export interface BlockListener {
  onDelta(delta: Delta, open: number, worker: number): void
  onStage(stage: 'warm-up' | 'measuring' | 'draining'): void
  /** The state of one worker's part, about once a second. */
  onSoFar(end: BlockEnd, worker: number): void
  onSends(rows: SendRows, worker: number): void
  /** The hard stop was reached; each worker tells once for every block. */
  onUsedUp(): void
  onRefused(code: string, sample: string): void
}

export interface WorkerPoolOptions {
  plan: Plan
  transports: PreparedTransport[]
  workers: number
  collectSends: boolean
  /** Hard stop: sends that may start in all blocks together. */
  maxMessages: number
}

/** The worker threads of a run: each carries its share of every block. */
export class WorkerPool {
  readonly #workers: Worker[]
  readonly #counters: Int32Array
  readonly #loadStart: BigInt64Array
  /** The run's first send on the shared clock; set by the first block. */
  #originUs: number | null = null

  private constructor(workers: Worker[], counters: SharedArrayBuffer, loadStart: SharedArrayBuffer) {
    this.#workers = workers
    this.#counters = new Int32Array(counters)
    this.#loadStart = new BigInt64Array(loadStart)
  }

  /** Starts the threads and waits until all are ready. */
  static async open(options: WorkerPoolOptions): Promise<WorkerPool> {
    const counters = new SharedArrayBuffer(COUNTER.size * Int32Array.BYTES_PER_ELEMENT)
    const loadStart = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)
    const workers = Array.from({ length: options.workers }, (_, worker) => {
      const workerData: WorkerStart = {
        plan: options.plan,
        transports: options.transports,
        worker,
        workers: options.workers,
        counters,
        loadStart,
        maxMessages: options.maxMessages,
        collectSends: options.collectSends
      }
      return new Worker(moduleUrl('engine/engine-worker'), { workerData })
    })
    await Promise.all(workers.map((worker) => untilReady(worker)))
    return new WorkerPool(workers, counters, loadStart)
  }

  /**
   * Runs one block on all workers together.
   * @throws {RunError} when a worker dies
   */
  async runBlock(share: BlockShare, listener: BlockListener): Promise<BlockEnd[]> {
    this.#originUs ??= nowUs() + sharedClockOffsetUs()
    const originUs = this.#originUs
    Atomics.store(this.#counters, COUNTER.left, share.messages ?? 0)
    Atomics.store(this.#loadStart, 0, 0n)
    const busy = this.#workers.flatMap((worker, index) => {
      const lanes = share.lanes[index] ?? 0
      return lanes === 0 ? [] : [{ worker, index, lanes }]
    })
    return await Promise.all(
      busy.map(({ worker, index, lanes }, part) => {
        const block: Block = {
          transport: share.transport,
          round: share.round,
          lanes,
          part: { part, parts: busy.length },
          warmupSeconds: share.warmupSeconds,
          load: share.load,
          runOriginUs: originUs
        }
        return runOn(worker, index, block, listener)
      })
    )
  }

  /** Ends the block that runs: it starts nothing more. The next one is not concerned. */
  endBlock(): void {
    for (const worker of this.#workers) tell(worker, { type: 'end-block' })
  }

  /** Ends the block that runs and all to come; `cut` also aborts what is in flight. */
  stop(cut: boolean): void {
    for (const worker of this.#workers) tell(worker, { type: 'stop', cut })
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
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

function runOn(worker: Worker, index: number, block: Block, listener: BlockListener): Promise<BlockEnd> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      worker.off('message', onMessage)
      worker.off('error', onError)
      worker.off('exit', onExit)
      settle()
    }
    const onMessage = (message: FromWorker): void => {
      switch (message.type) {
        case 'ready':
          return
        case 'delta':
          listener.onDelta(message.delta, message.open, index)
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
          end(() => {
            resolve(message.end)
          })
      }
    }
    const onError = (error: unknown): void => {
      end(() => {
        reject(
          new RunError(
            `a worker of the run failed: ${error instanceof Error ? error.message : String(error)}`
          )
        )
      })
    }
    const onExit = (code: number): void => {
      end(() => {
        reject(new RunError(`a worker of the run ended unexpectedly (exit code ${code})`))
      })
    }
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.on('exit', onExit)
    tell(worker, { type: 'block', block })
  })
}
