import { expect, test } from 'vitest'
import { summarize } from '../../shared/plan/plan-summary.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'
import { planInput, validPlan } from '../support/records.ts'

const smtp = (host: string, fields: object = {}): PlanInput['transports'][number] => ({
  ...{ name: 'smtp', protocol: 'smtp', host, port: 587, security: 'starttls' },
  ...fields
})
const to = (...mailboxes: string[]): PlanInput['message'] => ({ from: 'bench@example.com', to: mailboxes })

test.each([
  ['127.0.0.1', false],
  ['127.9.9.9', false],
  ['::1', false],
  ['localhost', false],
  // Whatever the name says, a resolver may lead it elsewhere.
  ['mail.localhost', true],
  ['127.0.0.256', true],
  ['127.999.1.1', true],
  ['127.1', true],
  ['0x7f000001', true],
  ['::ffff:127.0.0.1', false],
  ['sandbox', false],
  ['smtp.mailgun.org', true],
  ['mail.test', true],
  ['10.0.0.1', true],
  ['localhost.example.com', true],
  ['127.0.0.1.example.com', true],
  ['0.0.0.0', true]
])('a target at %s is remote: %s', (host, remote) => {
  const summary = summarize(validPlan({ transports: [smtp(host)], message: to('sink@example.com') }))
  expect(summary.remote).toEqual(
    remote
      ? [
          expect.objectContaining({
            transport: 'smtp',
            target: `${host}:587`,
            recipients: ['sink@example.com']
          })
        ]
      : []
  )
})

test.each([
  ['a@example.com', false],
  ['a@mail.example.org', false],
  ['a@x.test', false],
  ['a@b.invalid', false],
  ['root@localhost', false],
  ['a@gmail.com', true],
  ['a@example.com.evil.com', true],
  ['a@myexample.com', true],
  ['a@test.com', true]
])('%s may be a real mailbox: %s', (mailbox, real) => {
  const summary = summarize(validPlan({ transports: [smtp('10.0.0.1')], message: to(mailbox) }))
  expect(summary.realRecipients).toEqual(real ? [mailbox] : [])
})

test('a recipient list in the disguise of one mailbox of a reserved domain is no mailbox at all', () => {
  const parsed = parsePlan(planInput({ message: to('someone@a-real-domain,x.example.com') }))
  expect(parsed.ok ? [] : parsed.faults.map(({ path }) => path)).toEqual(['message.to[0]'])
})

test.each([
  '"a@real-company.dev"@example.com',
  'a%real-company.dev@example.com',
  'real-company.dev!a@example.com'
])('a local part that a server may read as another address is not taken for nobody: %s', (mailbox) => {
  const plan = validPlan({ transports: [smtp('10.0.0.1')], message: to(mailbox) })
  expect(summarize(plan).realRecipients).toEqual([mailbox])
})

test.each<[string, object, string[]]>([
  ['by placeholders alone', { body: { to: '{{to}}', from: '{{from}}' } }, []],
  ['in its body', { body: { bcc: ['Real <someone@real-company.dev>'] } }, ['someone@real-company.dev']],
  ['in the name of a field', { body: { 'someone@real-company.dev': {} } }, ['someone@real-company.dev']],
  [
    'behind a placeholder',
    { body: { to: '{{to}}.real-company.dev' } },
    ['sink@example.com.real-company.dev']
  ],
  [
    'in a header',
    { body: {}, headers: { 'X-To': 'someone@real-company.dev' } },
    ['someone@real-company.dev']
  ],
  ['in its path', { body: {}, path: '/send?to=someone%40real-company.dev' }, ['someone@real-company.dev']],
  ['in its query', { body: {}, query: { to: 'someone@real-company.dev' } }, ['someone@real-company.dev']]
])('a template that names recipients %s is judged by the request that it makes', (_where, template, real) => {
  const api = {
    name: 'api',
    protocol: 'http',
    provider: 'generic',
    url: 'http://10.0.0.1',
    template
  } as const
  const plan = validPlan({
    transports: [api as PlanInput['transports'][number]],
    message: to('sink@example.com')
  })
  const summary = summarize(plan)
  expect(summary.realRecipients).toEqual(real)
  expect(summary.remote[0]?.recipients).toEqual(['sink@example.com', ...real])
})

test.each<[string, object, string | null]>([
  ['someone@real-company.dev', {}, 'someone@real-company.dev'],
  ['bench@example.com', {}, null],
  ['<>', {}, null],
  // Providers take bounces themselves.
  ['someone@real-company.dev', { provider: 'mailgun' }, null]
])('bounces go to the sender %s with %j: %s', (from, fields, real) => {
  const message = { from, to: ['sink@example.com'] }
  expect(summarize(validPlan({ transports: [smtp('10.0.0.1', fields)], message })).realSender).toBe(real)
})

