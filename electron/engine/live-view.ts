import { createHistogram, percentileMs } from '../../shared/histogram.ts'
import type { Plan } from '../../shared/plan.ts'
import type { Snapshot, TransportSnapshot } from '../../shared/snapshot.ts'
import type { BlockShare } from './block-plan.ts'
import type { Delta } from './delta.ts'
import { recordPairs } from './interval-histogram.ts'
import type { RunRecorder } from './run-recorder.ts'

/** Errors that a snapshot shows at most. */
const MAX_ERRORS = 10

/** What a worker has told of a transport since the last look. */
interface Pace {
  round: number
  accepted: number
  /** Time that its results stand for, µs. */
  coveredUs: number
  /** Outcome time of the latest result, µs since the run's first send. */
  lastDoneUs: number
}

interface LiveTransport {
  readonly paces: Map<number, Pace>
  readonly response: ReturnType<typeof createHistogram>
  /** Open connections by worker. */
  readonly open: Map<number, number>
  /** Time that finished blocks took, ms, and how many they were. */
  blockMs: number
  blocks: number
}

/** The state of a run as its listeners see it: what ended since the last look, and how far along the whole is. */
export class LiveView {
  readonly #runId: string
  readonly #plan: Plan
  readonly #transports: LiveTransport[]
  #recorder: RunRecorder | undefined
  #state: Snapshot['state'] = 'preparing'
  #stage: Snapshot['stage'] = 'preparing'
  #share: BlockShare | undefined
  #startedMs = 0
  #blockStartedMs = 0
  #blockSent = 0

  constructor(runId: string, plan: Plan) {
    this.#runId = runId
    this.#plan = plan
    this.#transports = plan.transports.map(() => ({
      paces: new Map(),
      response: createHistogram(),
      open: new Map(),
      blockMs: 0,
      blocks: 0
    }))
  }

  /** From here on counts come from this recorder. */
  attach(recorder: RunRecorder): void {
    this.#recorder = recorder
    if (this.#state === 'preparing') this.#state = 'running'
    this.#startedMs = performance.now()
  }

  stopping(): void {
    this.#state = 'stopping'
  }

  beginBlock(share: BlockShare): void {
    this.#share = share
    this.#blockStartedMs = performance.now()
    this.#blockSent = 0
  }

  stage(stage: Snapshot['stage']): void {
    this.#stage = stage
  }

  delta(delta: Delta, open: number, worker: number): void {
    const transport = this.#transports[delta.transport]
    if (transport === undefined) return
    addPace(transport.paces, delta, worker)
    recordPairs(transport.response, delta.response)
    transport.open.set(worker, open)
    this.#blockSent += delta.sent
  }

  endBlock(share: BlockShare): void {
    const transport = this.#transports[share.transport]
    if (transport === undefined) return
    transport.open.clear()
    transport.blockMs += performance.now() - this.#blockStartedMs
    transport.blocks++
  }

  timelines(): ReturnType<RunRecorder['timelines']> {
    return this.#recorder?.timelines() ?? []
  }

  /** The state now; rates and percentiles cover the time since the last call. */
  take(): Snapshot {
    const atMs = performance.now()
    const share = this.#share
    return {
      runId: this.#runId,
      name: this.#plan.name,
      state: this.#state,
      elapsedMs: this.#startedMs === 0 ? 0 : atMs - this.#startedMs,
      progress: this.#progress(atMs),
      secondsLeft: this.#secondsLeft(atMs),
      round: share?.round ?? 0,
      rounds: this.#plan.rounds,
      transport: share === undefined ? null : (this.#plan.transports[share.transport]?.name ?? null),
      stage: this.#stage,
      transports: this.#transports.map((transport, index) => this.#transportSnapshot(transport, index)),
      errors: this.#recorder?.errors().slice(0, MAX_ERRORS) ?? []
    }
  }

  #transportSnapshot(transport: LiveTransport, index: number): TransportSnapshot {
    const nothing = transport.response.totalCount === 0
    const ratePerSecond = takeRate(transport.paces)
    const snapshot = {
      name: this.#plan.transports[index]?.name ?? '',
      counts: this.#recorder?.counts(index) ?? { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 },
      ratePerSecond: nothing ? null : ratePerSecond,
      p50: percentileMs(transport.response, 50),
      p99: percentileMs(transport.response, 99),
      openConnections: [...transport.open.values()].reduce((sum, open) => sum + open, 0)
    }
    if (!nothing) transport.response.reset()
    return snapshot
  }

  #blockProgress(atMs: number): number {
    const share = this.#share
    if (share === undefined) return 0
    if (share.messages !== null) return Math.min(1, this.#blockSent / share.messages)
    const wholeMs = (share.warmupSeconds + (share.seconds ?? 0)) * 1000
    return wholeMs === 0 ? 0 : Math.min(1, (atMs - this.#blockStartedMs) / wholeMs)
  }

  #progress(atMs: number): number {
    const share = this.#share
    return share === undefined ? 0 : (share.index + this.#blockProgress(atMs)) / share.count
  }

  /** Blocks still to come, each as long as its transport's were so far, or as all were where it had none. */
  #secondsLeft(atMs: number): number | null {
    const share = this.#share
    if (share === undefined) return null
    const done = this.#blockProgress(atMs)
    const elapsedMs = atMs - this.#blockStartedMs
    const current = this.#transports[share.transport]
    const currentMs =
      current !== undefined && current.blocks > 0
        ? current.blockMs / current.blocks
        : done > 0.05
          ? elapsedMs / done
          : null
    const finished = this.#transports.filter(({ blocks }) => blocks > 0)
    const knownMs = finished.reduce((sum, { blockMs, blocks }) => sum + blockMs / blocks, 0)
    const typicalMs = finished.length > 0 ? knownMs / finished.length : currentMs
    if (currentMs === null || typicalMs === null) return null
    let leftMs = Math.max(0, currentMs - elapsedMs)
    const passed = this.#transports.map(({ blocks }) => blocks)
    passed[share.transport] = (passed[share.transport] ?? 0) + 1
    this.#transports.forEach((transport, index) => {
      const perBlockMs =
        transport.blocks > 0
          ? transport.blockMs / transport.blocks
          : index === share.transport
            ? currentMs
            : typicalMs
      // The block that runs may have been counted as over already.
      leftMs += Math.max(0, this.#plan.rounds - (passed[index] ?? 0)) * perBlockMs
    })
    return leftMs / 1000
  }
}

/** A block's results begin with its first send's due time, and go on where the last ones ended. */
function addPace(paces: Map<number, Pace>, delta: Delta, worker: number): void {
  const known = paces.get(worker)
  const goesOn = known?.round === delta.round
  paces.set(worker, {
    round: delta.round,
    accepted: (known?.accepted ?? 0) + delta.accepted,
    coveredUs:
      (known?.coveredUs ?? 0) +
      Math.max(0, delta.lastDoneUs - (goesOn ? known.lastDoneUs : delta.firstDueUs)),
    lastDoneUs: delta.lastDoneUs
  })
}

/** Accepted sends per second of all workers together, over the time that their results stand for; begins anew. */
function takeRate(paces: Map<number, Pace>): number {
  let perSecond = 0
  for (const pace of paces.values()) {
    if (pace.coveredUs > 0) perSecond += (pace.accepted / pace.coveredUs) * 1e6
    pace.accepted = 0
    pace.coveredUs = 0
  }
  return perSecond
}
