import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { constants, setPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

/** What one step of the test run came to. */
interface Tally {
  passed: number
  failed: number
  skipped: number
  /** What failed, each with the first line of why. */
  faults: string[]
}

interface NamedTally extends Tally {
  name: string
}

interface Step {
  name: string
  command: string[]
  /** Reads the step's tally from its report file; a step without one counts as one test. */
  read?: (report: string) => Tally
}

/** What is read of the report that vitest writes. */
interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numFailedTestSuites: number
  numTotalTests: number
  testResults: {
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[]
  }[]
}

/** What is read of the report that Playwright writes. */
interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number }
  suites: PlaywrightSuite[]
}

interface PlaywrightSuite {
  title: string
  specs: { title: string; tests: { projectName: string; status: string; results: PlaywrightResult[] }[] }[]
  suites?: PlaywrightSuite[]
}

interface PlaywrightResult {
  error?: { message?: string }
}

function brokenSpecs({ title, specs, suites = [] }: PlaywrightSuite): string[] {
  const own = specs.flatMap((spec) =>
    spec.tests.flatMap(({ projectName, status, results }) => {
      const error = results.find((result) => result.error !== undefined)?.error
      return status === 'expected' || status === 'skipped'
        ? []
        : [`${title}: ${spec.title} (${projectName}): ${firstLine(error?.message)}`]
    })
  )
  return [...own, ...suites.flatMap(brokenSpecs)]
}

function firstLine(text = ''): string {
  return stripVTControlCharacters(text).split('\n', 1)[0] ?? ''
}

const folder = mkdtempSync(join(tmpdir(), 'chattermark-test-'))
const reportOf = (name: string): string => join(folder, `${name}.json`)

const npm = (name: string, script: string): Step => ({ name, command: ['npm', 'run', '--silent', script] })
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
    const { testResults, ...totals } = JSON.parse(report) as VitestReport
    const brokenFiles = totals.numFailedTests === 0 ? totals.numFailedTestSuites : 0
    const empty = totals.numTotalTests === 0 ? 1 : 0
    const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
    return {
      passed: totals.numPassedTests,
      failed: totals.numFailedTests + brokenFiles + empty,
      skipped: totals.numPendingTests,
      faults: tests.flatMap(({ status, fullName, failureMessages }) =>
        status === 'failed' ? [`${fullName}: ${firstLine(failureMessages[0])}`] : []
      )
    }
  }
})

const e2e: Step = {
  name: 'e2e',
  command: ['playwright', 'test', '--reporter=list,json'],
  read: (report) => {
    const { stats, suites } = JSON.parse(report) as PlaywrightReport
    const empty = stats.expected + stats.unexpected === 0 ? 1 : 0
    return {
      passed: stats.expected,
      failed: stats.unexpected + stats.flaky + empty,
      skipped: stats.skipped,
      faults: suites.flatMap(brokenSpecs)
    }
  }
}

/** They wait more than they compute. */
const waiting: Step[][] = [
  [npm('build', 'build'), vitest('unit'), vitest('mocked'), vitest('contract')],
  [vitest('integration')]
]
/** These test nothing that runs: they take what the others leave over. */
const reading: Step[][][] = [
  [[npm('lint', 'lint:code')]],
  [[npm('type check', 'typecheck')], [npm('format', 'lint:format')]]
]
/** One of these searches for a limit, the others measure time: nothing computes beside them. */
const measuring: Step[][] = [[e2e], [vitest('timed')]]

/** Linux lets such a process run when no other wants to, and gives way at once (sched(7), SCHED_IDLE). */
const WHEN_IDLE =
  spawnSync('chrt', ['--idle', '0', 'true']).status === 0 ? (['chrt', '--idle', '0'] as const) : []

interface Manner {
  /** What it prints is seen at once; otherwise when it is over, so that two do not mix. */
  isLive: boolean
  /** Where the machine is idle alone; at the lowest priority on systems that cannot tell. */
  isPatient: boolean
}

async function run(step: Step, { isLive, isPatient }: Manner): Promise<NamedTally> {
  const head = `\n=== ${step.name}: ${step.command.join(' ')}`
  if (isLive) console.log(head)
  const [command = '', ...args] = isPatient ? [...WHEN_IDLE, ...step.command] : step.command
  const startedMs = performance.now()
  const child = spawn(command, args, {
    stdio: isLive ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PLAYWRIGHT_JSON_OUTPUT_NAME: reportOf(step.name),
      // The command line is started hundreds of times: its sources are compiled once.
      NODE_COMPILE_CACHE: join(folder, 'compiled')
    }
  })
  if (isPatient && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const status = await once(child, 'close').then(
    ([code]) => code as number | null,
    (error: Error) => {
      output += error.message
      return null
    }
  )
  if (!isLive) console.log(`${head}\n${output.trimEnd()}`)
  console.log(`=== ${step.name} took ${Math.round((performance.now() - startedMs) / 1000)} s`)
  return { name: step.name, ...tallyOf(step, status) }
}

function tallyOf({ name, read }: Step, status: number | null): Tally {
  if (read === undefined)
    return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0, faults: [] }
  try {
    const tally = read(readFileSync(reportOf(name), 'utf8'))
    return status !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally
  } catch {
    return { passed: 0, failed: 1, skipped: 0, faults: ['left no report'] }
  }
}

/** One group after another, the steps of each side by side. */
async function inTurn(groups: readonly Step[][], isPatient = false): Promise<NamedTally[]> {
  const found: NamedTally[] = []
  for (const group of groups) {
    const manner = { isPatient, isLive: !isPatient && group.length === 1 }
    found.push(...(await Promise.all(group.map((step) => run(step, manner)))))
  }
  return found
}

const beside = await Promise.all([inTurn(waiting), ...reading.map((groups) => inTurn(groups, true))])
const tallies = [...beside.flat(), ...(await inTurn(measuring))]
rmSync(folder, { recursive: true })
const total = (key: 'passed' | 'failed' | 'skipped'): number =>
  tallies.reduce((sum, tally) => sum + tally[key], 0)

console.log('')
for (const { name, faults } of tallies) {
  for (const fault of faults) console.log(`FAILED in ${name}: ${fault}`)
}
for (const { name, passed, failed, skipped } of tallies) {
  console.log(`${name}: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} SKIPPED` : ''}`)
}
if (total('skipped') > 0) console.log(`${total('skipped')} TESTS WERE SKIPPED; their reasons stand above.`)
console.log(`${total('passed')} passed, ${total('failed')} failed`)
process.exitCode = total('failed') === 0 ? 0 : 1
