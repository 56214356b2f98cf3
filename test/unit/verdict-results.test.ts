import { expect, test } from 'vitest'
import { compareAll } from '../../shared/insight/comparison.ts'
import { verdict } from '../../shared/insight/verdict.ts'
import { runRecord } from '../support/records.ts'
import { SCRIPTED_RESULTS } from '../support/scripted-results.ts'

/** What is said of each result, with plain spaces before units. */
function sentences(): string {
  const parts = SCRIPTED_RESULTS.map(({ title, reason, transports, state = 'finished' }) => {
    const record = runRecord(transports, { state, comparison: compareAll(transports) })
    return `## ${title}\n\n${verdict(record).replaceAll('\u202f', ' ')}\n\n_${reason}_\n`
  })
  return `# Scripted results, what is said of each, and why\n\n${parts.join('\n')}`
}

test('each of thirty odd results gets a sentence that says no more than its figures do', async () => {
  expect(SCRIPTED_RESULTS.length).toBeGreaterThanOrEqual(30)
  await expect(sentences()).toMatchFileSnapshot('verdict-results.md')
})

test('of nine equal transports some pairs look apart when they are judged alone, and none is called different', () => {
  const nine = SCRIPTED_RESULTS.find(({ transports }) => transports.length === 9)!
  const medians = compareAll(nine.transports).filter(({ metric }) => metric === 'response.p50')
  expect(medians.some(({ low, high }) => low > 1 || high < 1)).toBe(true)
  expect(medians.some(({ differs }) => differs)).toBe(false)
})
