import type { Delta } from '../record/delta.ts'
import type { SearchMove, StepFacts } from '../../shared/insight/capacity-move.ts'
import type { Objective } from '../../shared/insight/objective.ts'
import { isRecovered } from '../../shared/insight/recovery.ts'
import { shareSight } from '../../shared/insight/share-test.ts'
import {
  judgeStep,
  shareRows,
  spoiledBy,
  type Judgement,
  type StepSecond,
  type StepSoFar
} from '../../shared/insight/step-judge.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { CapacityStep, Recovery } from '../../shared/record/capacity-record.ts'
import type { BlockEnd } from '../record/block-end.ts'
import { RunError } from '../record/run-error.ts'
import { loginRefusalText } from './login-refusal.ts'
import { blocksOf, type BlockShare } from './block-plan.ts'
import type { Crew } from './crew.ts'
import { decompose, turnMs } from '../record/figures.ts'
import { loadedRttOf } from '../record/loaded-rtt.ts'
import { ownLimit, type OwnSide } from './own-limit.ts'
import { StepPlaces } from './step-places.ts'
import { StepRows } from './step-rows.ts'
import { sum } from '../../shared/insight/statistics.ts'

/** How often a step is looked at, ms. */
const LOOK_MS = 200
/** Beyond its longest time, so that what judges it ends it, s. */
const SPARE_SECONDS = 3

export type StepMove = Extract<SearchMove, { kind: 'step' }>
export type RecoverMove = Extract<SearchMove, { kind: 'recover' }>

export interface StepDone {
  step: CapacityStep
  facts: StepFacts
}

export interface StepRunnerOptions {
  plan: Plan
  /** Which of the plan's transports. */
  index: number
  objectives: readonly Objective[]
  /** Sends in flight at most. */
  concurrency: number
  crew: Crew
  /** From 1, with `--repeat`. */
  repeat: number
  /** Seconds since the search of the transport began. */
  elapsedSeconds: () => number
  onSecond: (second: StepSecond) => void
  onDelta: (delta: Delta) => void
  /** A place fell silent: the rest of them would keep another rate. */
  onLost: (place: string) => void
  /** The hard stop was reached. */
  onUsedUp: () => void
  /** Whether nothing more may be done. */
  isOver: () => boolean
}

/** Makes the steps of one transport's search: open loads that end as soon as their question is answered. */
export class StepRunner {
  readonly #options: StepRunnerOptions
  #steps = 0
  /** Median service time of the first step that was kept, ms: what the peer takes when it has little to do. */
  #baseServiceMs: number | null = null
  /** The peer has taken something in this search. */
  #hasAccepted = false

  constructor(options: StepRunnerOptions) {
    this.#options = options
  }

