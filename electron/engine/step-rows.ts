import type { StepFacts } from '../../shared/insight/capacity-move.ts'
import type { Objective } from '../../shared/insight/objective.ts'
import type { StepSecond, StepSoFar } from '../../shared/insight/step-judge.ts'
import { distribution } from '../../shared/record/histogram.ts'
import type { Delta } from '../record/delta.ts'
import { addCounts, noCounts } from '../record/counts.ts'
import { entryOf } from '../record/entry-of.ts'
import { addPairs, percentilesOf, Tally } from '../record/tally.ts'

/** How long after it ended a send is handed over, µs: one that was refused waits until its connection is clear. */
const HANDED_OVER_US = 150_000
/** Seconds that the rate at the end of a step is taken from, and what a step must have beside them. */
const TAIL_SECONDS = 3

class Row {
  readonly counts = noCounts()
  throttled = 0
  stalled = false
  readonly response = new Map<number, number>()
  readonly service = new Map<number, number>()
}

/** What the workers report of one step of a search, second by second. */
export class StepRows {
  readonly #objectives: readonly Objective[]
  readonly #warmupSeconds: number
  readonly #rows = new Map<number, Row>()
  readonly #done: StepSecond[] = []
  /** The measured part alone, as far as it was reported. */
  readonly measured = new Tally()
  readonly all = new Tally()
  retryAfterSeconds = 0
  #lastAnswerUs = 0
  #isEnded = false
  #pressure: { firstUs: number; lastUs: number; before: number; accepted: number } | null = null

  constructor(objectives: readonly Objective[], warmupSeconds: number) {
    this.#objectives = objectives
    this.#warmupSeconds = warmupSeconds
  }

  add(delta: Delta): void {
    this.all.add(delta)
    if (delta.accepted + delta.rejected > 0) {
      this.#lastAnswerUs = Math.max(this.#lastAnswerUs, delta.lastDoneUs)
    }
    const { accepted } = this.all.counts
    this.retryAfterSeconds = Math.max(this.retryAfterSeconds, delta.retryAfterSeconds)
    if (delta.throttled > 0) {
      this.#pressure ??= { firstUs: delta.lastDoneUs, lastUs: 0, before: accepted, accepted: 0 }
      this.#pressure.lastUs = delta.lastDoneUs
      this.#pressure.accepted = accepted - this.#pressure.before
    }
    const index = delta.second - this.#firstSecond()
    if (index >= this.measuredFrom) this.measured.add(delta)
    const row = this.#row(index)
    addCounts(row.counts, delta)
    row.throttled += delta.throttled
    if (delta.stalledUs !== undefined) row.stalled = true
    addPairs(row.response, delta.response)
    addPairs(row.service, delta.service)
  }

  /** From the first send that came due to the last outcome, s. */
  get spanSeconds(): number {
    return Math.max(0, this.all.lastDoneUs - this.all.firstDueUs) / 1e6
  }

  /** The first row that lies in the measured part whole. */
  get measuredFrom(): number {
    const offset = this.all.firstDueUs === Infinity ? 0 : this.all.firstDueUs / 1e6 - this.#firstSecond()
    return Math.ceil(offset + this.#warmupSeconds)
  }

  /** Seconds of the measured part up to the end of the rows given. */
  measuredSeconds(rows: readonly StepSecond[]): number {
    return Math.max(0, this.#firstSecond() + rows.length - this.all.firstDueUs / 1e6 - this.#warmupSeconds)
  }

  /** Rows of the seconds that are over; `toldUs` is up to when everything was reported, since the run's first send. */
  complete(toldUs: number): readonly StepSecond[] {
    if (this.#isEnded || this.all.firstDueUs === Infinity) return this.#done
    const over = Math.floor((toldUs - HANDED_OVER_US) / 1e6) - this.#firstSecond()
    while (this.#done.length < over) this.#done.push(this.#second(this.#done.length))
    return this.#done
  }

  /** The step was told to end: the seconds in which its last sends are waited for are none of its own. */
  end(): void {
    this.#isEnded = true
  }

  /** The seconds that were over when it was last looked, before the end. */
  get over(): readonly StepSecond[] {
    return this.#done
  }

  /** All rows, the last one cut where the step ended. */
  whole(): StepSecond[] {
    const last = Math.max(-1, ...this.#rows.keys())
    return Array.from({ length: last + 1 }, (_, index) => this.#done[index] ?? this.#second(index))
  }

  /** Accepted per second over the measured seconds that are over; of the whole part where none is. */
  achieved(): number {
    const rows = this.#done.slice(this.measuredFrom)
    if (rows.length === 0) return this.all.counts.accepted / Math.max(1, this.spanSeconds)
    return rows.reduce((sum, { accepted }) => sum + accepted, 0) / rows.length
  }

  /** What objectives are about, over the measured part. */
  sight(): ReturnType<StepSoFar['measured']> {
    return {
      counts: this.measured.counts,
      throughput: this.achieved(),
      response: distribution(this.measured.response),
      service: distribution(this.measured.service)
    }
  }

  facts(): Omit<StepFacts, 'share'> {
    const rows = this.#done
    const tail = rows.slice(-TAIL_SECONDS)
    return {
      retryAfterSeconds: this.retryAfterSeconds,
      accepted: this.all.counts.accepted,
      seconds: Math.max(0, this.#lastAnswerUs - this.all.firstDoneUs) / 1e6,
      tailRate:
        rows.length <= TAIL_SECONDS
          ? null
          : tail.reduce((sum, { accepted }) => sum + accepted, 0) / TAIL_SECONDS,
      pressure:
        this.#pressure === null
          ? null
          : {
              accepted: this.#pressure.accepted,
              seconds: (this.#pressure.lastUs - this.#pressure.firstUs) / 1e6
            }
    }
  }

  #firstSecond(): number {
    return this.all.firstDueUs === Infinity ? 0 : Math.floor(this.all.firstDueUs / 1e6)
  }

  #row(index: number): Row {
    return entryOf(this.#rows, index, () => new Row())
  }

  #second(index: number): StepSecond {
    const { counts, throttled, stalled, response, service } = this.#row(index)
    const { sent, accepted, rejected, failed } = counts
    return {
      ...{ second: index, sent, accepted, rejected, failed, throttled, stalled },
      ...percentilesOf(response, accepted),
      beyond: this.#objectives.map(({ share }) => {
        if (share?.kind !== 'time') return 0
        return countBeyond(share.distribution === 'response' ? response : service, share.limitMs * 1000)
      })
    }
  }
}

function countBeyond(values: ReadonlyMap<number, number>, limitUs: number): number {
  let beyond = 0
  for (const [us, count] of values) if (us > limitUs) beyond += count
  return beyond
}
