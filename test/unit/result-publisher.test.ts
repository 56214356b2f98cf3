import type { JetStreamClient } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import { ResultPublisher } from '../../electron/places/result-publisher.ts'
import { until } from '../support/until.ts'

interface Message {
  id: string
  stages: string[]
  answer: (isTaken: boolean) => void
}

/** A stream that takes a message, or not, when it is told to. */
function heldStream(): { stream: JetStreamClient; messages: Message[] } {
  const messages: Message[] = []
  const publish = (_: string, text: string, { msgID }: { msgID: string }): Promise<unknown> =>
    new Promise((resolve, reject) => {
      messages.push({
        id: msgID,
        stages: (JSON.parse(text) as { n: number; stage: string }[]).map(({ n, stage }) => `${n} ${stage}`),
        answer: (isTaken) => (isTaken ? resolve(null) : reject(new Error('no answer')))
      })
    })
  return { stream: { publish } as unknown as JetStreamClient, messages }
}

test('what comes up while a message is on its way goes with the next one', async () => {
  const { stream, messages } = heldStream()
  const publisher = new ResultPublisher(stream, 'results', 3)
  for (const stage of ['warm-up', 'measuring', 'draining'] as const)
    publisher.publish({ kind: 'stage', stage })
  messages[0]?.answer(true)
  await until('the next message', () => messages.length === 2)
  messages[1]?.answer(true)
  await publisher.taken()
  expect(messages.map(({ id, stages }) => [id, stages])).toEqual([
    ['results 3 0', ['0 warm-up']],
    ['results 3 1', ['1 measuring', '2 draining']]
  ])
})

test('a message that was not taken is offered again as it was, under its id', async () => {
  const { stream, messages } = heldStream()
  const publisher = new ResultPublisher(stream, 'results', 0)
  publisher.publish({ kind: 'stage', stage: 'warm-up' })
  publisher.publish({ kind: 'stage', stage: 'measuring' })
  messages[0]?.answer(false)
  await until('the next message', () => messages.length === 2)
  messages[1]?.answer(true)
  await until('the next message', () => messages.length === 3)
  messages[2]?.answer(true)
  await publisher.taken()
  expect(messages.map(({ id, stages }) => [id, stages])).toEqual([
    ['results 0 0', ['0 warm-up']],
    ['results 0 0', ['0 warm-up']],
    ['results 0 1', ['1 measuring']]
  ])
})

test('a message takes no more than a server lets through', async () => {
  const { stream, messages } = heldStream()
  const publisher = new ResultPublisher(stream, 'results', 0)
  const large = 'x'.repeat(150_000)
  for (let count = 0; count < 4; count++) publisher.publish({ kind: 'refused', code: '535', sample: large })
  for (const expected of [1, 2, 1]) {
    await until('the next message', () => messages.length > 0)
    const message = messages.shift()
    expect(message?.stages).toHaveLength(expected)
    message?.answer(true)
  }
  await publisher.taken()
})

test('one that gives up ends, whatever was on its way', async () => {
  const { stream, messages } = heldStream()
  const publisher = new ResultPublisher(stream, 'results', 0)
  publisher.publish({ kind: 'stage', stage: 'warm-up' })
  publisher.publish({ kind: 'stage', stage: 'measuring' })
  publisher.close()
  messages[0]?.answer(false)
  await publisher.taken()
  expect(messages).toHaveLength(1)
})
