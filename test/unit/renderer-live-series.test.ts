import { describe, expect, it } from 'vitest'
import { LiveSeries, SERIES_POINTS } from '../../renderer/live/live-series.ts'

function write(series: LiveSeries, metric: 'rate' | 'p50' | 'p99'): { x: number; y: number }[] {
  const points: { x: number; y: number }[] = []
  series.write(metric, points)
  return points
}

describe('the line of a live chart', () => {
  it('means what it saw within a step', () => {
    const series = new LiveSeries()
    series.add(0.1, { rate: 10, p50: 4, p99: 8 })
    series.add(0.3, { rate: 30, p50: 6, p99: null })
    expect(write(series, 'rate')).toEqual([{ x: 0.25, y: 20 }])
    expect(write(series, 'p50')).toEqual([{ x: 0.25, y: 5 }])
    expect(write(series, 'p99')).toEqual([{ x: 0.25, y: 8 }])
  })

  it('breaks where nothing was seen', () => {
    const series = new LiveSeries()
    series.add(0, { rate: 1, p50: null, p99: null })
    series.add(1.2, { rate: 3, p50: null, p99: null })
    expect(write(series, 'rate').map(({ y }) => y)).toEqual([1, Number.NaN, 3])
  })

  it('holds a ten-minute run in a fixed number of points, and keeps its level and its length', () => {
    const series = new LiveSeries()
    for (let tick = 0; tick < 3000; tick++) series.add(tick / 5, { rate: 100, p50: 1, p99: 2 })
    const points = write(series, 'rate')
    expect(points.length).toBeLessThanOrEqual(SERIES_POINTS)
    expect(points.length).toBeGreaterThan(SERIES_POINTS / 4)
    expect(new Set(points.map(({ y }) => y))).toEqual(new Set([100]))
    expect(points.at(-1)?.x).toBeGreaterThan(595)
  })

  it('shares the step of its neighbours when they are wider', () => {
    const series = new LiveSeries()
    series.add(0.1, { rate: 10, p50: null, p99: null })
    series.add(0.6, { rate: 20, p50: null, p99: null })
    series.coarsenTo(1)
    expect(write(series, 'rate')).toEqual([{ x: 0.5, y: 15 }])
  })

  it('fills the same points again and again instead of making new ones', () => {
    const series = new LiveSeries()
    series.add(0, { rate: 1, p50: null, p99: null })
    const points: { x: number; y: number }[] = []
    series.write('rate', points)
    const [first] = points
    series.add(0.2, { rate: 3, p50: null, p99: null })
    series.write('rate', points)
    expect(points[0]).toBe(first)
    expect(first?.y).toBe(2)
  })
})