  /**
   * @returns null when the step was broken off
   * @throws {RunError} when the peer refuses the login, or a worker fails
   */
  async step(move: StepMove): Promise<StepDone | null> {
    const { objectives, crew, plan, repeat, isOver } = this.#options
    const startedSeconds = this.#options.elapsedSeconds()
    const before = crew.started()
    const rows = new StepRows(objectives, plan.warmupSeconds)
    const places = new StepPlaces(crew.places, objectives, plan.warmupSeconds)
    const judged: { as: Judgement } = { as: { state: 'open' } }
    const look = (seconds: readonly StepSecond[], measuredSeconds: number): StepSoFar => {
      const soFar = {
        ...{ rate: move.rate, measuredSeconds, measuredFrom: rows.measuredFrom, seconds },
        measured: () => rows.sight()
      }
      if (judged.as.state === 'open') judged.as = judgeStep(objectives, move.question, soFar)
      return soFar
    }
    const seconds = move.question.mostSeconds + plan.warmupSeconds + SPARE_SECONDS
    const ends = await this.#block(move.rate, seconds, [rows, places], (complete) => {
      places.look(move.rate, move.question, crew.elapsedUs())
      look(complete, rows.measuredSeconds(complete))
      return judged.as.state !== 'open'
    })
    const whole = rows.whole()
    if (isOver() && judged.as.state === 'open') return null
    const soFar = look(whole, Math.max(move.question.mostSeconds, rows.measuredSeconds(whole)))
    const judgement = judged.as
    const own = judgement.state === 'failed' ? ownLimit(judgement.limit, this.#ownSide(rows, ends, 1)) : null
    const gaveOut =
      judgement.state !== 'failed'
        ? []
        : own === null
          ? places.gaveOut
          : places.which((ofPlace, place, share) => {
              const here = ends.filter((end) => end.place === place)
              return ownLimit(judgement.limit, this.#ownSide(ofPlace, here, share)) !== null
            })
    const pass = judgement.state === 'kept'
    const { counts, response, service } = rows.sight()
    if (pass) this.#baseServiceMs ??= service.p50
    const measuredSeconds = rows.measuredSeconds(rows.over)
    const spoiled = judgement.state === 'failed' ? (own?.spoiled ?? spoiledBy(soFar, judgement.limit)) : null
    return {
      step: {
        rate: move.rate,
        seconds: measuredSeconds,
        achieved: rows.achieved(),
        p50: response.p50,
        p99: response.p99,
        ...{
          sent: counts.sent,
          rejected: counts.rejected,
          failed: counts.failed,
          throttled: rows.all.throttled
        },
        generatorLimited: own?.limit === 'machine',
        pass,
        failedObjective: judgement.state === 'failed' ? judgement.objective : null,
        ...{ purpose: move.purpose, repeat, attempt: move.attempt, startedSeconds },
        messages: crew.started() - before,
        spoiled,
        limit: judgement.state === 'failed' ? (own?.limit ?? judgement.limit) : null,
        reason: judgement.state === 'open' ? '' : judgement.reason,
        undecided: judgement.state !== 'open' && judgement.undecided,
        ...(crew.places.length === 0 ? {} : { gaveOut: [...gaveOut] }),
        ...this.#roundTrips(rows, ends)
      },
      facts: { ...rows.facts(), share: nearestShare(objectives, soFar) }
    }
  }

  /** A trickle until the peer is as fast as before, or has had its time. */
  async recover(move: RecoverMove): Promise<Recovery> {
    const rows = new StepRows(this.#options.objectives, 0)
    let recovered = false
    let looked = 0
    await this.#block(move.trickleRate, move.mostSeconds + SPARE_SECONDS, [rows], (seconds) => {
      looked = seconds.length
      recovered = looked > move.leastSeconds && isRecovered(seconds.slice(1), move.baseMs)
      return recovered || looked > move.mostSeconds
    })
    const last = rows.whole().findLast(({ p50 }) => p50 !== null)
    const { afterRate, baseMs } = move
    return { afterRate, seconds: looked, recovered, baseMs, lastMs: last?.p50 ?? null }
  }

  /** The round trip under load, and what the service time is made of at one place, which has one round trip. */
  #roundTrips({ measured }: StepRows, ends: readonly BlockEnd[]): Pick<CapacityStep, 'loadedRtt' | 'parts'> {
    const { crew, index, plan } = this.#options
    const start = crew.starts[index]
    const parts = ends.flatMap(({ loadedRtts }) => loadedRtts ?? [])
    const loadedRtt = start === undefined ? null : loadedRttOf(parts, start, plan)
    if (loadedRtt === null) return {}
    if (crew.places.length > 0) return { loadedRtt }
    const rttMs = Math.min(loadedRtt.idleMs, turnMs(measured) ?? Infinity)
    const { lookupMs, chatterMs, transferMs, serverMs, clientMs } = decompose(
      measured,
      measured.turnMeans().perMessage,
      rttMs,
      null
    )
    return { loadedRtt, parts: { lookupMs, chatterMs, transferMs, serverMs, clientMs } }
  }

  #ownSide(rows: StepRows, ends: readonly BlockEnd[], share: number): OwnSide {
    const { waitUs, turns } = rows.measured
    const { response, service } = rows.sight()
    const cpuWaits = ends.flatMap(({ cpuWaitMs }) => cpuWaitMs ?? [])
    return {
      cpuWaitMs: cpuWaits.length === 0 ? null : Math.max(...cpuWaits),
      turnMs: turns === 0 ? null : waitUs / turns / 1000,
      eventLoopUtilization: Math.max(0, ...ends.map((end) => end.eventLoopUtilization)),
      lateOnFreeSlot: sum(ends.map((end) => end.lateOnFreeSlot)),
      sent: rows.all.counts.sent,
      accepted: rows.all.counts.accepted,
      noSlotShare: sum(ends.map((end) => end.noSlotSeconds)) / share / Math.max(1, rows.spanSeconds),
      responseMs: response.p50 ?? 0,
      serviceMs: service.p50 ?? 0,
      baseServiceMs: this.#baseServiceMs
    }
  }

  async #block(
    rate: number,
    seconds: number,
    [rows, places]: readonly [StepRows, StepPlaces?],
    isDone: (complete: readonly StepSecond[]) => boolean
  ): Promise<BlockEnd[]> {
    const { crew, onSecond, onUsedUp, onLost } = this.#options
    const plan = this.#stepPlan(rate, seconds)
    let ended = false
    let told = 0
    const end = (): void => {
      if (!ended) crew.endBlock()
      rows.end()
      ended = true
    }
    const look = setInterval(() => {
      const complete = rows.complete(crew.elapsedUs())
      if (complete.length === told) return
      for (const second of complete.slice(told)) onSecond(second)
      told = complete.length
      if (!ended && isDone(complete)) end()
    }, LOOK_MS)
    let refusal: string | null = null
    try {
      const ends = await crew.runBlock(shareOf(plan, this.#options.index, crew.workers), {
        onDelta: (delta) => {
          rows.add(delta)
          places?.add(delta)
          this.#options.onDelta(delta)
          this.#hasAccepted ||= delta.accepted > 0
        },
        onSoFar: () => undefined,
        onStage: () => undefined,
        onSends: () => undefined,
        onRefused: (code, sample) => {
          // After good answers a 401 or 403 is a limit's or a firewall's word, and counts as what it is: a rejection.
          if (this.#hasAccepted) return
          refusal = loginRefusalText(plan.transports[this.#options.index]?.name ?? '', code, sample)
          crew.stop(true)
        },
        onUsedUp,
        onLost: (place) => {
          onLost(crew.places[place]?.name ?? '')
        }
      })
      if (refusal !== null) throw new RunError(refusal)
      return ends
    } finally {
      clearInterval(look)
    }
  }

  /** The plan with the load of one step; each has its own arrivals. */
  #stepPlan(rate: number, durationSeconds: number): Plan {
    const { plan, concurrency } = this.#options
    return {
      ...plan,
      rounds: 1,
      // Seconds that are thrown away are so in judging: what the peer refuses in them counts.
      warmupSeconds: 0,
      seed: plan.seed + 1000 * ++this.#steps,
      load: {
        model: 'open',
        rate,
        durationSeconds,
        arrivals: plan.load.model === 'closed' ? 'constant' : plan.load.arrivals,
        maxConcurrency: concurrency
      }
    }
  }
}

/** The share that lies nearest to its bound. */
function nearestShare(objectives: readonly Objective[], soFar: StepSoFar): StepFacts['share'] {
  const sights = objectives.flatMap(({ share }, index) =>
    share?.kind === 'time'
      ? [{ allowed: share.allowed, ...shareSight(shareRows(share, index, soFar), share.allowed) }]
      : []
  )
  const [nearest] = sights.sort((a, b) => b.z - a.z)
  if (nearest === undefined) return null
  const { count, beyond, allowed, error } = nearest
  return { count, beyond, allowed, error }
}

function shareOf(plan: Plan, transport: number, workers: number): BlockShare {
  for (const share of blocksOf(plan, workers)) {
    if (share.transport === transport) return share
  }
  throw new RangeError(`no transport ${transport}`)
}
