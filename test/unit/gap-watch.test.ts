import { afterEach, expect, test } from 'vitest'
import { GapWatch } from '../../electron/engine/gap-watch.ts'

let watch: GapWatch | undefined
afterEach(() => watch?.close())

test.each([
  ['stopped, and its clock went on', { us: 10_000_000, wallUs: 10_000_000 }],
  ['asleep, and its clock stood still', { us: 100_000, wallUs: 10_000_000 }]
])('a process that was %s does not blame its peer', (_how, later) => {
  let now = { us: 0, wallUs: 0 }
  watch = new GapWatch(() => now)
  watch.look()
  expect(watch.isSpoiled(0, 1)).toBe(false)
  now = later
  watch.look()
  expect(watch.gaps).toHaveLength(1)
  expect(watch.isSpoiled(0, later.us)).toBe(true)
  expect(watch.isSpoiled(later.us + 1, later.us + 2)).toBe(false)
})

test('a second of hard work is no gap', () => {
  let now = { us: 0, wallUs: 0 }
  watch = new GapWatch(() => now)
  now = { us: 1_500_000, wallUs: 1_500_000 }
  watch.look()
  expect(watch.gaps).toEqual([])
})
