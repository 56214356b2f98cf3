import { expect, test } from 'vitest'
import { heldByAcknowledgement } from '../../shared/insight/delayed-ack.ts'

const ms = (value: number): number => value * 1000

test.each([
  ['the delay of Linux, on loopback', 42, 0.05, false, true],
  ['the delay of Linux and a round trip', 62, 20, false, true],
  ['the long delay of other systems', 203, 1, false, true],
  ['less than a delay', 30, 0.05, false, false],
  ['a server that looks something up', 70, 0.05, false, false],
  ['one round trip, for it was acknowledged at once', 20.6, 20, true, true],
  ['twice the round trip, though it was acknowledged at once', 40, 20, true, false],
  ['a pause that is shorter than any round trip', 12, 20, true, false],
  ['too near for a round trip to be told from a server', 0.3, 0.3, true, false]
])('%s', (_, gapMs, rttMs, isHurried, isHeld) => {
  expect(heldByAcknowledgement(ms(gapMs), ms(rttMs), isHurried)).toBe(isHeld)
})

test('without a round trip only the delay tells', () => {
  expect(heldByAcknowledgement(ms(41), Infinity, false)).toBe(true)
  expect(heldByAcknowledgement(ms(41), Infinity, true)).toBe(false)
})
