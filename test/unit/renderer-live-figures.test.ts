import { describe, expect, it } from 'vitest'
import { LiveFigures } from '../../renderer/live/live-figures.ts'
import type { TransportSnapshot } from '../../shared/snapshot.ts'

const quiet: TransportSnapshot = {
  name: 'smtp',
  counts: { sent: 30, accepted: 30, rejected: 0, failed: 0, aborted: 0 },
  ratePerSecond: null,
  p50: null,
  p99: null,
  openConnections: 0
}
const row = { second: 0, accepted: 10, rejected: 0, failed: 0, aborted: 0, p50: 4, p99: 8 }

describe('what a page that joins late shows of a transport', () => {
  it('is its last second while it waits for its turn', () => {
    const figures = new LiveFigures()
    figures.replay(quiet, [row, { ...row, second: 1, accepted: 20, p50: 5, p99: 9 }])
    expect(figures.last.get('smtp')).toEqual({ ...quiet, ratePerSecond: 20, p50: 5, p99: 9 })
  })

  it('is nothing before its first turn', () => {
    const figures = new LiveFigures()
    figures.replay(quiet, [])
    expect(figures.last.size).toBe(0)
  })

  it('is what it does now as soon as there is news', () => {
    const figures = new LiveFigures()
    figures.replay(quiet, [row])
    const news = { ...quiet, ratePerSecond: 99, p50: 1, p99: 2 }
    figures.take({
      runId: 'r',
      name: 'n',
      state: 'running',
      elapsedMs: 1500,
      progress: 0.5,
      secondsLeft: 1,
      round: 1,
      rounds: 1,
      transport: 'smtp',
      stage: 'measuring',
      transports: [news],
      errors: []
    })
    expect(figures.last.get('smtp')).toBe(news)
  })
})
