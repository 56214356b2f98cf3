import { describe, expect, it } from 'vitest'
import { defaultAt } from '../../renderer/setup/plan-defaults.ts'
import { isWithin, parsePath, setValueAt, valueAt } from '../../shared/plan/plan-path.ts'
import { describeTransport, freeName } from '../../renderer/setup/transport-draft.ts'
import { planInput } from '../support/records.ts'

describe('a path into a plan', () => {
  it.each([
    ['name', ['name']],
    ['load.stages[2].rate', ['load', 'stages', 2, 'rate']],
    ['transports[0].tls.verify', ['transports', 0, 'tls', 'verify']]
  ])('%s is read step by step', (path, steps) => {
    expect(parsePath(path)).toEqual(steps)
  })

  it('makes the objects on the way when a value is set, and takes a field out again', () => {
    const plan: Record<string, unknown> = {}
    setValueAt(plan, parsePath('message.sizeBytes'), 5)
    expect(plan).toEqual({ message: { sizeBytes: 5 } })
    setValueAt(plan, parsePath('message.sizeBytes'), undefined)
    expect(plan).toEqual({ message: {} })
  })

  it('finds nothing where the way ends early', () => {
    expect(valueAt({ load: 7 }, parsePath('load.stages[0].rate'))).toBeUndefined()
  })

  it.each([
    ['message.to[1]', 'message.to', true],
    ['transports[1].name', 'transports[1]', true],
    ['transports[10].name', 'transports[1]', false],
    ['rounds', 'round', false]
  ])('a fault at %s belongs to the field %s: %s', (path, field, belongs) => {
    expect(isWithin(path, field)).toBe(belongs)
  })
})

describe('what a field holds that is left out', () => {
  it.each([
    ['rounds', 6],
    ['message.sizeBytes', 2048],
    ['transports[0].pipelining', 'auto'],
    ['transports[0].tls.verify', true],
    ['transports[1].http.keepAlive', true],
    ['transports[0].host', undefined],
    ['transports[1].auth.password', undefined]
  ])('%s: %s', (path, value) => {
    expect(defaultAt(planInput(), parsePath(path))).toBe(value)
  })
})

describe('a transport', () => {
  it('is described in one line', () => {
    const written = planInput().transports[0]
    const value = (field: string): unknown =>
      valueAt(written, parsePath(field)) ?? defaultAt(planInput(), ['transports', 0, ...parsePath(field)])
    expect(describeTransport(value)).toBe('SMTP, wire client, 127.0.0.1:587, STARTTLS, kept connection')
  })

  it('gets a name that no other has', () => {
    expect(freeName('smtp', ['api'])).toBe('smtp')
    expect(freeName('smtp', ['smtp', 'smtp-2'])).toBe('smtp-3')
    expect(freeName('smtp-2', ['smtp', 'smtp-2'])).toBe('smtp-3')
  })
})
