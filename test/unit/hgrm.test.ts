import { expect, test } from 'vitest'
import { hgrmText } from '../../shared/record/hgrm.ts'
import { createHistogram, recordUs } from '../../shared/record/histogram.ts'
import { ninesPosition, percentilePoints } from '../../shared/insight/percentile-points.ts'

const histogram = createHistogram()
for (let us = 1000; us <= 10_000; us += 100) recordUs(histogram, us)

test('the percentile text is laid out as HdrHistogram lays it out, in ms', () => {
  const lines = hgrmText(histogram).split('\n')
  expect(lines[0]).toBe('       Value     Percentile TotalCount 1/(1-Percentile)')
  expect(lines[1]).toBe('')
  expect(lines[2]).toBe('       1.000 0.000000000000          1           1.00')
  const rows = lines.slice(2).filter((line) => line !== '' && !line.startsWith('#'))
  for (const row of rows.slice(0, -1)) expect(row).toMatch(/^ *\d+\.\d{3} 0\.\d{12} +\d+ +\d+\.\d{2}$/)
  expect(rows.at(-1)).toMatch(/^ *10\.00\d 1\.000000000000 +91$/)
  expect(lines.filter((line) => line.startsWith('#'))).toEqual([
    expect.stringMatching(/^#\[Mean +=  +5\.50\d, StdDeviation +=  +2\.62\d\]$/),
    expect.stringMatching(/^#\[Max +=  +10\.00\d, Total count +=  +91\]$/),
    expect.stringMatching(/^#\[Buckets +=  +\d+, SubBuckets +=  +2048\]$/)
  ])
})

test('the points of the plot rise, and end where the axis ends', () => {
  const points = percentilePoints(histogram, 1)
  expect(points[0]).toEqual({ fraction: 0, ms: 1 })
  expect(ninesPosition(points.at(-1)!.fraction)).toBeLessThanOrEqual(1)
  points.slice(1).forEach((point, index) => {
    expect(point.fraction).toBeGreaterThan(points[index]!.fraction)
    expect(point.ms).toBeGreaterThan(points[index]!.ms)
  })
})
