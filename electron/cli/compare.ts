import type { RunComparison } from '../../shared/page/ipc.ts'
import { conditionDifferences, type ConditionDifference } from '../../shared/insight/condition-differences.ts'
import { findingOf, findingText } from '../../shared/insight/finding.ts'
import type { RegressionLimits } from '../../shared/insight/gated-metrics.ts'
import { checkRegression, type RegressionCheck } from '../../shared/insight/regression.ts'
import { secondByFirst } from '../../shared/insight/comparison.ts'
import { compareRuns } from '../../shared/insight/run-comparison.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { regressionCases } from '../../shared/report/junit-cases.ts'
import { comparisonMarkdown, failedMarkdown } from '../../shared/report/markdown.ts'
import { figure, percent } from '../../shared/text/format.ts'
import { EXIT, type ExitCode } from './exit.ts'
import { openRun } from './open-run.ts'
import { bold, paragraph, print, printJson, say, textTable, type Format } from './output.ts'
import { orReportFailure, writePipelineFiles } from './pipeline-files.ts'
import type { PipelineFiles } from './pipeline-options.ts'

export interface CompareCommand extends PipelineFiles {
  maxRegression?: RegressionLimits
  format: Format
}

/**
 * `chattermark compare OLD NEW`; ends with 1 when the new run is worse than `--max-regression` allows, and the data show
 * it, or when there was nothing to hold against it.
 */
export async function compare(a: string, b: string, options: CompareCommand): Promise<ExitCode> {
  const [old, fresh] = await orReportFailure(
    options,
    { suite: `${a} against ${b}`, group: 'compare', name: 'both runs can be read' },
    async () => [await openRun(a), await openRun(b)] as const
  )
  const comparison = compareRuns(old, fresh)
  const differing = conditionDifferences(old, fresh)
  const checks = checkRegression(old, fresh, comparison, options.maxRegression ?? {})
  if (options.format === 'json') printJson({ schema: 1, ...comparison, differing, checks })
  else print(comparisonText(old, fresh, comparison, differing, checks))
  // A transport that was renamed leaves a gate with nothing to look at, which must not pass for good.
  const isVain = options.maxRegression !== undefined && checks.length === 0
  const suite = `${old.name} against ${fresh.name}`
  const failure = comparison.sentence
  await writePipelineFiles(
    options,
    isVain
      ? {
          suite,
          cases: [{ group: 'compare', name: 'the runs share a transport', failure }],
          markdown: failedMarkdown(suite, failure)
        }
      : {
          suite,
          cases: regressionCases(checks),
          markdown: comparisonMarkdown(old, fresh, comparison, differing, checks)
        }
  )
  if (isVain) say(`${failure} Nothing was held against --max-regression.`)
  return isVain || checks.some(({ verdict }) => verdict === 'worse') ? EXIT.assertionFailed : EXIT.ok
}

function comparisonText(
  old: RunRecord,
  fresh: RunRecord,
  comparison: RunComparison,
  differing: readonly ConditionDifference[],
  checks: readonly RegressionCheck[]
): string {
  const rows = comparison.rows.flatMap(({ transport, comparisons }) =>
    comparisons
      .map(secondByFirst)
      .map((each) => [
        transport,
        each.metric,
        figure(each.ratio),
        `${figure(each.low)} to ${figure(each.high)}`,
        figure(each.difference),
        String(each.samples),
        findingText(findingOf(each))
      ])
  )
  const header = ['transport', 'metric', 'second / first', '95 % interval', 'difference', 'n', '']
  const parts = [
    `${bold(`${old.name}  against  ${fresh.name}`)}\n${old.id}, ${old.startedAt}  against  ${fresh.id}, ${fresh.startedAt}`,
    differing.length === 0
      ? ''
      : `not made alike:\n${differing.map(({ what, a, b }) => `  ${what}: ${a} against ${b}`).join('\n')}`,
    textTable(header, rows, ['metric', '']),
    comparison.unmatched.length === 0 ? '' : `only in one of them: ${comparison.unmatched.join(', ')}`,
    checks.map(checkLine).join('\n'),
    bold(paragraph(comparison.sentence)),
    paragraph(comparison.caution)
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

const VERDICT_WORDS = { worse: 'FAIL', within: 'pass', 'cannot-tell': 'pass (cannot tell)' } as const

function checkLine({ transport, metric, limit, worseLow, worseHigh, verdict }: RegressionCheck): string {
  const seen =
    worseLow === null || worseHigh === null
      ? 'too little to compare'
      : `${signed(worseLow)} to ${signed(worseHigh)} ${metric === 'failed' || metric === 'rejected' ? 'of all sends more than allowed' : 'worse'}`
  return `${VERDICT_WORDS[verdict]}  ${transport}.${metric} no more than ${percent(limit)} worse  (${seen})`
}

function signed(share: number): string {
  return `${share < 0 ? '-' : '+'}${percent(Math.abs(share))}`
}
