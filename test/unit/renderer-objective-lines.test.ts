import { expect, test } from 'vitest'
import { OBJECTIVE_FIELDS, withObjective } from '../../renderer/setup/objective-lines.ts'
import { parseStudy, studySchema } from '../../shared/plan/study.ts'

const fresh = studySchema.parse({ kind: 'capacity' })
const objectives = fresh.kind === 'capacity' ? fresh.objectives : []

/** The objectives after a text was typed into the field of a label, letter by letter. */
function afterTyping(label: string, text: string): string[] {
  const field = OBJECTIVE_FIELDS.find((each) => each.label === label)
  if (field === undefined) throw new Error(`no field ${label}`)
  return [...text].reduce(
    (lines, _, index) => withObjective(lines, field, text.slice(0, index + 1)),
    [...objectives]
  )
}

test.each([
  ['p99 under', '250', 'response.p99 < 250'],
  ['p99 under', '0.5', 'response.p99 < 0.5'],
  ['Failed, at most', '1.05', 'failed/sent <= 0.0105'],
  ['Failed, at most', '0', 'failed == 0'],
  ['Rejected, under', '100', 'rejected/sent < 1']
])('%s: %s is searched for', (label, text, line) => {
  const lines = afterTyping(label, text)
  expect(lines).toHaveLength(objectives.length)
  expect(lines).toContain(line)
  expect(parseStudy({ kind: 'capacity', objectives: lines }).ok).toBe(true)
})

test.each([
  ['p99 under', '1,000'],
  ['p99 under', '500 ms'],
  ['p99 under', '-5 or so'],
  ['p99 under', '-5'],
  ['Failed, at most', '-1'],
  ['Failed, at most', '1,5'],
  ['Rejected, under', '1 %']
])('%s: %s can be no limit; it stands in its field, and is refused', (label, text) => {
  const lines = afterTyping(label, text)
  expect(lines).toHaveLength(objectives.length)
  const field = OBJECTIVE_FIELDS.find((each) => each.label === label)
  expect(lines.map((line) => field?.read(line) ?? null).filter((read) => read !== null)).toEqual([text])
  expect(parseStudy({ kind: 'capacity', objectives: lines })).toMatchObject({ ok: false })
})

test('an empty field takes its objective out, and the others stay', () => {
  const [p99] = OBJECTIVE_FIELDS
  if (p99 === undefined) throw new Error('there are no fields')
  expect(withObjective(objectives, p99, ' ')).toEqual(objectives.slice(1))
})
