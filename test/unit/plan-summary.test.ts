import { expect, test } from 'vitest'
import { summarize } from '../../shared/plan-summary.ts'
import type { PlanInput } from '../../shared/plan.ts'
import { validPlan } from '../support/records.ts'

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
  ['mail.localhost', false],
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
    remote ? [{ transport: 'smtp', target: `${host}:587`, recipients: ['sink@example.com'] }] : []
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
  ['a closed load by count', { model: 'closed', concurrency: 5, messages: 300 }, 300, null],
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
  ).toBe('3,000 messages to the sandbox over 1 transport in 2 rounds, and those of 2\u202fs of warm-up.')
})
