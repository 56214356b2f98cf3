import type { Delta } from '../record/delta.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { conclude, mergeRepeats } from '../../shared/insight/capacity-conclude.ts'
import type { CapacityEvent, SearchState } from '../../shared/insight/capacity-event.ts'
import type { SearchAnswer, SearchMove, SearchOptions } from '../../shared/insight/capacity-move.ts'
import { searchCapacity } from '../../shared/insight/capacity-search.ts'
import { recoveryBounds, trickle } from '../../shared/insight/recovery.ts'
import type { Objective } from '../../shared/insight/objective.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { CapacityRecord, CapacityTransport } from '../../shared/record/capacity-record.ts'
import { StoppedEarly } from '../record/until-stopped.ts'
import { StepRunner } from './capacity-step.ts'
import { alternating } from './round-order.ts'
import type { Crew } from './crew.ts'
import { openLocalCrew } from './local-crew.ts'
import { workerCount, type RunOptions } from './run.ts'

export interface CapacityOptions extends Pick<
  RunOptions,
  'plan' | 'openCrew' | 'keychain' | 'fork' | 'workers'
> {
  objectives: readonly Objective[]
  /** Its budgets are those of all searches together. */
  search: SearchOptions
  /** How often each transport is searched; the order turns around every other time. 1 by default. */
  repeat?: number
  /** Sends in flight at most; the plan's by default. */
  concurrency: number
  /** Hard stop: sends that may start in all searches, warm-ups and all. */
  maxMessages: number
  /** Hears what is measured, about once a second; must not throw. `place` is its name, where there are places. */
  onDelta?: (delta: Delta, place: string | null) => void
}

export interface CapacityResult {
  record: CapacityRecord
  /** What ended the search before its time. */
  ended: 'stopped' | 'used-up' | 'lost' | null
}

/** A search that goes on. */
export interface CapacitySearch {
  /** First call: lets sends in flight end. Second call: cuts them. Either way the steps so far are concluded from. */
  stop(): void
  /**
   * Settles exactly once.
   * @throws {RunError} when a peer cannot be used; {@link StoppedEarly} when it was stopped before its first send
   */
  readonly done: Promise<CapacityResult>
}

