import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PlanInput } from '../../shared/plan/plan.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import { planInput } from '../support/records.ts'

const wholeNumber = fc.integer({ min: 1, max: 500 })
const load: fc.Arbitrary<PlanInput['load']> = fc.oneof(
  fc.record({
    model: fc.constant('closed' as const),
    concurrency: wholeNumber,
    messages: fc.integer({ min: 3000, max: 9000 })
  }),
  fc.record({
    model: fc.constant('closed' as const),
    concurrency: wholeNumber,
    durationSeconds: wholeNumber
  }),
  fc.record({
    model: fc.constant('open' as const),
    rate: wholeNumber,
    durationSeconds: wholeNumber,
    arrivals: fc.constantFrom('constant' as const, 'poisson' as const),
    maxConcurrency: wholeNumber
  })
)
const valid: fc.Arbitrary<PlanInput> = fc
  .record({
    name: fc.stringMatching(/^[A-Za-z][\w -]{0,30}$/),
    load,
    rounds: fc.integer({ min: 1, max: 6 }),
    seed: fc.nat(),
    warmupSeconds: fc.integer({ min: 0, max: 10 }),
    timeoutSeconds: fc.integer({ min: 1, max: 60 })
  })
  .map((changes) => planInput(changes))

test('a sound plan with its defaults filled in is a sound plan, and the same one, after a journey as JSON', () => {
  fc.assert(
    fc.property(valid, (input) => {
      const first = parsePlan(input)
      if (!first.ok) throw new Error(JSON.stringify(first.faults))
      const second = parsePlan(JSON.parse(JSON.stringify(first.plan)))
      expect(second).toEqual(first)
    }),
    { numRuns: 100 }
  )
})

/** Every place in a JSON value, as keys from its root. */
function places(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [at]
  return [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))]
}

function replaced(value: unknown, [key, ...rest]: string[], by: unknown): unknown {
  if (key === undefined) return by
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === key ? replaced(item, rest, by) : item))
  const object = value as Record<string, unknown>
  return { ...object, [key]: replaced(object[key], rest, by) }
}

test('whatever stands anywhere in a plan, the check does not throw, and every fault says where and what', () => {
  const input: unknown = JSON.parse(JSON.stringify(planInput()))
  fc.assert(
    fc.property(fc.constantFrom(...places(input)), fc.jsonValue({ maxDepth: 2 }), (at, value) => {
      const changed = replaced(input, at, value)
      const parsed = parsePlan(changed)
      if (parsed.ok) return
      expect(parsed.faults.length).toBeGreaterThan(0)
      for (const { path, message } of parsed.faults) {
        expect(message.trim()).not.toBe('')
        if (at.length > 0) expect(path).not.toBe('')
      }
    }),
    { numRuns: 400 }
  )
})