test('a summary tells which secret goes where, how, and how safe it is on its way', () => {
  const auth = { user: { env: 'TOKEN' }, password: { file: '/run/secrets/smtp' } }
  const template = {
    body: { key: { secret: 'api' } },
    headers: { 'X-Key': { env: 'KEY', prefix: 'Token ' } }
  }
  const plan = validPlan({
    transports: [
      smtp('mail.test', { auth }),
      smtp('mail.test', { name: 'clear', security: 'none', auth }),
      smtp('127.0.0.1', { name: 'here', security: 'none', auth }),
      {
        name: 'api',
        protocol: 'http',
        provider: 'generic',
        url: 'https://api.test',
        template,
        tls: { verify: false }
      }
    ]
  })
  const { secrets } = summarize(plan)
  expect(
    secrets.map(({ transport, source, host, how, isLocal }) => [transport, source, host, how, isLocal])
  ).toEqual([
    [
      'smtp',
      'environment variable TOKEN',
      'mail.test',
      'AUTH PLAIN over STARTTLS, certificate verified',
      false
    ],
    ['smtp', 'file /run/secrets/smtp', 'mail.test', 'AUTH PLAIN over STARTTLS, certificate verified', false],
    ['clear', 'environment variable TOKEN', 'mail.test', 'AUTH PLAIN over an unencrypted connection', false],
    ['clear', 'file /run/secrets/smtp', 'mail.test', 'AUTH PLAIN over an unencrypted connection', false],
    ['here', 'environment variable TOKEN', '127.0.0.1', 'AUTH PLAIN over an unencrypted connection', true],
    ['here', 'file /run/secrets/smtp', '127.0.0.1', 'AUTH PLAIN over an unencrypted connection', true],
    [
      'api',
      'environment variable KEY',
      'api.test',
      'template.headers.X-Key over TLS, certificate NOT verified',
      false
    ],
    [
      'api',
      'keychain secret "api"',
      'api.test',
      'template.body.key over TLS, certificate NOT verified',
      false
    ]
  ])
  expect(secrets.map(({ warning }) => warning === null)).toEqual([
    true,
    true,
    false,
    false,
    true,
    true,
    false,
    false
  ])
})

test("a provider's sink is no real mailbox there, and one elsewhere", () => {
  const sink = 'success+1@simulator.amazonses.com'
  const through = (provider: string) =>
    summarize(validPlan({ transports: [smtp('10.0.0.1', { provider })], message: to(sink) })).realRecipients
  expect(through('ses')).toEqual([])
  expect(through('mailgun')).toEqual([sink])
})

test('nothing that goes to the sandbox reaches a mailbox', () => {
  expect(
    summarize(validPlan({ transports: [smtp('sandbox')], message: to('a@gmail.com') })).realRecipients
  ).toEqual([])
})

const one = { transports: [smtp('sandbox')], rounds: 2, warmupSeconds: 1 }
test.each<[why: string, load: PlanInput['load'], messages: number | null, seconds: number | null]>([
  ['a closed load by count', { model: 'closed', concurrency: 5, messages: 300 }, 300, 2.18],
  ['a closed load by time', { model: 'closed', concurrency: 5, durationSeconds: 30 }, null, 32],
  ['an open load, with its warm-up', { model: 'open', rate: 10, durationSeconds: 30 }, 320, 32],
  [
    'stages with a ramp',
    {
      model: 'stages',
      stages: [
        { rate: 10, durationSeconds: 10 },
        { rate: 30, durationSeconds: 10, ramp: true }
      ]
    },
    320,
    22
  ]
])('%s is counted', (_why, load, messages, seconds) => {
  expect(summarize(validPlan({ ...one, load }))).toMatchObject({ messages, seconds })
})

test('the sentence tells how many, where to and how', () => {
  expect(
    summarize(validPlan({ ...one, load: { model: 'closed', concurrency: 5, messages: 3000 } })).sentence
  ).toBe(
    '3,000 messages to the sandbox over 1 transport in 2 rounds, plus 2\u202fs of warm-up, about 4\u202fs.'
  )
})

test.each<[string, object, number, object[]]>([
  [
    'closed, by messages',
    { load: { model: 'closed', concurrency: 2, messages: 300 }, warmupSeconds: 2, rounds: 3 },
    600,
    [{ messages: 300, warmupSeconds: 6, testMode: 'on' }]
  ],
  [
    'open, by rate',
    { load: { model: 'open', rate: 10, durationSeconds: 20 }, warmupSeconds: 2, rounds: 3 },
    520,
    [{ messages: 260, warmupSeconds: 0, testMode: 'on' }]
  ]
])(
  'what leaves this machine is counted by itself, warm-up included: %s',
  (_load, changes, messages, remote) => {
    const summary = summarize(
      validPlan({
        ...changes,
        transports: [
          smtp('sandbox', { name: 'here' }),
          smtp('10.0.0.1', { name: 'there', provider: 'mailgun' })
        ],
        message: to('sink@example.com')
      })
    )
    expect(summary.messages).toBe(messages)
    expect(summary.remote).toMatchObject(remote)
  }
)

test.each<[string, object, string]>([
  ['a provider with a test mode', { provider: 'mailgun' }, 'on'],
  ['the same, switched off', { provider: 'mailgun', testMode: false }, 'off'],
  ['a provider without one', { provider: 'postmark' }, 'none'],
  ['a server of one’s own', {}, 'none']
])('%s: test mode is said before anything is sent', (_what, fields, testMode) => {
  const summary = summarize(
    validPlan({ transports: [smtp('10.0.0.1', fields)], message: to('sink@example.com') })
  )
  expect(summary.remote[0]?.testMode).toBe(testMode)
})
