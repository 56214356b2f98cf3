import { expect, test } from 'vitest'
import { htmlReport } from '../../shared/report/html-report.ts'
import { exampleRun } from '../support/example-run.ts'
import { runRecord, transportRecord } from '../support/records.ts'

const HOSTILE = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>&`
const record = exampleRun(40)

test('the report loads nothing, runs nothing, and says so to the browser', () => {
  const html = htmlReport(record)
  expect(html).toMatch(/Content-Security-Policy" content="default-src 'none'/)
  expect(html).not.toMatch(
    /<script|<img|<link|<iframe|\son[a-z]+=|url\(|@import|https?:(?!\/\/www\.w3\.org\/2000\/svg)/i
  )
})

test('a hostile server gets no markup into the report', () => {
  const [first, ...rest] = record.transports
  const html = htmlReport({
    ...record,
    name: HOSTILE,
    verdict: HOSTILE,
    environment: { ...record.environment, cpu: HOSTILE },
    asserts: [{ text: HOSTILE, pass: false, value: null }],
    transports: [
      {
        ...first!,
        errors: [{ class: 'rejected', code: HOSTILE, phase: 'rcpt', count: 1, sample: HOSTILE }],
        notes: [HOSTILE],
        limitReason: HOSTILE,
        settings: { [HOSTILE]: HOSTILE },
        observed: {
          banner: HOSTILE,
          capabilities: [HOSTILE],
          tls: { version: HOSTILE, cipher: HOSTILE, resumed: true, verified: false },
          alpn: HOSTILE
        }
      },
      ...rest
    ]
  })
  expect(html).not.toContain('<script')
  expect(html).not.toContain('<img')
  expect(html.split('&lt;script&gt;alert(1)').length).toBeGreaterThan(12)
})

test('the report shows the verdict, every transport, and no figure that is none', () => {
  const html = htmlReport(record)
  expect(html).toContain(record.verdict)
  for (const { name } of record.transports) expect(html).toContain(name)
  expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/)
})

test.each([
  ['nothing at all', runRecord([], { state: 'crashed' })],
  ['nothing accepted', runRecord([transportRecord('smtp', [[], []])])],
  ['a single send', runRecord([transportRecord('smtp', [[1000]])])],
  [
    'times that never vary',
    runRecord([transportRecord('smtp', [[1000, 1000]]), transportRecord('api', [[9, 9]])])
  ]
])('a run with %s makes a sound report', (_why, run) => {
  const html = htmlReport(run)
  expect(html).toContain('</html>')
  expect(html).not.toMatch(/NaN|undefined|Infinity|\[object/)
})
