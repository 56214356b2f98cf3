import { expect, test } from 'vitest'
import { seededRandom } from '../../shared/insight/random.ts'

function draws(seed: number, count: number): number[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, random)
}

test('a seed always gives the same numbers, and another seed others', () => {
  expect(draws(7, 5)).toEqual(draws(7, 5))
  expect(draws(7, 5)).not.toEqual(draws(8, 5))
})

test('the numbers are those of mulberry32', () => {
  expect(draws(1, 3).map((value) => Math.round(value * 2 ** 32))).toEqual([2693262067, 11749833, 2265367787])
})

test('the numbers fill [0, 1) evenly', () => {
  const tenths = Array<number>(10).fill(0)
  for (const value of draws(1, 100_000)) tenths[Math.floor(value * 10)]! += 1
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(400)
})
