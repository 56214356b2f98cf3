import {
  createHistogram,
  encodeHistogram,
  percentileMs,
  type Histogram
} from '../../shared/record/histogram.ts'
import { addErrors, errorKind } from '../../shared/record/error-sum.ts'
import type {
  ErrorRecord,
  PhaseRecord,
  TailRecord,
  TimelineRow,
  Turns
} from '../../shared/record/run-record.ts'
import { PHASES, PHASE_INDEX, type Phase } from '../../shared/record/words.ts'
import type { Delta, HistogramPairs, PhaseDelta } from './delta.ts'
import { addCounts, noCounts } from './counts.ts'
import { entryOf } from './entry-of.ts'
import { OTHER_CODE } from './fold.ts'
import { recordPairs } from './interval-histogram.ts'
import { SlowestOfAll } from './slowest.ts'

/** The part of the sends that lies in and beyond the p99. */
const TAIL_SHARE = 0.01
/** Different errors kept apart in a run, so that a peer that always says something new does not fill the memory. */
const MAX_ERRORS = 1000

class PhaseTally {
  count = 0
  sumUs = 0
  turns = 0
  readonly histogram = createHistogram()
}

/** What is added up over a stretch of one transport's measurement: a round, or the whole run. */
export class Tally {
  readonly counts = noCounts()
  startedLate = 0
  throttled = 0
  turns = 0
  coldCount = 0
  coldTurns = 0
  waitUs = 0
  transferUs = 0
  lookupUs = 0
  serviceUs = 0
  queueUs = 0
  retransmits = 0
  sendsWithRetransmit = 0
  laneUs = 0
  lanes = 0
  bytesOut = 0
  bytesIn = 0
  firstDueUs = Infinity
  firstDoneUs = Infinity
  lastDoneUs = 0
  readonly response = createHistogram()
  readonly service = createHistogram()

  add(delta: Delta): void {
    addCounts(this.counts, delta)
    this.startedLate += delta.startedLate
    this.throttled += delta.throttled
    this.turns += delta.turns
    this.coldCount += delta.coldCount
    this.coldTurns += delta.coldTurns
    this.waitUs += delta.waitUs
    this.transferUs += delta.transferUs
    this.lookupUs += delta.phases.find(({ phase }) => phase === PHASE_INDEX.dns)?.sumUs ?? 0
    this.serviceUs += delta.serviceUs
    this.queueUs += delta.queueUs
    this.retransmits += delta.retransmits
    this.sendsWithRetransmit += delta.sendsWithRetransmit
    this.laneUs += delta.laneUs
    this.lanes += delta.lanes
    this.bytesOut += delta.bytesOut
    this.bytesIn += delta.bytesIn
    this.firstDueUs = Math.min(this.firstDueUs, delta.firstDueUs)
    this.firstDoneUs = Math.min(this.firstDoneUs, delta.firstDoneUs)
    this.lastDoneUs = Math.max(this.lastDoneUs, delta.lastDoneUs)
    recordPairs(this.response, delta.response)
    recordPairs(this.service, delta.service)
  }

  turnMeans(): Turns {
    return {
      perMessage: mean(this.turns, this.counts.accepted),
      cold: mean(this.coldTurns, this.coldCount),
      warm: mean(this.turns - this.coldTurns, this.counts.accepted - this.coldCount),
      coldCount: this.coldCount
    }
  }
}

/** The whole run, with its phases and errors: rounds go without, since nobody asks them and a histogram per phase is large. */
export class RunTally extends Tally {
  readonly #phases = new Map<number, PhaseTally>()
  readonly #errors = new Map<string, ErrorRecord>()

  readonly #slowest = new SlowestOfAll()

  override add(delta: Delta): void {
    super.add(delta)
    this.#slowest.add(delta.slowest)
    for (const phase of delta.phases) this.#addPhase(phase)
    for (const error of delta.errors) this.#addError(error)
  }

  /** Times of a phase, µs; null where no accepted send had it. */
  phaseHistogram(phase: Phase): Histogram | null {
    return this.#phases.get(PHASE_INDEX[phase])?.histogram ?? null
  }

