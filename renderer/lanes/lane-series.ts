import { ratePieces, type RatePiece } from '../../shared/plan/rate-pieces.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import type { RoundRecord, TimelineRow, TransportRecord } from '../../shared/record/run-record.ts'

/** Steps that a lane holds at most, however long the run is. */
export const LANE_STEPS = 240

/** One step of a lane. Times are ms; null where nothing was accepted in it. */
export interface LaneStep {
  /** Where it begins and how long it is on the transport's own measured clock, s. */
  at: number
  seconds: number
  /** Accepted a second of measured time. */
  rate: number
  /** Sends a second that came due; null for a closed load. */
  due: number | null
  /** Sends that were due and not done at its end; null for a closed load. */
  backlog: number | null
  p50: number | null
  p99: number | null
  errors: number
}

/** A thin line across a lane: where a round or a stage begins. */
export interface LaneRule {
  at: number
  kind: 'round' | 'stage'
}

/** Where a round begins on the run's clock. */
export type RoundBegin = Pick<RoundRecord, 'round' | 'startedMs'>

/** A time in which this machine stood still, on the run's clock. */
type Gap = Pick<NonNullable<TransportRecord['gaps']>[number], 'startedMs' | 'seconds'>

/**
 * One transport's seconds on its own measured clock, which stands still while others are measured. When they outgrow
 * the steps, neighbours are merged and the step doubles, so that memory and drawing stay the same however long a run is.
 */
export class LaneSeries {
  readonly rules: LaneRule[] = []
  readonly #pieces: readonly RatePiece[] | null
  #stepSeconds = 1
  #steps: LaneStep[] = []
  /** The latest rows, which may still change: the one that goes on, and the one before. */
  #open: TimelineRow[] = []
  readonly #begins: RoundBegin[] = []
  readonly #gaps: readonly Gap[]
  #clock: Clock = { at: 0, begun: 0, roundAt: 0, due: 0, done: 0, until: -Infinity }

  constructor({ load, rounds }: Pick<Plan, 'load' | 'rounds'>, gaps: readonly Gap[] = []) {
    this.#pieces = load.model === 'closed' ? null : ratePieces(load, rounds)
    this.#gaps = gaps
  }

  /** Length of the measured time of the closed seconds, s. */
  get length(): number {
    return this.#clock.at
  }

