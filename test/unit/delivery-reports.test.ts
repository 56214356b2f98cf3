import { expect, test } from 'vitest'
import type { DeliveryRecord } from '../../shared/record/delivery-record.ts'
import { htmlReport } from '../../shared/report/html-report.ts'
import { runMarkdown } from '../../shared/report/markdown.ts'
import { runRecord, transportRecord } from '../support/records.ts'

const delivery: DeliveryRecord = {
  ...{ receiver: 'sink', arrived: 1997, lost: 2, pending: 1, duplicates: 3, junk: 0, unaccepted: 0 },
  ...{ mean: 41.5, p50: 40.25, p95: 61, p99: 77, resolutionMs: null, responseMs: 12.5 },
  inbox: { mean: 54, p50: 52.75, p95: 73, p99: 91.5 },
  hops: [{ hop: 1, name: 'by <mx>.example.com with ESMTPS', count: 1997, p50: 1000, max: 3000 }],
  rounds: []
}
const record = runRecord([
  transportRecord('smtp', [[1000], [1100]], { delivery }),
  transportRecord('api', [[1000], [1100]])
])

test('the report tells what became of accepted messages, and the way by its own word', () => {
  const html = htmlReport(record)
  expect(html).toContain('<h2>From click to inbox</h2>')
  for (const figure of ['1,997', '12.5', '41.5', '54', '52.8', '91.5'])
    expect(html).toContain(`<td>${figure}</td>`)
  expect(html).toContain('1. by &lt;mx&gt;.example.com with ESMTPS')
})

test('the report of a run that asked for no arrivals does not speak of them', () => {
  expect(htmlReport(runRecord([transportRecord('api', [[1000], [1100]])]))).not.toContain('click to inbox')
})

test('Markdown tells what became of accepted messages', () => {
  expect(runMarkdown(record)).toContain('| smtp | 1,997 | 2 | 1 | 3 | 0 | 40.3 | 52.8 | 73 | 91.5 |')
  expect(runMarkdown(runRecord([transportRecord('api', [[1000], [1100]])]))).not.toContain('inbox')
})
