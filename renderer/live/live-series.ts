/** Points that a chart line holds at most. */
export const SERIES_POINTS = 160
const FIRST_STEP_SECONDS = 0.5

/** What a line can show. */
export const SERIES_METRICS = ['rate', 'p50', 'p99'] as const
export type SeriesMetric = (typeof SERIES_METRICS)[number]

/**
 * A transport's figures over time in a fixed number of equal steps. When the time outgrows them, neighbours
 * are merged and the step doubles: memory and drawing cost stay the same however long the run is.
 */
export class LiveSeries {
  stepSeconds = FIRST_STEP_SECONDS
  readonly #sums: Record<SeriesMetric, Float64Array>
  readonly #counts: Record<SeriesMetric, Uint32Array>
  #used = 0

  constructor() {
    const sums = (): Float64Array => new Float64Array(SERIES_POINTS)
    const counts = (): Uint32Array => new Uint32Array(SERIES_POINTS)
    this.#sums = { rate: sums(), p50: sums(), p99: sums() }
    this.#counts = { rate: counts(), p50: counts(), p99: counts() }
  }

  /** Adds what was seen at a time; null where nothing was. */
  add(seconds: number, seen: Record<SeriesMetric, number | null>): void {
    while (seconds >= this.stepSeconds * SERIES_POINTS) this.#coarsen()
    const index = Math.max(0, Math.floor(seconds / this.stepSeconds))
    for (const metric of SERIES_METRICS) {
      const value = seen[metric]
      if (value === null) continue
      this.#sums[metric][index]! += value
      this.#counts[metric][index]! += 1
    }
    this.#used = Math.max(this.#used, index + 1)
  }

  /** Makes the steps at least this wide, so that all lines of a chart share their steps. */
  coarsenTo(stepSeconds: number): void {
    while (this.stepSeconds < stepSeconds) this.#coarsen()
  }

  /** Writes the line into `points`, which is reused; NaN where a step has no value, so that the line breaks there. */
  write(metric: SeriesMetric, points: { x: number; y: number }[]): void {
    points.length = this.#used
    for (let index = 0; index < this.#used; index++) {
      const count = this.#counts[metric][index]!
      const y = count === 0 ? Number.NaN : this.#sums[metric][index]! / count
      const x = (index + 0.5) * this.stepSeconds
      const point = points[index]
      if (point === undefined) points[index] = { x, y }
      else [point.x, point.y] = [x, y]
    }
  }

  #coarsen(): void {
    for (const metric of SERIES_METRICS) {
      mergePairs(this.#sums[metric])
      mergePairs(this.#counts[metric])
    }
    this.#used = Math.ceil(this.#used / 2)
    this.stepSeconds *= 2
  }
}

function mergePairs(values: Float64Array | Uint32Array): void {
  const half = values.length / 2
  for (let index = 0; index < half; index++) values[index] = values[2 * index]! + values[2 * index + 1]!
  values.fill(0, half)
}
