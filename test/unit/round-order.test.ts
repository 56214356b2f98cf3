import { expect, test } from 'vitest'
import { RoundOrder } from '../../electron/engine/round-order.ts'

/** Runs that take all their rounds, each of two blocks; what they did, in order. */
async function taken(
  rounds: number,
  runners: number,
  leaves: Record<number, number> = {}
): Promise<string[]> {
  const done: string[] = []
  const order = new RoundOrder(runners, rounds, () => undefined)
  await Promise.all(
    Array.from({ length: runners }, async (_, runner) => {
      for (let round = 1; round <= (leaves[runner] ?? rounds); round++) {
        for (const block of ['a', 'b']) {
          await order.take(runner, round)
          done.push(`${runner}.${round}${block}`)
          await Promise.resolve()
        }
      }
      order.leave(runner)
    })
  )
  return done
}

test('runs alternate round by round, every other round in the opposite order', async () => {
  expect(await taken(2, 3)).toEqual([
    ...['0.1a', '0.1b', '1.1a', '1.1b', '2.1a', '2.1b'],
    ...['2.2a', '2.2b', '1.2a', '1.2b', '0.2a', '0.2b']
  ])
})

test('a run that ends before its time holds nobody up', async () => {
  expect(await taken(2, 3, { 1: 1 })).toEqual([
    ...['0.1a', '0.1b', '1.1a', '1.1b', '2.1a', '2.1b'],
    ...['2.2a', '2.2b', '0.2a', '0.2b']
  ])
  expect(await taken(1, 2, { 0: 0 })).toEqual(['1.1a', '1.1b'])
})

test('nobody begins before everybody is ready', async () => {
  const done: number[] = []
  const order = new RoundOrder(2, 1, () => undefined)
  const first = order.take(0, 1).then(() => done.push(0))
  await Promise.resolve()
  expect(done).toEqual([])
  const second = order.take(1, 1).then(() => done.push(1))
  await first
  order.leave(0)
  await second
  expect(done).toEqual([0, 1])
})

test('once open it holds nobody back', async () => {
  const order = new RoundOrder(2, 1, () => undefined)
  const waiting = order.take(1, 1)
  order.open()
  await waiting
  await order.take(0, 1)
})