  phases(): PhaseRecord[] {
    return [...this.#phases.entries()]
      .sort(([a], [b]) => a - b)
      .map(([index, phase]) => ({
        name: PHASES[index] ?? 'tcp',
        count: phase.count,
        meanMs: phase.sumUs / phase.count / 1000,
        p50: percentileMs(phase.histogram, 50) ?? 0,
        p99: percentileMs(phase.histogram, 99) ?? 0,
        turns: phase.turns / phase.count,
        histogram: encodeHistogram(phase.histogram)
      }))
  }

  /** What the slowest accepted sends have in common; null where none was accepted. */
  tail(): TailRecord | null {
    const { accepted } = this.counts
    const slowest = this.#slowest.slowest(TAIL_SHARE, accepted)
    const last = slowest.at(-1)
    if (last === undefined) return null
    // Where most sends connect, connecting explains none of them.
    const isOpeningRare = this.coldCount < accepted / 2
    const causes = new Map<string, TailRecord['causes'][number]>()
    for (const send of slowest) {
      const cause = send.lost
        ? 'lost'
        : send.queued
          ? 'queued'
          : send.opened && isOpeningRare
            ? 'opened'
            : 'waited'
      const phase = cause === 'waited' ? send.phase : null
      const known = causes.get(`${cause} ${phase}`)
      if (known === undefined) causes.set(`${cause} ${phase}`, { cause, phase, count: 1 })
      else known.count++
    }
    return {
      slowest: slowest.length,
      fromMs: last.responseUs / 1000,
      causes: [...causes.values()].sort((a, b) => b.count - a.count)
    }
  }

  /** Most frequent first. */
  errors(): ErrorRecord[] {
    return [...this.#errors.values()].sort((a, b) => b.count - a.count)
  }

  #addPhase(delta: PhaseDelta): void {
    const phase = entryOf(this.#phases, delta.phase, () => new PhaseTally())
    phase.count += delta.count
    phase.sumUs += delta.sumUs
    phase.turns += delta.turns
    recordPairs(phase.histogram, delta.pairs)
  }

  #addError(error: ErrorRecord): void {
    const key = errorKind(error)
    const known = this.#errors.get(key)
    if (known !== undefined) this.#errors.set(key, addErrors(known, error))
    else if (this.#errors.size < MAX_ERRORS || error.code === OTHER_CODE) this.#errors.set(key, { ...error })
    else this.#addError({ ...error, code: OTHER_CODE })
  }
}

/** One second of one transport, for the timeline: small, since a run keeps one for each of its seconds. */
export class SecondTally {
  readonly second: number
  readonly #counts = { accepted: 0, rejected: 0, failed: 0, aborted: 0 }
  readonly #response = new Map<number, number>()
  /** Known for good once the second is closed. */
  #percentiles: Pick<TimelineRow, 'p50' | 'p99'> | null = null

  constructor(second: number) {
    this.second = second
  }

  add(delta: Delta): void {
    this.#counts.accepted += delta.accepted
    this.#counts.rejected += delta.rejected
    this.#counts.failed += delta.failed
    this.#counts.aborted += delta.aborted
    if (this.#percentiles !== null) return
    addPairs(this.#response, delta.response)
  }

  /** @param measuredSeconds part of this second in which the transport was measured */
  row(measuredSeconds: number): TimelineRow {
    return {
      second: this.second,
      measuredSeconds,
      ...this.#counts,
      ...(this.#percentiles ?? percentilesOf(this.#response, this.#counts.accepted))
    }
  }

  /** Works the percentiles out for good and lets the values go, which a long run has too many of; counts still add up. */
  close(): void {
    this.#percentiles ??= percentilesOf(this.#response, this.#counts.accepted)
    this.#response.clear()
  }
}

/** Adds pairs of a value in µs and its count to a few values that are kept as they are. */
export function addPairs(target: Map<number, number>, pairs: HistogramPairs): void {
  for (let at = 0; at < pairs.length; at += 2) {
    const [value = 0, count = 0] = [pairs[at], pairs[at + 1]]
    target.set(value, (target.get(value) ?? 0) + count)
  }
}

/** Percentiles (nearest rank) of `all` sends whose times are counted by value, ms; null where there are none. */
export function percentilesOf(
  counts: ReadonlyMap<number, number>,
  all: number
): Pick<TimelineRow, 'p50' | 'p99'> {
  const ascending = [...counts].sort(([a], [b]) => a - b)
  const at = (percentile: number): number | null => {
    let left = Math.ceil((percentile / 100) * all)
    for (const [us, count] of ascending) {
      left -= count
      if (left <= 0) return us / 1000
    }
    return null
  }
  return { p50: at(50), p99: at(99) }
}

/** Mean, or null where there is nothing to divide by. */
export function mean(sum: number, count: number): number | null {
  return count === 0 ? null : sum / count
}