  /** Tells where a round begins, before its seconds are added; or tells it better. */
  begin({ round, startedMs }: RoundBegin): void {
    if (this.#begins.at(-1)?.round === round) this.#begins.pop()
    this.#begins.push({ round, startedMs })
  }

  /** Adds what is known of a second, or replaces what was known of it. */
  add(row: TimelineRow): void {
    const known = this.#open.findIndex(({ second }) => second === row.second)
    if (known >= 0) this.#open[known] = row
    else if (row.second >= this.#clock.until) {
      this.#open.push(row)
      while (this.#open.length > 2) this.#close(this.#open.shift())
    }
  }

  /** No row changes any more. */
  end(): void {
    for (const row of this.#open.splice(0)) this.#close(row)
  }

  /** What is to be drawn: the closed seconds, and those that may still change. */
  steps(): LaneStep[] {
    const clock = { ...this.#clock }
    return [...this.#steps, ...this.#open.flatMap((row) => this.#advance(clock, row))]
  }

  #close(row: TimelineRow | undefined): void {
    if (row === undefined) return
    const { begun } = this.#clock
    const steps = this.#advance(this.#clock, row)
    if (this.#clock.begun > begun) this.#rule(this.#clock.roundAt)
    for (const step of steps) {
      const last = this.#steps.at(-1)
      if (last !== undefined && last.seconds + step.seconds <= this.#stepSeconds * 1.001) merge(last, step)
      else this.#steps.push(step)
      if (this.#steps.length > LANE_STEPS) this.#coarsen()
    }
  }

  #rule(at: number): void {
    if (at > 0) this.rules.push({ at, kind: 'round' })
    let stageAt = at
    for (const { seconds } of this.#pieces?.slice(0, -1) ?? []) {
      this.rules.push({ at: (stageAt += seconds), kind: 'stage' })
    }
  }

  /** The steps that a row makes, with those of the round's seconds before it in which nothing ended; moves the clock. */
  #advance(clock: Clock, row: TimelineRow): LaneStep[] {
    const { second, measuredSeconds } = row
    if (!(measuredSeconds > 0)) return []
    let from = clock.until
    const begin = this.#latestBegin(clock, second + 1)
    if (begin !== null) {
      // What was measured of this second before it belongs to the round before.
      const before = Math.max(0, measuredSeconds - (second + 1 - begin))
      clock.roundAt = clock.at + before
      clock.due = clock.done = 0
      from = begin
    }
    const steps: LaneStep[] = []
    while (from < second && from > -Infinity) {
      const seconds = Math.floor(from) + 1 - from
      if (this.#stoodStill(from, seconds)) {
        clock.roundAt -= seconds
        clock.due = clock.done
      } else steps.push(this.#step(clock, { ...NOTHING, measuredSeconds: seconds }))
      from += seconds
    }
    steps.push(this.#step(clock, row))
    clock.until = second + 1
    return steps
  }

  /** Where the latest round begins that does so before this second of the run, s; null where none was begun anew. */
  #latestBegin(clock: Clock, before: number): number | null {
    let begin: number | null = null
    for (; clock.begun < this.#begins.length; clock.begun++) {
      const next = (this.#begins[clock.begun]?.startedMs ?? Infinity) / 1000
      if (next >= before) break
      begin = next
    }
    return begin
  }

  #stoodStill(from: number, seconds: number): boolean {
    return this.#gaps.some(
      (gap) => gap.startedMs <= from * 1000 && (from + seconds) * 1000 <= gap.startedMs + gap.seconds * 1000
    )
  }

  #step(clock: Clock, row: Omit<TimelineRow, 'second'>): LaneStep {
    const { at } = clock
    const seconds = row.measuredSeconds
    clock.at += seconds
    /** What of it lies in the latest round. */
    const own = clock.at - Math.max(at, clock.roundAt)
    const until = clock.at - clock.roundAt
    const due =
      this.#pieces === null ? null : dueUntil(this.#pieces, until) - dueUntil(this.#pieces, until - own)
    clock.due += due ?? 0
    clock.done += (ended(row) * own) / seconds
    return {
      ...{ at, seconds, rate: row.accepted / seconds, p50: row.p50, p99: row.p99 },
      due: due === null ? null : due / own,
      backlog: due === null ? null : Math.max(0, clock.due - clock.done),
      errors: row.rejected + row.failed + row.aborted
    }
  }

  #coarsen(): void {
    this.#stepSeconds *= 2
    const merged: LaneStep[] = []
    for (const step of this.#steps) {
      const last = merged.at(-1)
      if (last !== undefined && last.seconds + step.seconds <= this.#stepSeconds * 1.001) merge(last, step)
      else merged.push(step)
    }
    this.#steps = merged
  }
}

/** Where a transport's own clock stands, and what was due and done in its round until then. */
interface Clock {
  at: number
  /** Rounds that have begun, and where the latest did so on this clock. */
  begun: number
  roundAt: number
  due: number
  done: number
  /** The second of the run up to which it was told, s. */
  until: number
}

const NOTHING = { accepted: 0, rejected: 0, failed: 0, aborted: 0, p50: null, p99: null }

function ended({ accepted, rejected, failed, aborted }: Omit<TimelineRow, 'second'>): number {
  return accepted + rejected + failed + aborted
}

/** Adds the later of two steps to the earlier. A merged p99 is the worse of the two, a merged p50 lies between them. */
function merge(into: LaneStep, later: LaneStep): void {
  const seconds = into.seconds + later.seconds
  const mean = (a: number, b: number): number => (a * into.seconds + b * later.seconds) / seconds
  into.rate = mean(into.rate, later.rate)
  into.due = into.due === null || later.due === null ? null : mean(into.due, later.due)
  into.p50 = into.p50 === null || later.p50 === null ? (into.p50 ?? later.p50) : mean(into.p50, later.p50)
  into.p99 = into.p99 === null || later.p99 === null ? (into.p99 ?? later.p99) : Math.max(into.p99, later.p99)
  into.backlog = later.backlog
  into.errors += later.errors
  into.seconds = seconds
}

/** Sends that came due in this much of a round, s. */
function dueUntil(pieces: readonly RatePiece[], second: number): number {
  let [due, left] = [0, second]
  for (const { fromRate, toRate, seconds } of pieces) {
    const part = Math.max(0, Math.min(left, seconds))
    due += (fromRate + ((toRate - fromRate) * part) / seconds / 2) * part
    left -= seconds
  }
  return due
}
