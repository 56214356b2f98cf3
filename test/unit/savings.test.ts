import { expect, test } from 'vitest'
import type { PlanInput } from '../../shared/plan/plan.ts'
import type { PhaseRecord, TransportRecord } from '../../shared/record/run-record.ts'
import { savings } from '../../shared/insight/savings.ts'
import { transportRecord, validPlan } from '../support/records.ts'

const SMTP = {
  name: 'smtp',
  protocol: 'smtp',
  host: '127.0.0.1',
  port: 25,
  security: 'none',
  auth: { method: 'login', user: 'u', password: { env: 'PASSWORD' } },
  pipelining: 'off'
} as const satisfies PlanInput['transports'][number]

/** What could be saved of 100 accepted messages with these phases. */
function saved(
  phases: readonly (readonly [PhaseRecord['name'], count: number, turns: number])[],
  changes: Partial<TransportRecord> = {}
): Record<string, number> {
  const [planned] = validPlan({ transports: [SMTP] }).transports
  if (planned === undefined) throw new Error('no transport')
  const times = Array.from({ length: 100 }, () => 1000)
  const measured = transportRecord('smtp', [times], {
    phases: phases.map(([name, count, turns]) => ({ name, count, meanMs: 1, p50: 1, p99: 1, turns })),
    observed: { banner: null, capabilities: ['PIPELINING'], tls: null, alpn: null },
    ...changes
  })
  return Object.fromEntries(savings(planned, measured).map(({ what, turns }) => [what, turns]))
}

test('a shorter AUTH saves what the messages that logged in waited for, whatever the warm-up connected', () => {
  const login = [['auth', 50, 3]] as const
  const connections = (opened: number): TransportRecord['connections'] => ({
    ...{ opened, reused: 50, maxOpen: 10, closedByPeer: 0, resent: 0 }
  })
  for (const opened of [0, 50, 200]) {
    expect(saved(login, { connections: connections(opened) })).toMatchObject({
      'AUTH PLAIN with an initial response': 1
    })
  }
  const plain = saved([['auth', 100, 1]], { connections: connections(0) })
  expect(plain).not.toHaveProperty('AUTH PLAIN with an initial response')
})

test('PIPELINING saves all turns before the content but that of DATA', () => {
  const envelope = [
    ['mail', 100, 1],
    ['rcpt', 100, 2]
  ] as const
  expect(saved([...envelope, ['data', 100, 1], ['content', 100, 1]])).toMatchObject({ PIPELINING: 3 })
  expect(saved([...envelope, ['content', 100, 1]])).toMatchObject({ PIPELINING: 3 })
})
