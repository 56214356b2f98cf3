import { figure } from '../../shared/format.ts'
import { compareRuns } from '../../shared/run-comparison.ts'
import { bold, paragraph, print, printJson, textTable, type Format } from './output.ts'
import { openRun } from './open-run.ts'

/** `chattermark compare RUN RUN` */
export async function compare(a: string, b: string, options: { format: Format }): Promise<void> {
  const comparison = compareRuns(await openRun(a), await openRun(b))
  if (options.format === 'json') {
    printJson({ schema: 1, ...comparison })
    return
  }
  const rows = comparison.rows.flatMap(({ transport, comparisons }) =>
    comparisons.map((each) => [
      transport,
      each.metric,
      figure(each.ratio),
      `${figure(each.low)} to ${figure(each.high)}`,
      figure(each.difference),
      String(each.samples),
      each.differs ? '' : each.enough ? 'no difference seen' : 'too few messages'
    ])
  )
  const header = ['transport', 'metric', 'first / second', '95 % interval', 'difference', 'n', '']
  const unmatched =
    comparison.unmatched.length === 0 ? [] : [`only in one of them: ${comparison.unmatched.join(', ')}`]
  print(
    [
      bold(`${comparison.a.name}  against  ${comparison.b.name}`),
      textTable(header, rows, ['metric', '']),
      ...unmatched,
      bold(paragraph(comparison.sentence))
    ].join('\n\n')
  )
}
