import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What one step of the test run came to. */
interface Tally {
  passed: number
  failed: number
  skipped: number
}

interface Step {
  name: string
  command: string[]
  /** Reads the step's tally from its report file; a step without one counts as one test. */
  read?: (report: string) => Tally
}

const folder = mkdtempSync(join(tmpdir(), 'chattermark-test-'))
const reportOf = (name: string): string => join(folder, `${name}.json`)

const vitest = (project: string): Step => ({
  name: project,
  command: [
    'vitest',
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${reportOf(project)}`
  ],
  read: (report) => {
    const { numPassedTests, numFailedTests, numPendingTests, numFailedTestSuites, numTotalTests } =
      JSON.parse(report) as Record<string, number>
    const brokenFiles = (numFailedTests ?? 0) === 0 ? (numFailedTestSuites ?? 0) : 0
    const empty = numTotalTests === 0 ? 1 : 0
    return {
      passed: numPassedTests ?? 0,
      failed: (numFailedTests ?? 0) + brokenFiles + empty,
      skipped: numPendingTests ?? 0
    }
  }
})

const steps: Step[] = [
  { name: 'type check', command: ['npm', 'run', '--silent', 'typecheck'] },
  { name: 'lint', command: ['npm', 'run', '--silent', 'lint'] },
  { name: 'build', command: ['npm', 'run', '--silent', 'build'] },
  vitest('unit'),
  vitest('integration'),
  {
    name: 'e2e',
    command: ['playwright', 'test', '--reporter=list,json'],
    read: (report) => {
      const { stats } = JSON.parse(report) as {
        stats: { expected: number; unexpected: number; flaky: number; skipped: number }
      }
      const empty = stats.expected + stats.unexpected === 0 ? 1 : 0
      return {
        passed: stats.expected + stats.flaky,
        failed: stats.unexpected + empty,
        skipped: stats.skipped
      }
    }
  }
]

function run(step: Step): Tally {
  console.log(`\n=== ${step.name}: ${step.command.join(' ')}`)
  const [command = '', ...args] = step.command
  const { status } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_NAME: reportOf(step.name) }
  })
  if (step.read === undefined)
    return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 }
  try {
    const tally = step.read(readFileSync(reportOf(step.name), 'utf8'))
    return status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally
  } catch {
    console.error(`${step.name} left no report`)
    return { passed: 0, failed: 1, skipped: 0 }
  }
}

const tallies = steps.map((step) => ({ name: step.name, ...run(step) }))
rmSync(folder, { recursive: true })
const total = (key: keyof Tally): number => tallies.reduce((sum, tally) => sum + tally[key], 0)

console.log('')
for (const { name, passed, failed, skipped } of tallies) {
  console.log(`${name}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} SKIPPED` : ''}`)
}
if (total('skipped') > 0) console.log(`${total('skipped')} TESTS WERE SKIPPED; their reasons stand above.`)
console.log(`${total('passed')} passed, ${total('failed')} failed`)
process.exitCode = total('failed') === 0 ? 0 : 1