/** Finds, one transport after another, the highest rate that keeps the objectives. Every step is an open load. */
export function startCapacity(
  options: CapacityOptions,
  onEvent: (event: CapacityEvent) => void
): CapacitySearch {
  const { plan, objectives, search, concurrency, repeat = 1 } = options
  // Preflight and workers want to know how many sends may be in flight, and nothing else of a load.
  const first: Plan = {
    ...plan,
    rounds: 1,
    load: { model: 'closed', concurrency, durationSeconds: search.holdSeconds }
  }
  const workers = workerCount(first, options.workers)
  /** No step and no warm-up goes beyond what the searches may send. */
  const maxMessages = Math.min(options.maxMessages, search.budgetMessages)
  const stopping = new AbortController()
  const startedMs = performance.now()
  let stops = 0
  let usedUp = false
  let crew: Crew | undefined
  /** The place that fell silent. */
  let lost: string | null = null

  const isOver = (): boolean => stops > 0 || usedUp || lost !== null
  const overWords = (): string => {
    if (lost !== null) return `the place ${lost} was lost, and the others would keep another rate`
    if (!usedUp) return 'it was stopped'
    return maxMessages < options.maxMessages
      ? 'the messages that it may send were used up'
      : `the hard stop of ${options.maxMessages} messages was reached`
  }

  const leaveIfUnsent = (running: Crew): void => {
    if (stops > 0 && running.started() === 0) throw new StoppedEarly()
  }

  async function execute(): Promise<CapacityResult> {
    try {
      const running = (crew = await (options.openCrew ?? openLocalCrew)({
        ...options,
        ...{ plan: first, workers, collectSends: false, maxMessages, signal: stopping.signal }
      }))
      if (stops > 0) running.stop(stops > 1)
      const found = plan.transports.map((): CapacityTransport[] => [])
      const searches = alternating(plan.transports.length, repeat)
      for (const [at, { index, round }] of searches.entries()) {
        if (isOver()) break
        const one = await searchOne(index, round, running, searches.length - at)
        found[index]?.push(one)
      }
      leaveIfUnsent(running)
      const record: CapacityRecord = {
        schema: 1,
        objectives: objectives.map(({ text }) => text),
        search: {
          ...{ holdSeconds: search.holdSeconds, confirmSeconds: search.confirmSeconds },
          ...{ precision: search.precision, startRate: search.startRate, ceilingRate: search.ceilingRate },
          ...{ concurrency, repeat }
        },
        ...(running.places.length === 0 ? {} : { places: running.places.map(({ name }) => name) }),
        transports: found.flatMap((repeats) => (repeats.length === 0 ? [] : [mergeRepeats(repeats)]))
      }
      const isHardStop = usedUp && maxMessages === options.maxMessages
      return { record, ended: stops > 0 ? 'stopped' : lost !== null ? 'lost' : isHardStop ? 'used-up' : null }
    } finally {
      await crew?.close()
    }
  }

  async function searchOne(
    index: number,
    round: number,
    running: Crew,
    searchesLeft: number
  ): Promise<CapacityTransport> {
    const name = plan.transports[index]?.name ?? ''
    const [beganMs, before] = [performance.now(), running.started()]
    const spent = (): { messages: number; seconds: number } => ({
      messages: running.started() - before,
      seconds: (performance.now() - beganMs) / 1000
    })
    const { moves, sight } = searchCapacity({
      ...search,
      budgetMessages: (search.budgetMessages - before) / searchesLeft,
      budgetSeconds: (search.budgetSeconds - (beganMs - startedMs) / 1000) / searchesLeft
    })
    let move = moves.next()
    const state = (): SearchState => {
      const { bracket, secondsLeft } = move.done
        ? { bracket: conclude(name, sight()).bracket, secondsLeft: 0 }
        : move.value
      return { transport: name, repeat: round, bracket, ...spent(), secondsLeft }
    }
    const runner = new StepRunner({
      ...{ plan, index, objectives, concurrency, crew: running, repeat: round, isOver },
      elapsedSeconds: () => spent().seconds,
      onDelta: (delta) => options.onDelta?.(delta, running.places[delta.place ?? -1]?.name ?? null),
      onSecond: ({ second, accepted, rejected, failed, p50, p99 }) => {
        onEvent({ kind: 'second', ...state(), second, accepted, refused: rejected + failed, p50, p99 })
      },
      onLost: (place) => {
        lost ??= place
        running.stop(false)
      },
      onUsedUp: () => {
        usedUp = true
        running.stop(false)
      }
    })
    const answer = async (asked: SearchMove): Promise<SearchAnswer> => {
      const ended = (): string | null => (isOver() ? overWords() : null)
      switch (asked.kind) {
        case 'wait':
          onEvent({ kind: 'wait', ...state(), waitSeconds: asked.waitSeconds, reason: asked.reason })
          await sleep(asked.waitSeconds * 1000, null, { signal: stopping.signal }).catch(() => null)
          return { kind: 'wait', spent: spent(), ended: ended() }
        case 'recover': {
          const { afterRate, trickleRate } = asked
          onEvent({ kind: 'recovery-begun', ...state(), afterRate, trickleRate })
          const recovery = await runner.recover(asked)
          onEvent({ kind: 'recovery-ended', ...state(), recovery })
          return { kind: 'recover', recovery, spent: spent(), ended: ended() }
        }
        case 'step': {
          const { rate, purpose, attempt, reason, question } = asked
          const { leastSeconds, mostSeconds } = question
          onEvent({
            kind: 'step-begun',
            ...state(),
            rate,
            purpose,
            attempt,
            reason,
            leastSeconds,
            mostSeconds
          })
          const done = await runner.step(asked)
          if (done === null) return { kind: 'wait', spent: spent(), ended: overWords() }
          return { kind: 'step', ...done, spent: spent(), ended: ended() }
        }
      }
    }
    while (!move.done) {
      const answered = await answer(move.value)
      move = moves.next(answered)
      if (answered.kind === 'step') {
        const soFar = conclude(name, sight())
        onEvent({ kind: 'step-ended', ...state(), step: answered.step, soFar })
      }
    }
    leaveIfUnsent(running)
    const found = conclude(name, move.value)
    onEvent({ kind: 'found', ...state(), found })
    if (searchesLeft > 1 && !isOver() && found.rate > 0) {
      // Transports may lead to the same peer, which must not begin the next search with the burden of this one.
      const baseMs = found.steps.find(({ pass }) => pass)?.p50 ?? null
      const [afterRate, trickleRate] = [found.rate, trickle(search.startRate, found.rate)]
      const left = {
        seconds: search.budgetSeconds - (performance.now() - startedMs) / 1000,
        messages: search.budgetMessages - running.started()
      }
      const affordedSeconds = Math.min(left.seconds, left.messages / trickleRate)
      const bounds = recoveryBounds(search.coolDownSeconds, baseMs, affordedSeconds)
      if (bounds !== null) {
        const where = { bracket: found.bracket, secondsLeft: null }
        await runner.recover({ kind: 'recover', afterRate, trickleRate, baseMs, ...bounds, ...where })
      }
    }
    return found
  }

  return {
    stop() {
      stops++
      stopping.abort()
      crew?.stop(stops > 1)
    },
    done: execute()
  }
}
