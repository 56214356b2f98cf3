import { expect, test } from 'vitest'
import { placeOf } from '../../renderer/stores/route.svelte.ts'

test.each([
  ['', 'setup', []],
  ['#/result/run-1', 'result', ['run-1']],
  ['#/history/compare/a%20b/c', 'history', ['compare', 'a b', 'c']],
  ['#/nowhere/run-1', 'setup', []],
  ['#/result/100%', 'result', ['100%']],
  ['#/result/%E0%A4%A', 'result', ['%E0%A4%A']]
])('the address %j leads to %s', (hash, screen, ids) => {
  expect(placeOf(hash)).toEqual({ screen, ids })
})
