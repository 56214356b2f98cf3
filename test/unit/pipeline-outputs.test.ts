import { describe, expect, it } from 'vitest'
import { regionalCsv } from '../../shared/record/regional-csv.ts'
import { summaryCsv } from '../../shared/record/csv.ts'
import { runCases } from '../../shared/report/junit-cases.ts'
import { junitXml } from '../../shared/report/junit.ts'
import { runMarkdown } from '../../shared/report/markdown.ts'
import { exampleRun } from '../support/example-run.ts'
import { runRecord, transportRecord, validPlan } from '../support/records.ts'

describe('a JUnit report', () => {
  it('has a case for each transport and each assertion, and no word of a peer breaks it', () => {
    const record = runRecord([transportRecord('api', [[1000], [1100]])], {
      name: 'a "night" & <more>',
      asserts: [
        { text: 'api.response.p99 < 250', pass: true, value: 1.1 },
        { text: 'api.failed == 0', pass: false, value: 3 }
      ]
    })
    const xml = junitXml(record.name, runCases(record))
    expect(xml).toContain('<testsuite name="a &quot;night&quot; &amp; &lt;more&gt;" tests="3" failures="1"')
    expect(xml).toContain('<testcase classname="api" name="api accepts messages" />')
    expect(xml).toContain('<failure message="found 3">found 3</failure>')
  })
})

describe('Markdown', () => {
  it('keeps a table whole whatever a name holds', () => {
    const text = runMarkdown(runRecord([transportRecord('a|b<script>', [[1000], [1100]])]))
    const row = text.split('\n').find((line) => line.includes('script')) ?? ''
    expect(row.replaceAll('\\|', '').split('|').length).toBe(10)
    expect(row).not.toContain('<script>')
  })

  it('tells all that the time of a message is made of, and the queue where the load is open', () => {
    const run = exampleRun(40)
    const [cold] = run.transports
    const bulk = { ...cold!, queueMs: 30, lookupMs: 1.5, transferMs: 620, residualMs: 0.25 }
    const closed = runMarkdown({ ...run, transports: [bulk, ...run.transports.slice(1)] })
    expect(closed).toContain(
      'mean | service ms | lookup ms | chatter ms | transfer ms | server ms | client ms | residual ms |'
    )
    expect(closed).toContain('| smtp-cold | 455 | 1.50 | 440 | 620 | 12 | 3 | 0.250 |')
    expect(closed).toMatch(/\| api \| 43\.\d \| 0 \| 40 \| 0 \| 2\.40 \| 0\.800 \| 0 \|/)
    const plan = validPlan({ load: { model: 'open', rate: 20, durationSeconds: 10 } })
    const open = runMarkdown({ ...run, plan, transports: [bulk] })
    expect(open).toContain('mean | queue ms | service ms | lookup ms |')
    expect(open).toContain('| smtp-cold | 30 | 455 | 1.50 | 440 |')
  })
})

describe('a regional table', () => {
  it('has the region’s separator and decimal sign, and quotes what holds the separator', () => {
    const region = { separator: ';', decimal: ',' }
    expect(regionalCsv('a,b\r\n1.5,x;y\r\n"q,r",-2e-3\r\n', region)).toBe(
      'a;b\r\n1,5;"x;y"\r\n"q,r";-2e-3\r\n'
    )
  })

  it('is RFC 4180 by default, to the byte', () => {
    const csv = summaryCsv(runRecord([transportRecord('api', [[1000], [1100]])]))
    expect(regionalCsv(csv, { separator: ',', decimal: '.' })).toBe(csv)
  })
})
