import { escapeMarkup } from '../text/escape.ts'

/** One thing that was checked. */
export interface JunitCase {
  /** What belongs together, e.g. the transport. */
  group: string
  name: string
  /** What went wrong, in one line; null when it is as it should be. */
  failure: string | null
}

/** A JUnit report as pipelines read it: one suite with a case for each thing that was checked. */
export function junitXml(suite: string, cases: readonly JunitCase[]): string {
  const failures = cases.filter(({ failure }) => failure !== null).length
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0"`
  const lines = cases.map(({ group, name, failure }) => {
    const head = `    <testcase classname="${escapeMarkup(group)}" name="${escapeMarkup(name)}"`
    if (failure === null) return `${head} />`
    const text = escapeMarkup(failure)
    return `${head}>\n      <failure message="${text}">${text}</failure>\n    </testcase>`
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="chattermark" ${counts}>`,
    `  <testsuite name="${escapeMarkup(suite)}" ${counts}>`,
    ...lines,
    '  </testsuite>',
    '</testsuites>',
    ''
  ].join('\n')
}
