import type { Bracket, CapacityStep, Recovery, StepPurpose } from '../record/capacity-record.ts'
import { figure, percent } from '../text/format.ts'
import type {
  SearchAnswer,
  SearchMove,
  SearchOptions,
  SearchSight,
  SeenStep,
  Spent,
  StepFacts
} from './capacity-move.ts'
import { recoveryBounds, trickle } from './recovery.ts'
import { allowedRate, RateGuide } from './capacity-guide.ts'
import { pooledRate, type PoolStep } from './capacity-pool.ts'

export type Search = Generator<SearchMove, SearchSight, SearchAnswer>

/** Factor of the coarse climb, and of the descent when the first rate is too high already. */
const CLIMB = 2
/** A rate below this is none at all. */
const LEAST_RATE = 0.1
/** How often a rate that this machine spoils is tried before this machine counts as the limit. */
const MOST_SPOILED = 3
/** A longer wait than this, asked for by the peer, ends the search, s. */
const LONGEST_WAIT_SECONDS = 300
/** A step that goes on for the sake of its question takes so many holds at most. */
const EXTENDED_HOLDS = 3
/** Steps that are pooled at most where chance rules, and how far they may lie from each other's best guess. */
const POOLED_STEPS = 10
const POOLED_FROM = 1.15
/** Factors of the share allowed between which a share shows that it depends on the rate by and by. */
const GRADUAL = [1 / 8, 10] as const
const NEARBY = 1.3
/** A greater share is no tail any more. */
const MOST_OF_TAIL = 0.25
/** How far above the rate that failed a peer's allowance is used up. */
const DRAIN = 1.5
const DRAIN_SECONDS = 30

/**
 * Searches the highest rate that a peer keeps: a pure function of the answers. Yields what is to be done, is given what
 * came of it, and returns what was seen. Doubles the rate until a step fails; closes in on the limit; holds what it
 * found, and goes on below where that fails. A failure counts when it was seen twice of three times, with a recovery in
 * between; what this machine spoiled is repeated.
 */
export function searchCapacity(options: SearchOptions): { moves: Search; sight: () => SearchSight } {
  const search = new CapacitySearch(options)
  return { moves: search.run(), sight: () => search.sight() }
}

/** Nothing more may be done; the message says why. */
class SearchEnded extends Error {}

type Outcome = 'kept' | 'failed' | 'undecided'

class CapacitySearch {
  readonly #options: SearchOptions
  readonly #steps: SeenStep[] = []
  readonly #recoveries: Recovery[] = []
  #short: Bracket = { kept: 0, failed: null }
  #held: Bracket | null = null
  #poolError: number | null = null
  #spent: Spent = { messages: 0, seconds: 0 }
  #secondsLeft: number | null = null
  #unfinished: string | null = 'the search was broken off'

  constructor(options: SearchOptions) {
    this.#options = options
  }

  *run(): Search {
    try {
      yield* this.#search()
      this.#unfinished = null
    } catch (error) {
      if (!(error instanceof SearchEnded)) throw error
      this.#unfinished = error.message
    }
    return this.sight()
  }

  /** What was seen so far. */
  sight(): SearchSight {
    return {
      options: this.#options,
      steps: this.#steps,
      recoveries: this.#recoveries,
      short: this.#short,
      held: this.#held,
      poolError: this.#poolError,
      spent: this.#spent,
      unfinished: this.#unfinished
    }
  }

