import { ValueType, type Attributes, type HrTime } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  type DataPoint,
  type Histogram,
  type MetricData
} from '@opentelemetry/sdk-metrics'
import type { Delta, HistogramPairs } from '../record/delta.ts'

/** Upper bounds of the buckets, s: 1, 2 and 5 of each decade from 0.1 ms to 100 s. */
const BOUNDARIES_S = [-4, -3, -2, -1, 0, 1].flatMap((decade) => [1, 2, 5].map((step) => step * 10 ** decade))
const OUTCOMES = ['accepted', 'rejected', 'failed', 'aborted'] as const
const { DELTA } = AggregationTemporality

interface Row {
  attributes: Attributes
  outcomes: Record<(typeof OUTCOMES)[number], number>
  throttled: number
  response: TimeSum
  service: TimeSum
}

/** What came together since the last batch: its size does not grow with the rate, nor with the wait for a receiver. */
export class OtlpBatch {
  readonly #rows = new Map<string, Row>()

  get isEmpty(): boolean {
    return this.#rows.size === 0
  }

  /** @param attributes of whose delta it is; the same for the same `key` */
  add(key: string, attributes: Attributes, delta: Delta): void {
    let row = this.#rows.get(key)
    if (row === undefined) {
      const outcomes = { accepted: 0, rejected: 0, failed: 0, aborted: 0 }
      row = { attributes, outcomes, throttled: 0, response: new TimeSum(), service: new TimeSum() }
      this.#rows.set(key, row)
    }
    for (const outcome of OUTCOMES) row.outcomes[outcome] += delta[outcome]
    row.throttled += delta.throttled
    row.response.add(delta.response)
    row.service.add(delta.service)
  }

  /** The batch as the protocol's metrics, each with delta temporality, and what is zero left out. */
  metrics(startTime: HrTime, endTime: HrTime): MetricData[] {
    const rows = [...this.#rows.values()]
    const point = <T>(attributes: Attributes, value: T): DataPoint<T> => ({
      ...{ startTime, endTime, attributes, value }
    })
    const sends = rows.flatMap(({ attributes, outcomes }) =>
      OUTCOMES.map((outcome) => point({ ...attributes, 'chattermark.outcome': outcome }, outcomes[outcome]))
    )
    const throttled = rows.map((row) => point(row.attributes, row.throttled))
    const times = (which: 'response' | 'service'): DataPoint<Histogram>[] =>
      rows.map((row) => point(row.attributes, row[which].histogram())).filter(({ value }) => value.count > 0)
    return [
      counter('chattermark.sends', 'Messages by outcome', sends),
      counter('chattermark.throttled', 'Messages that the peer asked to come later', throttled),
      durations('chattermark.response.duration', 'From when an accepted message was due', times('response')),
      durations('chattermark.service.duration', 'From when an accepted message started', times('service'))
    ].filter(({ dataPoints }) => dataPoints.length > 0)
  }
}

/** Times of accepted messages by bucket. */
class TimeSum {
  readonly #counts = new Array<number>(BOUNDARIES_S.length + 1).fill(0)
  #count = 0
  #sumUs = 0
  #minUs = Infinity
  #maxUs = 0

  add(pairs: HistogramPairs): void {
    for (let at = 0; at < pairs.length; at += 2) {
      const us = pairs[at] ?? 0
      const count = pairs[at + 1] ?? 0
      const found = BOUNDARIES_S.findIndex((bound) => us <= bound * 1e6)
      const bucket = found === -1 ? BOUNDARIES_S.length : found
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count
      this.#count += count
      this.#sumUs += us * count
      this.#minUs = Math.min(this.#minUs, us)
      this.#maxUs = Math.max(this.#maxUs, us)
    }
  }

  histogram(): Histogram {
    return {
      buckets: { boundaries: BOUNDARIES_S, counts: this.#counts },
      count: this.#count,
      sum: this.#sumUs / 1e6,
      min: this.#minUs / 1e6,
      max: this.#maxUs / 1e6
    }
  }
}

function counter(name: string, description: string, points: DataPoint<number>[]): MetricData {
  return {
    descriptor: { name, description, unit: '{message}', valueType: ValueType.INT },
    aggregationTemporality: DELTA,
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints: points.filter(({ value }) => value > 0)
  }
}

function durations(name: string, description: string, dataPoints: DataPoint<Histogram>[]): MetricData {
  return {
    descriptor: { name, description, unit: 's', valueType: ValueType.DOUBLE },
    aggregationTemporality: DELTA,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints
  }
}
