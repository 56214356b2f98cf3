import { createHistogram, percentileMs } from '../../shared/record/histogram.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { estimatedMessageMs } from '../../shared/plan/run-estimate.ts'
import type { ErrorOf, Snapshot, TransportSnapshot } from '../../shared/record/snapshot.ts'
import type { BlockShare } from './block-plan.ts'
import { noCounts } from '../record/counts.ts'
import type { Delta } from '../record/delta.ts'
import { recordPairs } from '../record/interval-histogram.ts'
import type { RunRecorder } from '../record/run-recorder.ts'
import { sum } from '../../shared/insight/statistics.ts'

/** Errors that a snapshot shows at most. */
const MAX_ERRORS = 10
/** Seconds of a timeline that a snapshot tells: the one that goes on, and the one before, which is over. */
const ROWS = 2

/** What a worker has told of a transport since the last look. */
interface Pace {
  round: number
  accepted: number
  /** Time that its results stand for, µs. */
  coveredUs: number
  /** Outcome time of the latest result, µs since the run's first send. */
  lastDoneUs: number
}

class LiveTransport {
  readonly paces = new Map<number, Pace>()
  readonly response = createHistogram()
  /** Something ended since the last look, be it accepted or not. */
  hasNews = false
  /** Open connections by worker. */
  readonly open = new Map<number, number>()
  /** Time that finished blocks took, ms, and how many they were. */
  blockMs = 0
  blocks = 0
}

/** The state of a run as its listeners see it: what ended since the last look, and how far along the whole is. */
export class LiveView {
  readonly #runId: string
  readonly #plan: Plan
  readonly #transports: LiveTransport[]
  /** How long the transports' blocks may be expected to take, beside each other. */
  readonly #weights: number[]
  #recorder: RunRecorder | undefined
  #state: Snapshot['state'] = 'preparing'
  #trouble: string | null = null
  #stage: Snapshot['stage'] = 'preparing'
  #share: BlockShare | undefined
  #startedMs = 0
  #blockStartedMs = 0
  #blockSent = 0
  #latest: Snapshot | null = null

  constructor(runId: string, plan: Plan) {
    this.#weights = plan.transports.map((transport) =>
      plan.load.model === 'closed' && plan.load.messages !== undefined
        ? estimatedMessageMs(plan, transport)
        : 1
    )
    this.#runId = runId
    this.#plan = plan
    this.#transports = plan.transports.map(() => new LiveTransport())
  }

  /** What keeps the run from its end, until it is told again with null. */
  trouble(message: string | null): void {
    this.#trouble = message
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
    transport.hasNews ||= delta.sent > 0
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

  /** The state as it was told last, for whoever asks in between: it takes nothing from those that listen. */
  latest(): Snapshot {
    return this.#latest ?? this.take()
  }

  /** The state now; rates and percentiles cover the time since the last call. */
  take(): Snapshot {
    const atMs = performance.now()
    const share = this.#share
    const due = this.#recorder?.deliveries?.due()
    this.#latest = {
      runId: this.#runId,
      name: this.#plan.name,
      state: this.#state,
      ...(this.#trouble === null ? {} : { trouble: this.#trouble }),
      elapsedMs: this.#startedMs === 0 ? 0 : atMs - this.#startedMs,
      progress: this.#progress(atMs),
      secondsLeft: this.#secondsLeft(atMs),
      round: share?.round ?? 0,
      rounds: this.#plan.rounds,
      transport: share === undefined ? null : (this.#plan.transports[share.transport]?.name ?? null),
      stage: this.#stage,
      ...(due === undefined ? {} : { dueDeliveries: due }),
      transports: this.#transports.map((transport, index) => this.#transportSnapshot(transport, index)),
      errors: (this.#recorder?.errors() ?? []).slice(0, MAX_ERRORS).map(withoutExamples)
    }
    return this.#latest
  }

  #transportSnapshot(transport: LiveTransport, index: number): TransportSnapshot {
    const nothing = transport.response.totalCount === 0
    const ratePerSecond = takeRate(transport.paces)
    const snapshot = {
      name: this.#plan.transports[index]?.name ?? '',
      counts: this.#recorder?.counts(index) ?? noCounts(),
      round: this.#recorder?.roundSoFar(index) ?? null,
      rows: transport.hasNews ? (this.#recorder?.latestRows(index, ROWS) ?? []) : [],
      ratePerSecond: nothing ? null : ratePerSecond,
      p50: percentileMs(transport.response, 50),
      p99: percentileMs(transport.response, 99),
      openConnections: [...transport.open.values()].reduce((sum, open) => sum + open, 0)
    }
    if (!nothing) transport.response.reset()
    transport.hasNews = false
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
    if (currentMs === null) return null
    const blocksMs = this.#transports.map(({ blockMs, blocks }, index) =>
      blocks > 0 ? blockMs / blocks : index === share.transport ? currentMs : null
    )
    /** What is known of how long blocks take, against what the plan would let one expect. */
    const known = blocksMs.flatMap((ms, index) =>
      ms === null ? [] : [{ ms, expected: this.#weights[index] ?? 1 }]
    )
    const perWeight = sum(known.map(({ ms }) => ms)) / sum(known.map(({ expected }) => expected))
    let leftMs = Math.max(0, currentMs - elapsedMs)
    this.#transports.forEach(({ blocks }, index) => {
      const begun = index === share.transport ? blocks + 1 : blocks
      // The block that runs may have been counted as over already.
      const toCome = Math.max(0, this.#plan.rounds - begun)
      leftMs += toCome * (blocksMs[index] ?? perWeight * (this.#weights[index] ?? 1))
    })
    return leftMs / 1000
  }
}

function withoutExamples({ examples: _examples, ...error }: ErrorOf): ErrorOf {
  return error
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
