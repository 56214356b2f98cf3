import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import { guardOutput, paragraph, textTable } from '../../electron/cli/output.ts'

const table = (width: number): string[] =>
  stripVTControlCharacters(
    textTable(
      ['transport', 'p50 ms', 'turns', 'TLS'],
      [
        ['smtp', '230', '11', 'TLSv1.3'],
        ['api-kept', '21', '1', '-']
      ],
      ['TLS'],
      width
    )
  ).split('\n')

describe('a table', () => {
  test('sets figures to the right and words to the left', () => {
    expect(table(Infinity)).toEqual([
      'transport  p50 ms  turns  TLS',
      'smtp          230     11  TLSv1.3',
      'api-kept       21      1  -'
    ])
  })

  test('goes on below where the terminal ends, with the first column in front', () => {
    expect(table(24)).toEqual([
      'transport  p50 ms  turns',
      'smtp          230     11',
      'api-kept       21      1',
      '',
      'transport  TLS',
      'smtp       TLSv1.3',
      'api-kept   -'
    ])
  })

  test('shows every column, however narrow the terminal', () => {
    expect(table(1).filter((line) => line.startsWith('transport'))).toEqual([
      'transport  p50 ms',
      'transport  turns',
      'transport  TLS'
    ])
  })
})

test('a paragraph breaks between words, and a word that is too long stays whole', () => {
  expect(paragraph('api-kept takes 21 ms\na message', 8)).toBe('api-kept\ntakes 21\nms\na\nmessage')
  expect(paragraph('api-kept takes 21 ms', Infinity)).toBe('api-kept takes 21 ms')
})

test('a reader that leaves is no output lost, whichever word its system has for it', () => {
  const said = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  try {
    guardOutput()
    for (const code of ['EPIPE', 'EOF'])
      process.stdout.emit('error', Object.assign(new Error(`write ${code}`), { code }))
    expect(said).not.toHaveBeenCalled()
  } finally {
    said.mockRestore()
  }
})
