import {
  createHistogram,
  distribution,
  encodeHistogram,
  percentileMs,
  type Histogram
} from '../../shared/histogram.ts'
import type { Counts, Distribution, ErrorRecord, PhaseRecord, TimelineRow } from '../../shared/run-record.ts'
import { PHASES } from '../../shared/words.ts'
import type { Delta, PhaseDelta } from './delta.ts'
import { OTHER_CODE } from './fold.ts'
import { recordPairs } from './interval-histogram.ts'

/** Different errors kept apart in a run, so that a peer that always says something new does not fill the memory. */
const MAX_ERRORS = 1000

interface PhaseTally {
  count: number
  sumUs: number
  turns: number
  histogram: Histogram
}

/** What is added up over a stretch of one transport's measurement: a round, or the whole run. */
export class Tally {
  readonly counts: Counts = { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 }
  startedLate = 0
  throttled = 0
  turns = 0
  coldCount = 0
  coldTurns = 0
  waitUs = 0
  serviceUs = 0
  bytesOut = 0
  bytesIn = 0
  firstDueUs = Infinity
  firstDoneUs = Infinity
  lastDoneUs = 0
  readonly response = createHistogram()
  readonly service = createHistogram()

  add(delta: Delta): void {
    this.counts.sent += delta.sent
    this.counts.accepted += delta.accepted
    this.counts.rejected += delta.rejected
    this.counts.failed += delta.failed
    this.counts.aborted += delta.aborted
    this.startedLate += delta.startedLate
    this.throttled += delta.throttled
    this.turns += delta.turns
    this.coldCount += delta.coldCount
    this.coldTurns += delta.coldTurns
    this.waitUs += delta.waitUs
    this.serviceUs += delta.serviceUs
    this.bytesOut += delta.bytesOut
    this.bytesIn += delta.bytesIn
    this.firstDueUs = Math.min(this.firstDueUs, delta.firstDueUs)
    this.firstDoneUs = Math.min(this.firstDoneUs, delta.firstDoneUs)
    this.lastDoneUs = Math.max(this.lastDoneUs, delta.lastDoneUs)
    recordPairs(this.response, delta.response)
    recordPairs(this.service, delta.service)
  }

  responseDistribution(): Distribution {
    return distribution(this.response)
  }

  serviceDistribution(): Distribution {
    return distribution(this.service)
  }

  turnMeans(): { perMessage: number | null; cold: number | null; warm: number | null } {
    return {
      perMessage: mean(this.turns, this.counts.accepted),
      cold: mean(this.coldTurns, this.coldCount),
      warm: mean(this.turns - this.coldTurns, this.counts.accepted - this.coldCount)
    }
  }

  responseHistogram(): string {
    return encodeHistogram(this.response)
  }

  serviceHistogram(): string {
    return encodeHistogram(this.service)
  }
}

/** The whole run, with its phases and errors: rounds go without, since nobody asks them and a histogram per phase is large. */
export class RunTally extends Tally {
  readonly #phases = new Map<number, PhaseTally>()
  readonly #errors = new Map<string, ErrorRecord>()

  override add(delta: Delta): void {
    super.add(delta)
    for (const phase of delta.phases) this.#addPhase(phase)
    for (const error of delta.errors) this.#addError(error)
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
        turns: phase.turns / phase.count
      }))
  }

  /** Most frequent first. */
  errors(): ErrorRecord[] {
    return [...this.#errors.values()].sort((a, b) => b.count - a.count)
  }

  #addPhase(delta: PhaseDelta): void {
    let phase = this.#phases.get(delta.phase)
    if (phase === undefined) {
      phase = { count: 0, sumUs: 0, turns: 0, histogram: createHistogram() }
      this.#phases.set(delta.phase, phase)
    }
    phase.count += delta.count
    phase.sumUs += delta.sumUs
    phase.turns += delta.turns
    recordPairs(phase.histogram, delta.pairs)
  }

  #addError(error: ErrorRecord): void {
    const key = `${error.class} ${error.code} ${error.phase}`
    const known = this.#errors.get(key)
    if (known !== undefined) known.count += error.count
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
    for (let at = 0; at < delta.response.length; at += 2) {
      const [value = 0, count = 0] = [delta.response[at], delta.response[at + 1]]
      this.#response.set(value, (this.#response.get(value) ?? 0) + count)
    }
  }

  row(): TimelineRow {
    return { second: this.second, ...this.#counts, ...(this.#percentiles ?? this.#workOut()) }
  }

  /** Works the percentiles out for good and lets the values go, which a long run has too many of; counts still add up. */
  close(): void {
    this.#percentiles ??= this.#workOut()
    this.#response.clear()
  }

  #workOut(): Pick<TimelineRow, 'p50' | 'p99'> {
    const values = [...this.#response.entries()].sort(([a], [b]) => a - b)
    return { p50: this.#percentileMs(values, 50), p99: this.#percentileMs(values, 99) }
  }

  #percentileMs(ascending: [number, number][], percentile: number): number | null {
    let left = Math.ceil((percentile / 100) * this.#counts.accepted)
    for (const [value, count] of ascending) {
      left -= count
      if (left <= 0) return value / 1000
    }
    return null
  }
}

/** Mean, or null where there is nothing to divide by. */
export function mean(sum: number, count: number): number | null {
  return count === 0 ? null : sum / count
}
