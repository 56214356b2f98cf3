import { expect, test } from 'vitest'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { summarize } from '../../shared/plan/plan-summary.ts'
import { sandboxPlan, sandboxPlanInput } from '../support/sandbox-plan.ts'

const LOCAL: PlanInput['transports'] = [
  { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port: 2500, security: 'none' }
]
const token = { env: 'TOKEN' }
const imap = (host: string, more: object = {}): PlanInput['delivery'] => ({
  ...{ receiver: 'imap', host, auth: { user: 'probe@example.com', password: { env: 'PASSWORD' } } },
  ...more
})

test.each<[string, Partial<PlanInput>, string]>([
  [
    'a receiver that runs already without its token',
    { delivery: { receiver: 'sink', url: 'http://127.0.0.1:8025' } },
    'delivery.token'
  ],
  ['a token for a receiver of its own', { delivery: { receiver: 'sink', token } }, 'delivery.token'],
  [
    'a folder that is junk and is not',
    { delivery: imap('localhost', { folders: ['A'], junkFolders: ['A'] }) },
    'delivery.junkFolders'
  ],
  [
    'the sandbox before a mailbox',
    { delivery: imap('localhost'), transports: sandboxPlanInput().transports },
    'delivery'
  ],
  [
    'an API without a header of one’s own',
    {
      delivery: { receiver: 'sink' },
      transports: [{ name: 'api', protocol: 'http', provider: 'mailersend', url: 'http://127.0.0.1:1' }]
    },
    'transports[0].provider'
  ]
])('%s is a fault at its field', (_what, changes, path) => {
  const parsed = parsePlan(sandboxPlanInput({ transports: LOCAL, ...changes }))
  expect(parsed.ok ? [] : parsed.faults.map((fault) => fault.path)).toEqual([path])
})

test.each<[string, PlanInput['delivery'], boolean]>([
  ['its own receiver on loopback', { receiver: 'sink' }, false],
  ['its own receiver on every address', { receiver: 'sink', host: '0.0.0.0' }, true],
  ['a receiver behind a tunnel', { receiver: 'sink', url: 'http://localhost:8025', token }, false],
  ['a receiver elsewhere', { receiver: 'sink', url: 'http://192.0.2.1:8025', token }, true],
  ['a mailbox here', imap('localhost'), false],
  ['a mailbox elsewhere', imap('imap.example.com'), true]
])('%s leaves this machine, or opens it, only where it does', (_what, delivery, isRemote) => {
  expect(summarize(sandboxPlan({ transports: LOCAL, delivery })).delivery?.isRemote).toBe(isRemote)
})

test.each<[PlanInput['delivery'], object]>([
  [
    imap('imap.example.com'),
    {
      ...{ source: 'environment variable PASSWORD', host: 'imap.example.com', isLocal: false, warning: null },
      how: 'IMAP, AUTH PLAIN over TLS, certificate verified'
    }
  ],
  [
    imap('imap.example.com', { security: 'none' }),
    {
      how: 'IMAP, AUTH PLAIN over an unencrypted connection',
      warning: expect.stringContaining('clear') as string
    }
  ],
  [
    { receiver: 'sink', url: 'http://192.0.2.1:8025', token },
    { source: 'environment variable TOKEN', warning: expect.stringContaining('clear') as string }
  ],
  [
    { receiver: 'sink', url: 'http://localhost:8025', token },
    { isLocal: true, warning: null }
  ]
])('the secret of a receiver is told with its host, its way and its risk: %j', (delivery, told) => {
  expect(summarize(sandboxPlan({ transports: LOCAL, delivery })).secrets).toMatchObject([told])
})
