import { setTimeout as sleep } from 'node:timers/promises'
import type { CapacityRecord, CapacityStep, CapacityTransport } from '../../shared/capacity-record.ts'
import { conclude, nextMove, type SearchOptions } from '../../shared/capacity-search.ts'
import type { Objective } from '../../shared/objective.ts'
import type { Plan } from '../../shared/plan.ts'
import type { TransportRecord } from '../../shared/run-record.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import { BlockPlan, type BlockShare } from './block-plan.ts'
import { judgeMeasured } from './capacity-step.ts'
import { environment } from './environment.ts'
import { prepare, type Prepared } from './prepare.ts'
import { RunError } from './run-error.ts'
import { RunRecorder } from './run-recorder.ts'
import { workerCount } from './run.ts'
import type { Keychain } from './secrets.ts'
import { WorkerPool } from './worker-pool.ts'

/** Answers that ask to slow down after which a step goes no further: the peer has been understood. */
const THROTTLED_ENOUGH = 20
/** A longer wait than this, asked for by the peer, ends the search of its transport, s. */
const LONGEST_WAIT_SECONDS = 300

export interface CapacityOptions {
  plan: Plan
  objectives: readonly Objective[]
  search: SearchOptions
  /** How long each rate is held, after the plan's warm-up, s. */
  holdSeconds: number
  /** Sends in flight at most; the plan's by default. */
  concurrency: number
  /** Hard stop: sends that may start in the whole search, warm-ups and all. */
  maxMessages: number
  keychain: Keychain
  fork?: ForkProcess
  workers?: number
}

/** What a search tells while it goes on. */
export type CapacityEvent =
  | { kind: 'try'; transport: string; rate: number }
  | { kind: 'step'; transport: string; step: CapacityStep }
  | { kind: 'again'; transport: string; rate: number }
  | { kind: 'wait'; transport: string; seconds: number }
  | { kind: 'found'; found: CapacityTransport }

export interface CapacityResult {
  record: CapacityRecord
  /** What ended the search before its time. */
  ended: 'stopped' | 'used-up' | null
}

/** A search that goes on. */
export interface CapacitySearch {
  /** First call: lets sends in flight end. Second call: cuts them. Either way the steps so far are concluded from. */
  stop(): void
  /**
   * Settles exactly once.
   * @throws {RunError} when a peer cannot be used
   */
  readonly done: Promise<CapacityResult>
}

/** Finds, one transport after another, the highest rate that keeps the objectives. Every step is an open load. */
export function startCapacity(
  options: CapacityOptions,
  onEvent: (event: CapacityEvent) => void
): CapacitySearch {
  const { objectives, search, holdSeconds } = options
  const stepPlan = (rate: number): Plan => openPlan(options, rate)
  const workers = workerCount(stepPlan(search.startRate), options.workers)
  const stopping = new AbortController()
  let stops = 0
  let usedUp = false
  let pool: WorkerPool | undefined

  const over = (): boolean => stops > 0 || usedUp

  async function execute(): Promise<CapacityResult> {
    const first = stepPlan(search.startRate)
    const prepared = await prepare(first, options)
    try {
      const running = (pool = await WorkerPool.open({
        plan: first,
        transports: prepared.transports,
        workers,
        collectSends: false,
        maxMessages: options.maxMessages
      }))
      const transports: CapacityTransport[] = []
      for (const [index, { name }] of options.plan.transports.entries()) {
        if (over()) break
        const found = conclude(name, await searchTransport(index, name, prepared, running))
        transports.push(found)
        onEvent({ kind: 'found', found })
      }
      const record: CapacityRecord = {
        schema: 1,
        objectives: objectives.map(({ text }) => text),
        transports
      }
      return { record, ended: stops > 0 ? 'stopped' : usedUp ? 'used-up' : null }
    } finally {
      await pool?.close()
      await prepared.close()
    }
  }

  async function searchTransport(
    index: number,
    name: string,
    prepared: Prepared,
    running: WorkerPool
  ): Promise<CapacityStep[]> {
    const steps: CapacityStep[] = []
    let askedSeconds = 0
    while (!over()) {
      const move = nextMove(steps, search)
      if (move.kind === 'done' || askedSeconds > LONGEST_WAIT_SECONDS) break
      await pause(name, Math.max(move.coolDownSeconds, askedSeconds))
      if (over()) break
      onEvent({ kind: 'try', transport: name, rate: move.rate })
      let result = await runStep(index, move.rate, prepared, running)
      if (result.step.generatorLimited && !over()) {
        // A hiccup of this machine, and the burst after it, say nothing about the peer: only what happens twice counts.
        onEvent({ kind: 'again', transport: name, rate: move.rate })
        const askedNow = Math.min(result.retryAfterSeconds, LONGEST_WAIT_SECONDS)
        await pause(name, Math.max(search.coolDownSeconds, askedNow))
        result = await runStep(index, move.rate, prepared, running)
      }
      if (over()) break
      askedSeconds = result.retryAfterSeconds
      steps.push(result.step)
      onEvent({ kind: 'step', transport: name, step: result.step })
    }
    return steps
  }

  async function runStep(
    index: number,
    rate: number,
    prepared: Prepared,
    running: WorkerPool
  ): Promise<{ step: CapacityStep; retryAfterSeconds: number }> {
    const plan = stepPlan(rate)
    const recorder = new RunRecorder({
      id: '',
      startedAt: new Date().toISOString(),
      environment: environment(workers),
      plan,
      transports: prepared.starts
    })
    let [throttled, retryAfterSeconds] = [0, 0]
    let refusal: string | null = null
    const ends = await running.runBlock(shareOf(plan, index, workers), {
      onDelta: (delta) => {
        recorder.addDelta(delta)
        throttled += delta.throttled
        retryAfterSeconds = Math.max(retryAfterSeconds, delta.retryAfterSeconds)
        if (throttled >= THROTTLED_ENOUGH) running.endBlock()
      },
      onSoFar: () => undefined,
      onStage: () => undefined,
      onSends: () => undefined,
      onRefused: (code, sample) => {
        refusal = `${plan.transports[index]?.name ?? ''}: the peer refused the login with ${code}: ${sample}`
        running.stop(true)
      },
      onUsedUp: () => {
        usedUp = true
        running.stop(false)
      }
    })
    if (refusal !== null) throw new RunError(refusal)
    for (const end of ends) recorder.addBlockEnd(index, 1, end)
    const measured: TransportRecord = recorder.transportRecord(index)
    return { step: judgeMeasured(rate, holdSeconds, measured, objectives), retryAfterSeconds }
  }

  async function pause(transport: string, seconds: number): Promise<void> {
    if (seconds <= 0) return
    onEvent({ kind: 'wait', transport, seconds })
    await sleep(seconds * 1000, undefined, { signal: stopping.signal }).catch(() => undefined)
  }

  return {
    stop() {
      stops++
      stopping.abort()
      pool?.stop(stops > 1)
    },
    done: execute()
  }
}

/** The plan with the load of one step. */
function openPlan({ plan, holdSeconds, concurrency }: CapacityOptions, rate: number): Plan {
  return {
    ...plan,
    rounds: 1,
    load: {
      model: 'open',
      rate,
      durationSeconds: holdSeconds,
      arrivals: plan.load.model === 'closed' ? 'constant' : plan.load.arrivals,
      maxConcurrency: concurrency
    }
  }
}

function shareOf(plan: Plan, transport: number, workers: number): BlockShare {
  for (const share of new BlockPlan(plan, workers)) {
    if (share.transport === transport) return share
  }
  throw new RangeError(`no transport ${transport}`)
}
