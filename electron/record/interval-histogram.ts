import { createHistogram, recordUs, type Histogram } from '../../shared/record/histogram.ts'
import type { HistogramPairs } from './delta.ts'

/** A histogram of one interval: recorded into without allocation, then taken out as pairs and emptied. */
export class IntervalHistogram {
  readonly #histogram = createHistogram()
  #min = Infinity
  #max = 0

  record(us: number): void {
    if (us < this.#min) this.#min = us
    if (us > this.#max) this.#max = us
    recordUs(this.#histogram, us)
  }

  /** What was recorded since the last call. */
  take(): HistogramPairs {
    const pairs: HistogramPairs = []
    if (this.#min === Infinity) return pairs
    const histogram = this.#histogram
    const last = histogram.countsArrayIndex(Math.max(1, Math.round(this.#max)))
    for (let index = histogram.countsArrayIndex(Math.max(1, Math.round(this.#min))); index <= last; index++) {
      const count = histogram.getCountAtIndex(index)
      if (count > 0) pairs.push(histogram.valueFromIndex(index), count)
    }
    histogram.reset()
    this.#min = Infinity
    this.#max = 0
    return pairs
  }
}

/** Adds pairs, as {@link IntervalHistogram.take} gives them, to a histogram. */
export function recordPairs(histogram: Histogram, pairs: HistogramPairs): void {
  for (let at = 0; at < pairs.length; at += 2) {
    histogram.recordValueWithCount(pairs[at] ?? 0, pairs[at + 1] ?? 0)
  }
}
