import { comparePairs, secondByFirst } from './comparison.ts'
import { FEW_ROUNDS, findingOf } from './finding.ts'
import { conditionDifferences } from './condition-differences.ts'
import type { RunComparison } from '../page/ipc.ts'
import type { Comparison, RunRecord } from '../record/run-record.ts'
import { figure } from '../text/format.ts'
import { summarizeRun } from './run-summary.ts'

/**
 * What stands beside every comparison of two runs. Their intervals know how much rounds of one run vary, not how much
 * runs do: with a true effect of 5 % from run to run, 35 % of comparisons of equal peers show a difference, with
 * 10 % it is 56 % (`npm run bench -- audit`).
 */
const CAUTION =
  'Two runs differ by more than their rounds show: another hour, another route, other neighbours. Repeat both in turn before you blame the peer, and believe the difference that comes again.'

/**
 * Two runs side by side: each transport of the first run `a` with the one of the same name in the second, `b`. Ratios
 * are first by second; {@link secondByFirst} reads them from then to now.
 * @param byHand names in `a` and `b` of transports that belong together although they are called differently
 */
export function compareRuns(
  a: RunRecord,
  b: RunRecord,
  byHand: readonly (readonly [string, string])[] = []
): RunComparison {
  const paired = new Map(byHand)
  const inB = new Map(b.transports.map((transport) => [transport.name, transport]))
  const pairs = a.transports.flatMap((transport) => {
    const other = inB.get(paired.get(transport.name) ?? transport.name)
    return other === undefined ? [] : [{ a: transport, b: other }]
  })
  const comparisons = comparePairs(pairs, false)
  const rows = pairs.map((pair) => ({
    transport: pair.a.name,
    second: pair.b.name,
    comparisons: comparisons.filter((each) => each.a === pair.a.name && each.b === pair.b.name)
  }))
  const [usedA, usedB] = [
    new Set(pairs.map((pair) => pair.a.name)),
    new Set(pairs.map((pair) => pair.b.name))
  ]
  return {
    a: summarizeRun(a),
    b: summarizeRun(b),
    rows,
    unmatched: [
      ...a.transports.filter(({ name }) => !usedA.has(name)),
      ...b.transports.filter(({ name }) => !usedB.has(name))
    ].map(({ name }) => name),
    differences: conditionDifferences(a, b),
    sentence: sentence(a, b, rows),
    caution: CAUTION
  }
}

function sentence(a: RunRecord, b: RunRecord, rows: RunComparison['rows']): string {
  if (rows.length === 0) return `“${a.name}” and “${b.name}” have no transport of the same name.`
  const changes = rows.map(
    ({ transport, comparisons }) =>
      `${transport}${change(comparisons.find(({ metric }) => metric === 'response.p50') ?? null)}`
  )
  return `${changes.join('; ')}.`
}

function change(firstBySecond: Comparison | null): string {
  const finding = findingOf(firstBySecond)
  if (firstBySecond === null || finding === 'too-few-rounds')
    return ' cannot be compared (a comparison needs three rounds in each run)'
  const p50 = secondByFirst(firstBySecond)
  const interval = `(${figure(p50.low)} to ${figure(p50.high)})`
  switch (finding) {
    case 'different':
      return ` took ${figure(p50.ratio)} times ${interval} as long in the second run at the median${few(p50)}`
    case 'level':
      return `: no difference seen ${interval}`
    case 'unclear':
      return `: cannot tell, the second run may have taken ${figure(p50.low)} to ${figure(p50.high)} times as long${few(p50)}`
    case 'overloaded':
      return ' cannot be compared: more was asked of it than it took, and its queue grew as long as the load went on'
    case 'too-few-messages':
      return ': too few messages to compare'
  }
}

function few({ rounds }: Comparison): string {
  return rounds < FEW_ROUNDS ? `, by ${rounds} rounds only` : ''
}
