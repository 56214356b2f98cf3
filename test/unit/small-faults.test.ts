import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { count } from '../../electron/cli/option-values.ts'
import { runText } from '../../electron/cli/run-text.ts'
import { htmlReport } from '../../shared/report/html-report.ts'
import { shortages } from '../../electron/engine/machine-limits.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { Fault } from '../../shared/plan/schema-faults.ts'
import { findComparison, compareAll } from '../../shared/insight/comparison.ts'
import { findingOf, findingText } from '../../shared/insight/finding.ts'
import { inVain, vainWords } from '../../shared/insight/in-vain.ts'
import { verdict } from '../../shared/insight/verdict.ts'
import { findGeneratorLimit, limitReason } from '../../electron/record/limits.ts'
import { runRecord, transportRecord } from '../support/records.ts'
import { figure } from '../../shared/text/format.ts'
import { sandboxPlan, sandboxPlanInput } from '../support/sandbox-plan.ts'

function faultsOf(changes: Record<string, unknown>): Fault[] {
  const parsed = parsePlan({ ...sandboxPlanInput(), ...changes })
  return parsed.ok ? [] : parsed.faults
}

test('a number of messages beyond every limit is told of one limit', () => {
  expect(faultsOf({ load: { model: 'closed', concurrency: 1, messages: 1e18 } })).toEqual([
    { path: 'load.messages', message: 'found 1000000000000000000; allowed: at most 1000000000' }
  ])
  expect(() => count('1e18')).toThrow('a whole number is needed')
})

test('the README’s own plan fits the published schema, in which every format is one that validators know', () => {
  const readme = readFileSync('README.md', 'utf8')
  const plan: unknown = JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? '')
  const schema = JSON.parse(readFileSync('docs/schemas/plan.schema.json', 'utf8')) as object
  // Strict about formats: ajv itself knows none, and "uri" is the standard's.
  const ajv = new Ajv2020({ strict: false, formats: { uri: true } })
  const validate = ajv.compile(schema)
  expect(validate(plan), JSON.stringify(validate.errors)).toBe(true)
  expect(parsePlan(plan)).toMatchObject({ ok: true })
  expect(validate({ ...(plan as PlanInput), rounds: 'six' })).toBe(false)
})

test('a residual of 4e-16 is printed in a few characters', () => {
  expect(figure(4.440892098500626e-16).length).toBeLessThan(10)
})

test('two rounds that cannot tell 5.33 ms from 7.72 ms are not called “no difference seen”', () => {
  const rounds = (...us: number[]): number[][] => us.map((each) => Array.from({ length: 100 }, () => each))
  const transports = [
    transportRecord('smtp', rounds(5330, 5330)),
    transportRecord('api', rounds(4100, 11_000), { protocol: 'http' })
  ]
  const comparison = compareAll(transports)
  expect(findingText(findingOf(findComparison(comparison, 'smtp', 'api', 'response.p50')))).toBe(
    'too few rounds'
  )
  const said = verdict(runRecord(transports, { comparison }))
  expect(said).toMatch(/^Too few rounds to tell /)
  expect(said).not.toMatch(/no difference|interval/i)
})

test('no ratio of times is shown for a transport whose queue grew all the time, and its throughput is compared', () => {
  const rounds = (us: number): number[][] => Array.from({ length: 4 }, () => Array<number>(300).fill(us))
  const grown = { offeredRate: 60, noSlotShare: 1, backlogAtEnd: 200 }
  const smtp = transportRecord('smtp', rounds(900_000), grown)
  const api = transportRecord('api', rounds(10_000), { protocol: 'http' })
  const comparison = compareAll([smtp, api])
  const found = (metric: 'response.p50' | 'throughput'): string =>
    findingOf(findComparison(comparison, 'smtp', 'api', metric))
  expect(found('response.p50')).toBe('overloaded')
  expect(found('throughput')).toBe('different')
  const text = runText(runRecord([smtp, api], { comparison }))
  expect(text).toContain('its queue grew')
  expect(text).not.toMatch(/\d x \(/)
  const report = htmlReport(runRecord([smtp, api], { comparison }))
  expect(report).toMatch(
    /queue grew all the time for smtp \(60 messages a second due, [\d.]+ accepted, 200 waiting/
  )
})

test('several that three rounds cannot tell apart are said to rest on three rounds', () => {
  const rounds = [4100, 11_000, 6200].map((each) => Array.from({ length: 100 }, () => each))
  const turned = (by: number): number[][] => [...rounds.slice(by), ...rounds.slice(0, by)]
  const transports = ['smtp', 'api', 'api-2'].map((name, by) => transportRecord(name, turned(by)))
  const said = verdict(runRecord(transports, { comparison: compareAll(transports) }))
  expect(said).toMatch(/^Cannot tell .* or .* from 3 rounds only\.$/)
})

test('a transport of which nothing was measured but a warm-up does not pass', () => {
  const warmup = { sent: 16, accepted: 16, rejected: 0, failed: 0, aborted: 0 }
  const record = runRecord([transportRecord('smtp', [[]], { warmup })])
  expect(inVain(record).map(vainWords)).toEqual(['nothing was measured beyond its warm-up of 16 messages'])
  expect(verdict(record)).toContain('Nothing was measured but a warm-up.')
  expect(inVain({ ...record, state: 'stopped' })).toEqual([])
})

test('600 of 600 answers 429 are the peer’s doing, and not called this machine’s limit', () => {
  const refused = { eventLoopUtilization: 0.99, cpuWaitMs: 9, turnMs: 1, lateOnFreeSlot: 500, sent: 600 }
  const limit = findGeneratorLimit({ ...refused, accepted: 0 })
  const facts = {
    ...{ offeredRate: null, dueRate: null, throughput: 0, noSlotShare: null, throttled: 600 },
    ...{ lookupMs: null, chatterMs: null, transferMs: null, serverMs: null, clientMs: null }
  }
  expect(limitReason(facts, limit)).toBe('The peer asked to slow down 600 times.')
  expect(findGeneratorLimit({ ...refused, accepted: 600 })).not.toBeNull()
})

test('a misspelt {{placeholder}} in a template is a fault that names the right one', () => {
  const transports = [
    {
      ...{ name: 'api', protocol: 'http', provider: 'generic', url: 'http://127.0.0.1:8080' },
      template: { body: { to: '{{to}}', text: '{{txet}}' } }
    }
  ]
  expect(faultsOf({ transports })).toEqual([
    {
      path: expect.stringContaining('template.body.text') as unknown,
      message: expect.stringContaining('did you mean "text"') as unknown
    }
  ])
})

test('tls beside security "none" is a contradiction, not something to be passed over', () => {
  const smtp = { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: 25, security: 'none' }
  expect(faultsOf({ transports: [{ ...smtp, tls: { verify: false } }] })).toMatchObject([
    { path: 'transports[0].tls' }
  ])
  expect(faultsOf({ transports: [smtp] })).toEqual([])
})

test('too few descriptors are named before a run, with the limit to set', () => {
  const plan = sandboxPlan({ load: { model: 'closed', concurrency: 2000, messages: 2000 } })
  expect(shortages({ descriptors: 1024, ports: null }, plan).map(({ text }) => text)).toEqual([
    expect.stringMatching(/1,024 are allowed: raise the limit with "ulimit -n 2100"/)
  ])
  expect(shortages({ descriptors: 4096, ports: null }, plan)).toEqual([])
})
