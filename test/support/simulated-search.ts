import type { CapacityStep, CapacityTransport, Recovery } from '../../shared/record/capacity-record.ts'
import { conclude } from '../../shared/insight/capacity-conclude.ts'
import type {
  SearchAnswer,
  SearchMove,
  SearchOptions,
  StepFacts
} from '../../shared/insight/capacity-move.ts'
import { isRecovered } from '../../shared/insight/recovery.ts'
import { searchCapacity } from '../../shared/insight/capacity-search.ts'
import type { Objective } from '../../shared/insight/objective.ts'
import { seededRandom } from '../../shared/insight/random.ts'
import { shareSight } from '../../shared/insight/share-test.ts'
import {
  judgeStep,
  spoiledBy,
  type Judgement,
  type StepSecond,
  type StepSoFar
} from '../../shared/insight/step-judge.ts'
import type { ModelPeer } from './model-peers.ts'

export interface Simulation {
  peer: ModelPeer
  objectives: readonly Objective[]
  options: SearchOptions
  arrivals: 'constant' | 'poisson'
  seed: number
  /** Share of the seconds in which this machine stands still for a while, which its sends and answers wait for. */
  stalls?: number
  onMove?: (move: SearchMove, answer: SearchAnswer) => void
}

const WARMUP_SECONDS = 1
const LANES = 100
/** Connecting, and closing behind a block. */
const BLOCK_SECONDS = 0.3
/** A pause of this machine from which on it says so. */
const SEEN_STALL_SECONDS = 0.1

/** A whole search in simulated time. */
export function simulateSearch(simulation: Simulation): CapacityTransport {
  const world = new World(simulation)
  const search = searchCapacity(simulation.options).moves
  let next = search.next()
  while (!next.done) {
    const answer = world.answer(next.value)
    simulation.onMove?.(next.value, answer)
    next = search.next(answer)
  }
  return conclude('simulated', next.value)
}

class World {
  readonly #simulation: Simulation
  readonly #random: () => number
  #now = 0
  #messages = 0

  constructor(simulation: Simulation) {
    this.#simulation = simulation
    this.#random = seededRandom(simulation.seed)
  }

