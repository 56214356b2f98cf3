import { expect, test } from 'vitest'
import { sweepLines } from '../../renderer/study/sweep-lines.ts'
import { fitCells } from '../../shared/insight/sweep-fit.ts'

test.each([null, 20])(
  'the line goes through its own points, whatever is between anyway: %s ms',
  (baseRttMs) => {
    const ofRtt = (rttMs: number): number => 9 * (rttMs + (baseRttMs ?? 0)) + 5
    const points = [0, 50, 100].map((rttMs) => ({
      ...{ rttMs, sizeBytes: null, n: 100, p50: ofRtt(rttMs), serviceP50: ofRtt(rttMs) },
      ...{ serviceMean: null, throughput: null }
    }))
    const transport = fitCells('smtp', {
      ...{ turnsCounted: 9, statistic: 'p50', baseRttMs, points, isClosed: false },
      cells: points.flatMap(({ rttMs, serviceP50 }): [number, number][] => [
        [rttMs, serviceP50],
        [rttMs, serviceP50]
      ])
    })
    const [marks, line] = sweepLines('distance', [transport])
    expect(marks?.points.map(({ y }) => y)).toEqual([0, 50, 100].map(ofRtt))
    expect(line?.points.map(({ x }) => x)).toEqual([0, 100])
    for (const { x, y } of line?.points ?? []) expect(y).toBeCloseTo(ofRtt(x), 6)
  }
)
