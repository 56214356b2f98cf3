import { expect, it } from 'vitest'
import { DEMO_PLAN } from '../../shared/plan/demo-plan.ts'
import { planReach } from '../../shared/plan/plan-reach.ts'

it.each([
  ['the built-in plan stays here and reads nothing', DEMO_PLAN, { targets: [], reads: [] }],
  ['no plan at all', 'nonsense', { targets: [], reads: [] }],
  [
    'a template’s secrets, and an address without its login',
    {
      transports: [
        {
          url: 'https://user:hunter2@api.example.com/v1',
          template: { headers: { key: { env: 'AWS_KEY' } }, body: ['x', { file: '/etc/passwd' }] }
        }
      ]
    },
    { targets: ['https://api.example.com'], reads: ['environment variable AWS_KEY', 'file /etc/passwd'] }
  ],
  [
    'a receiver, and a certificate',
    {
      delivery: {
        host: 'imap.example.com',
        tls: { caFile: 'ca.pem' },
        auth: { password: { secret: 'mine' } }
      }
    },
    {
      targets: ['imap.example.com'],
      reads: ['file ca.pem (certificates)', 'keychain secret "mine"']
    }
  ],
  [
    'a plan with faults tells all the same',
    { schema: 9, transports: { host: 'a.example.com', nonsense: { env: 'X' } } },
    { targets: ['a.example.com'], reads: ['environment variable X'] }
  ]
])('%s', (_what, plan, reach) => {
  expect(planReach(plan)).toEqual(reach)
})

it('a plan that nests without end is looked through all the same', () => {
  const depth = 100_000
  const nested = JSON.parse(`${'['.repeat(depth)}{"host":"deep.example.com"}${']'.repeat(depth)}`) as unknown
  expect(planReach(nested).targets).toEqual(['deep.example.com'])
})
