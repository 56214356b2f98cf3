import { expect, test } from 'vitest'
import { endingWords } from '../../renderer/live/ending-words.ts'

const END = { runId: 'run-1', state: 'finished', message: null, hasRecord: true } as const

test.each([
  [END, ''],
  [{ ...END, message: 'An assertion ended it.' }, 'An assertion ended it.'],
  [{ ...END, state: 'stopped' }, 'Stopped by you. What was measured is kept.'],
  [
    { ...END, state: 'stopped', message: 'stopped', hasRecord: false },
    'Stopped by you, before anything was sent.'
  ]
] as const)('%j is told as %j', (end, words) => {
  expect(endingWords(end)).toBe(words)
})