  answer(move: SearchMove): SearchAnswer {
    switch (move.kind) {
      case 'wait':
        this.#now += move.waitSeconds
        return { kind: 'wait', spent: this.#spent(), ended: null }
      case 'recover': {
        const recovery = this.#recover(move)
        return { kind: 'recover', recovery, spent: this.#spent(), ended: null }
      }
      case 'step': {
        const { step, facts } = this.#step(move)
        return { kind: 'step', step, facts, spent: this.#spent(), ended: null }
      }
    }
  }

  #spent(): { messages: number; seconds: number } {
    return { messages: this.#messages, seconds: this.#now }
  }

  #recover(move: SearchMove & { kind: 'recover' }): Recovery {
    const load = new Load(this.#simulation, move.trickleRate, this.#now, this.#random)
    for (;;) {
      const rows = load.second()
      const row = rows.at(-1)
      const isBack = rows.length >= move.leastSeconds && isRecovered(rows, move.baseMs)
      if (!isBack && rows.length < move.mostSeconds) continue
      this.#end(load)
      const { afterRate, baseMs } = move
      return { afterRate, seconds: rows.length, recovered: isBack, baseMs, lastMs: row?.p50 ?? null }
    }
  }

  #end(load: Load): void {
    this.#now = load.endSeconds() + BLOCK_SECONDS
    this.#messages += load.sent
  }

  #step(move: SearchMove & { kind: 'step' }): { step: CapacityStep; facts: StepFacts } {
    const { objectives } = this.#simulation
    const startedSeconds = this.#now
    const load = new Load(this.#simulation, move.rate, this.#now, this.#random)
    let judgement: Judgement = { state: 'open' }
    let soFar = stepSoFar(move.rate, load.second())
    while (judgement.state === 'open') {
      soFar = stepSoFar(move.rate, load.second())
      judgement = judgeStep(objectives, move.question, soFar)
    }
    const rows = soFar.seconds
    this.#end(load)
    const measured = rows.slice(WARMUP_SECONDS)
    const [first, last] = [
      rows.findIndex(({ throttled }) => throttled > 0),
      rows.findLastIndex(({ throttled }) => throttled > 0)
    ]
    const all = sums(rows)
    const pass = judgement.state === 'kept'
    const spoiled = judgement.state === 'failed' ? spoiledBy(soFar, judgement.limit) : null
    const p50s = measured.flatMap(({ p50 }) => (p50 === null ? [] : [p50]))
    const shares = objectives.flatMap(({ share }, index) =>
      share === null
        ? []
        : [
            {
              allowed: share.allowed,
              ...shareSight(
                measured.map((row) => ({ count: row.accepted, beyond: row.beyond[index] ?? 0 })),
                share.allowed
              )
            }
          ]
    )
    return {
      step: {
        rate: move.rate,
        seconds: measured.length,
        achieved: sums(measured).accepted / measured.length,
        p50: p50s[Math.floor(p50s.length / 2)] ?? null,
        p99: Math.max(...measured.map(({ p99 }) => p99 ?? 0)),
        sent: sums(measured).sent,
        rejected: sums(measured).rejected,
        failed: 0,
        throttled: all.throttled,
        generatorLimited: spoiled !== null,
        pass,
        failedObjective: judgement.state === 'failed' ? judgement.objective : null,
        purpose: move.purpose,
        repeat: 1,
        attempt: move.attempt,
        startedSeconds,
        messages: load.sent,
        spoiled,
        limit: judgement.state === 'failed' ? judgement.limit : null,
        reason: judgement.reason,
        undecided: judgement.undecided
      },
      facts: {
        retryAfterSeconds: load.retryAfterSeconds,
        accepted: all.accepted,
        seconds: rows.length,
        tailRate: rows.length < 4 ? null : sums(rows.slice(-3)).accepted / 3,
        pressure:
          first === -1 ? null : { accepted: sums(rows.slice(first, last)).accepted, seconds: last - first },
        share: shares[0] ?? null
      }
    }
  }
}

function stepSoFar(rate: number, seconds: StepSecond[]): StepSoFar {
  const counts = { ...sums(seconds.slice(WARMUP_SECONDS)), aborted: 0 }
  const none = { min: null, mean: null, p50: null, p90: null, p95: null, p99: null, p999: null, max: null }
  return {
    rate,
    measuredSeconds: seconds.length - WARMUP_SECONDS,
    measuredFrom: WARMUP_SECONDS,
    seconds,
    measured: () => ({ counts, throughput: 0, response: none, service: none })
  }
}

function sums(
  rows: readonly StepSecond[]
): Omit<StepSecond, 'second' | 'p50' | 'p99' | 'beyond' | 'stalled'> {
  const sum = { sent: 0, accepted: 0, rejected: 0, failed: 0, throttled: 0 }
  for (const row of rows) {
    sum.sent += row.sent
    sum.accepted += row.accepted
    sum.rejected += row.rejected
    sum.failed += row.failed
    sum.throttled += row.throttled
  }
  return sum
}

/** Messages that come due at a rate, and what became of them, second by second. */
class Load {
  readonly #simulation: Simulation
  readonly #rate: number
  readonly #start: number
  readonly #random: () => number
  readonly #done: number[] = []
  readonly #responses: number[][] = []
  readonly #throttled: number[] = []
  #dueSeconds: number
  #stallFrom = 0
  #stallUntil = 0
  #seconds = 0
  sent = 0
  readonly #stalled = new Set<number>()
  retryAfterSeconds = 0

  constructor(simulation: Simulation, rate: number, start: number, random: () => number) {
    this.#simulation = simulation
    this.#rate = rate
    this.#start = start
    this.#random = random
    this.#dueSeconds = start
  }

  /** Another second; all so far. */
  second(): StepSecond[] {
    const until = this.#start + ++this.#seconds
    this.#stall(until - 1)
    for (;;) {
      const laneFree = this.#done[this.#done.length - LANES] ?? 0
      const entry = this.#late(Math.max(this.#dueSeconds, laneFree))
      if (entry >= until) return this.#rows()
      const { doneSeconds, throttled, retryAfterSeconds } = this.#simulation.peer(entry)
      const seen = this.#late(doneSeconds)
      this.#done.push(seen)
      this.sent++
      const at = Math.floor(seen - this.#start)
      if (throttled) {
        this.#throttled[at] = (this.#throttled[at] ?? 0) + 1
        this.retryAfterSeconds = retryAfterSeconds
      } else {
        const responses = (this.#responses[at] ??= [])
        responses.push((seen - this.#dueSeconds) * 1000)
      }
      const gap = this.#simulation.arrivals === 'constant' ? 1 : -Math.log(1 - this.#random())
      this.#dueSeconds += gap / this.#rate
    }
  }

  endSeconds(): number {
    return Math.max(this.#start + this.#seconds, this.#done.at(-1) ?? 0)
  }

  #stall(from: number): void {
    if (this.#random() >= (this.#simulation.stalls ?? 0)) return
    const length = this.#random() < 0.05 ? 0.3 : 0.03 * this.#random()
    this.#stallFrom = from + this.#random() * 0.5
    this.#stallUntil = this.#stallFrom + length
    if (length >= SEEN_STALL_SECONDS) this.#stalled.add(this.#seconds - 1)
  }

  #late(atSeconds: number): number {
    return atSeconds >= this.#stallFrom && atSeconds < this.#stallUntil ? this.#stallUntil : atSeconds
  }

  #rows(): StepSecond[] {
    const { objectives } = this.#simulation
    return Array.from({ length: this.#seconds }, (_, second) => {
      const responses = (this.#responses[second] ?? []).toSorted((a, b) => a - b)
      const throttled = this.#throttled[second] ?? 0
      const at = (share: number): number | null => responses[Math.ceil(share * responses.length) - 1] ?? null
      return {
        second,
        sent: responses.length + throttled,
        accepted: responses.length,
        rejected: throttled,
        failed: 0,
        throttled,
        stalled: this.#stalled.has(second),
        p50: at(0.5),
        p99: at(0.99),
        beyond: objectives.map(({ share }) =>
          share?.kind === 'time' ? responses.filter((ms) => ms > share.limitMs).length : 0
        )
      }
    })
  }
}