  *#search(): Generator<SearchMove, void, SearchAnswer> {
    yield* this.#climb()
    if (this.#short.kept === 0) return
    yield* this.#narrow()
    if (this.#options.confirmSeconds === 0) return
    if (this.#isGradual(this.#short)) yield* this.#pool()
    else yield* this.#hold()
  }

  *#climb(): Generator<SearchMove, void, SearchAnswer> {
    const { startRate, ceilingRate, holdSeconds } = this.#options
    const question = { leastSeconds: holdSeconds, mostSeconds: EXTENDED_HOLDS * holdSeconds, decided: false }
    let rate = Math.min(startRate, ceilingRate)
    let reason = 'the first rate'
    for (;;) {
      const outcome = yield* this.#try(rate, 'climb', question, reason)
      if (outcome === 'kept') {
        this.#short = { ...this.#short, kept: rate }
        if (this.#short.failed !== null || rate >= ceilingRate) return
        reason = `${figure(rate)}/s was kept: twice as much`
        rate = Math.min(rate * CLIMB, ceilingRate)
      } else {
        this.#short = { ...this.#short, failed: rate }
        if (this.#short.kept > 0 || rate / CLIMB < LEAST_RATE) return
        reason = `${figure(rate)}/s failed: half as much`
        rate /= CLIMB
      }
    }
  }

  *#narrow(): Generator<SearchMove, void, SearchAnswer> {
    const { holdSeconds, confirmSeconds } = this.#options
    const question = {
      leastSeconds: holdSeconds,
      mostSeconds: Math.max(EXTENDED_HOLDS * holdSeconds, confirmSeconds),
      decided: true
    }
    const guide = new RateGuide(this.#options.precision)
    for (;;) {
      const next = guide.next(this.#short, this.#tailGuess())
      if (next === null || !this.#affords(next.rate, holdSeconds + confirmSeconds)) return
      if (confirmSeconds > 0 && this.#isGradual(this.#short) && next.rate < this.#short.kept * POOLED_FROM)
        return
      const steps = Math.log2(((this.#short.failed ?? 0) / this.#short.kept - 1) / this.#options.precision)
      this.#secondsLeft = Math.ceil(steps) * 1.5 * holdSeconds + confirmSeconds
      const outcome = yield* this.#try(next.rate, 'narrow', question, next.reason)
      this.#short = narrowed(this.#short, next.rate, this.#isKept(outcome))
    }
  }

  /** Holds the rate found; where that fails, finds the rate below that can be held. */
  *#hold(): Generator<SearchMove, void, SearchAnswer> {
    const { confirmSeconds, precision } = this.#options
    const question = { leastSeconds: confirmSeconds, mostSeconds: 1.5 * confirmSeconds, decided: false }
    this.#secondsLeft = confirmSeconds
    const rate = this.#short.kept
    const outcome = yield* this.#try(
      rate,
      'hold',
      question,
      `holding what was found for ${figure(confirmSeconds)} s`
    )
    const isKept = outcome === 'kept'
    if (this.#isGradual(isKept ? this.#short : { kept: this.#lowerKept(rate), failed: rate })) {
      yield* this.#pool()
      return
    }
    if (isKept) {
      this.#held = { kept: rate, failed: this.#short.failed }
      return
    }
    this.#held = { kept: 0, failed: rate }
    const guide = new RateGuide(precision)
    for (;;) {
      const next = guide.next(this.#held, this.#tailGuess())
      if (next === null) return
      if (next.rate < LEAST_RATE || !this.#affords(next.rate, confirmSeconds)) return
      this.#secondsLeft = this.#held.kept === 0 ? 2 * confirmSeconds : confirmSeconds
      const tried = yield* this.#try(next.rate, 'hold', question, next.reason)
      this.#held = narrowed(this.#held, next.rate, tried === 'kept')
    }
  }

  /** Where chance rules, steps of the full length at the best guess, until the guess is as good as it was asked for. */
  *#pool(): Generator<SearchMove, void, SearchAnswer> {
    const { confirmSeconds, precision } = this.#options
    const question = { leastSeconds: confirmSeconds, mostSeconds: confirmSeconds, decided: false }
    const { failed, kept } = this.#short
    const pool = this.#undecided()
    const holds: { rate: number; pass: boolean }[] = []
    for (let index = 0; index < POOLED_STEPS; index++) {
      const best = pooledRate(pool) ?? { rate: Math.sqrt(kept * (failed ?? kept)), error: Infinity }
      if (holds.some(({ pass }) => pass) && best.error <= precision / 2) break
      const rate = Math.min(best.rate, hardFailure(this.#steps) / (1 + precision / 2))
      if (!this.#affords(rate, confirmSeconds)) break
      this.#secondsLeft = (POOLED_STEPS - index) * confirmSeconds
      const { step, facts } = yield* this.#step(rate, 'hold', 1, question, poolWords(best.error))
      if (step.spoiled === null || step.pass) {
        if (facts.share !== null) pool.push({ rate, ...facts.share })
        holds.push({ rate, pass: step.pass })
      }
      if (!step.pass) yield* this.#recover(rate, facts)
    }
    const best = pooledRate(pool)?.rate ?? 0
    this.#poolError = pooledRate(pool)?.error ?? null
    const [nearest] = holds
      .filter(({ pass }) => pass)
      .sort((a, b) => Math.abs(Math.log(a.rate / best)) - Math.abs(Math.log(b.rate / best)))
    this.#held = { kept: nearest?.rate ?? 0, failed }
  }

  /** Tries a rate until it was kept once without a failure, or either was seen twice. */
  *#try(
    rate: number,
    purpose: StepPurpose,
    question: { leastSeconds: number; mostSeconds: number; decided: boolean },
    why: string
  ): Generator<SearchMove, Outcome, SearchAnswer> {
    let [kept, failed, spoiled] = [0, 0, 0]
    let reason = why
    for (let attempt = 1; ; attempt++) {
      if (purpose === 'hold') yield* this.#drain()
      const { step, facts } = yield* this.#step(rate, purpose, attempt, question, reason)
      if (step.undecided) {
        if (!step.pass) yield* this.#recover(rate, facts)
        return 'undecided'
      }
      if (step.pass) kept++
      else if (step.spoiled === null) failed++
      else spoiled++
      if (!step.pass) yield* this.#recover(rate, facts)
      if (kept === 2 || (kept === 1 && failed === 0)) return 'kept'
      if (failed === 2 || spoiled === MOST_SPOILED) return 'failed'
      reason = step.pass
        ? 'kept once and failed once: the third time decides'
        : step.spoiled === null
          ? 'a failure counts when it is seen twice'
          : `this machine spoiled it: ${step.spoiled}`
    }
  }

  /** A peer that throttles by an allowance must have used it up before a rate can be held against it. */
  *#drain(): Generator<SearchMove, void, SearchAnswer> {
    const failure = this.#steps.findLast(({ step }) => isFailure(step))?.step
    if (failure?.limit !== 'throttling') return
    const rate = Math.min(failure.rate * DRAIN, this.#options.ceilingRate)
    const question = { leastSeconds: DRAIN_SECONDS, mostSeconds: DRAIN_SECONDS, decided: false }
    const { facts } = yield* this.#step(
      rate,
      'drain',
      1,
      question,
      'using up what the peer allows beyond its rate'
    )
    yield* this.#wait(facts.retryAfterSeconds)
  }

  *#step(
    rate: number,
    purpose: StepPurpose,
    attempt: number,
    question: { leastSeconds: number; mostSeconds: number; decided: boolean },
    reason: string
  ): Generator<SearchMove, SeenStep, SearchAnswer> {
    if (!this.#affords(rate, question.leastSeconds)) throw new SearchEnded(this.#budgetWords(rate))
    const mostSeconds = Math.max(question.leastSeconds, Math.min(question.mostSeconds, this.#secondsAt(rate)))
    const answer = yield* this.#ask({
      kind: 'step',
      rate,
      purpose,
      attempt,
      reason,
      question: { ...question, mostSeconds },
      ...this.#state()
    })
    if (answer.kind !== 'step') throw new TypeError(`a step was answered with ${answer.kind}`)
    const seen = { step: answer.step, facts: answer.facts, ended: answer.spent }
    this.#steps.push(seen)
    return seen
  }

  /** After an overload: the wait that the peer named, then a trickle until it is as fast as before. */
  *#recover(afterRate: number, facts: StepFacts): Generator<SearchMove, void, SearchAnswer> {
    yield* this.#wait(facts.retryAfterSeconds)
    const { coolDownSeconds, startRate } = this.#options
    const baseMs = this.#steps.find(({ step }) => step.pass)?.step.p50 ?? null
    const trickleRate = trickle(startRate, afterRate)
    const bounds = recoveryBounds(coolDownSeconds, baseMs, this.#secondsAt(trickleRate))
    if (bounds === null) throw new SearchEnded(this.#budgetWords(trickleRate))
    const answer = yield* this.#ask({
      ...{ kind: 'recover', afterRate, trickleRate, baseMs },
      ...bounds,
      ...this.#state()
    })
    if (answer.kind !== 'recover') throw new TypeError(`a recovery was answered with ${answer.kind}`)
    this.#recoveries.push(answer.recovery)
  }

  *#wait(waitSeconds: number): Generator<SearchMove, void, SearchAnswer> {
    if (waitSeconds <= 0) return
    if (waitSeconds > LONGEST_WAIT_SECONDS) {
      throw new SearchEnded(`the peer asked for a pause of ${figure(waitSeconds)} s`)
    }
    if (this.#spent.seconds + waitSeconds > this.#options.budgetSeconds) {
      throw new SearchEnded(this.#budgetWords(0))
    }
    yield* this.#ask({ kind: 'wait', waitSeconds, reason: 'the peer asked for it', ...this.#state() })
  }

  *#ask(move: SearchMove): Generator<SearchMove, SearchAnswer, SearchAnswer> {
    const answer = yield move
    this.#spent = answer.spent
    if (answer.ended !== null) throw new SearchEnded(answer.ended)
    return answer
  }

  #state(): { bracket: Bracket; secondsLeft: number | null } {
    return { bracket: this.#held ?? this.#short, secondsLeft: this.#secondsLeft }
  }

  #affords(rate: number, seconds: number): boolean {
    return seconds <= this.#secondsAt(rate)
  }

  /** Seconds for which the budgets still allow a rate. */
  #secondsAt(rate: number): number {
    const { budgetMessages, budgetSeconds } = this.#options
    const { messages, seconds } = this.#spent
    return Math.min(budgetSeconds - seconds, (budgetMessages - messages) / rate)
  }

  /** Which budget does not allow more of a rate. */
  #budgetWords(rate: number): string {
    const { budgetMessages, budgetSeconds } = this.#options
    const { messages, seconds } = this.#spent
    return (budgetSeconds - seconds) * rate < budgetMessages - messages
      ? 'the time that it may take was used up'
      : 'the messages that it may send were used up'
  }

  /** Undecided steps count by what they saw, whichever side that is on. */
  #isKept(outcome: Outcome): boolean {
    return outcome === 'undecided' ? (this.#steps.at(-1)?.step.pass ?? false) : outcome === 'kept'
  }

  #undecided(): PoolStep[] {
    return this.#steps.flatMap(({ step, facts }) =>
      step.undecided && step.spoiled === null && facts.share !== null
        ? [{ rate: step.rate, ...facts.share }]
        : []
    )
  }

  #lowerKept(rate: number): number {
    return Math.max(
      0,
      ...this.#steps.flatMap(({ step }) => (step.pass && step.rate < rate ? [step.rate] : []))
    )
  }

  /** Whether the limit is a share that grows by and by with the rate, so that a single step near it is left to chance. */
  #isGradual({ kept, failed }: Bracket): boolean {
    if (failed === null) return false
    const failures = this.#steps.filter(({ step }) => isFailure(step) && step.rate === failed)
    if (!failures.some(({ step, facts }) => isOfShare(step) && isTail(facts))) return false
    return this.#steps.some(({ step, facts: { share } }) => {
      if (share === null || share.count === 0 || step.spoiled !== null) return false
      if (!step.pass && !isOfShare(step)) return false
      if (step.rate < kept / NEARBY || step.rate > failed * NEARBY) return false
      const ratio = share.beyond / share.count / share.allowed
      return ratio >= GRADUAL[0] && ratio <= GRADUAL[1]
    })
  }

  /** What the peer could do while it was overloaded; the guess may be wrong and only says where to look first. */
  #tailGuess(): number | null {
    const last = this.#steps.findLast(({ step }) => isFailure(step))
    if (last === undefined || last.step.limit === 'percentile') return null
    return last.step.limit === 'throttling' ? allowedRate(this.#steps) : last.facts.tailRate
  }
}

function isFailure(step: CapacityStep): boolean {
  return !step.pass && step.spoiled === null && step.purpose !== 'drain'
}

/** What a share tells is about the tail, and not about all. */
function isTail({ share }: StepFacts): boolean {
  return share === null || share.beyond <= MOST_OF_TAIL * share.count
}

function isOfShare({ limit, undecided }: CapacityStep): boolean {
  return limit === 'percentile' || (limit === 'refusals' && undecided)
}

/** The lowest rate that failed twice on something that chance has no part in; Infinity for none. */
function hardFailure(steps: readonly SeenStep[]): number {
  const rates = steps.flatMap(({ step }) =>
    isFailure(step) && step.limit !== 'percentile' ? [step.rate] : []
  )
  return Math.min(Infinity, ...rates.filter((rate, index) => rates.indexOf(rate) !== index))
}

function narrowed({ kept, failed }: Bracket, rate: number, isKept: boolean): Bracket {
  return isKept
    ? { kept: Math.max(kept, rate), failed }
    : { kept, failed: Math.min(failed ?? Infinity, rate) }
}

function poolWords(error: number): string {
  return error === Infinity
    ? 'chance rules near the limit: several steps together'
    : `known to ${percent(1.96 * error)} so far`
}
