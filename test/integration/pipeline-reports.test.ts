import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { writeRun } from '../../electron/record/run-folder.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { capacityRecordSchema } from '../../shared/record/capacity-record.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { runRecord, transportRecord } from '../support/records.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'

let folder: string
const at = (name: string): string => join(folder, name)
const read = (name: string): string => readFileSync(at(name), 'utf8')

/** Files of a night in which all was well. */
beforeEach(() => {
  folder = temporaryFolder()
  writeFileSync(at('report.xml'), '<testsuites tests="1" failures="0" />')
  writeFileSync(at('report.md'), '- ✅ all is well')
})
const files = (): string[] => ['--junit', at('report.xml'), '--markdown', at('report.md')]

function planFile(content: unknown): string {
  writeFileSync(at('plan.json'), typeof content === 'string' ? content : JSON.stringify(content))
  return at('plan.json')
}

const to = (url: string): Partial<PlanInput> => ({
  transports: [{ name: 'api', protocol: 'http', url, domain: 'example.com' }]
})

async function writeRunOf(name: string, ...transports: string[]): Promise<string> {
  mkdirSync(at(name))
  await writeRun(at(name), runRecord(transports.map((each) => transportRecord(each, [[1000], [1100]]))))
  return at(name)
}

describe('what was reported the night before does not stand where tonight’s work did not take place', () => {
  it.each([
    { why: 'a plan that is no JSON', args: () => ['run', planFile('{')], exitCode: 2 },
    {
      why: 'a run that is refused',
      args: () => ['run', planFile(sandboxPlanInput(to('http://192.0.2.1')))],
      exitCode: 2
    },
    {
      why: 'a baseline that is gone',
      args: () => ['compare', at('gone'), at('gone'), '--max-regression', '10%'],
      exitCode: 2
    },
    {
      why: 'a search without a plan',
      args: () => ['capacity', at('gone.json'), '--slo', 'failed == 0'],
      exitCode: 2
    },
    {
      why: 'a search whose other file cannot be written',
      args: () => ['capacity', planFile(sandboxPlanInput()), '--slo', 'failed == 0', '--html', folder],
      exitCode: 3
    },
    {
      why: 'a search from above its end',
      args: () => [
        ...['capacity', planFile(sandboxPlanInput()), '--slo', 'failed == 0'],
        ...['--start-rate', '20', '--max-rate', '10']
      ],
      exitCode: 2
    },
    {
      why: 'a search whose peer is down',
      args: () => [
        'capacity',
        planFile(sandboxPlanInput(to('http://127.0.0.1:9'))),
        ...['--slo', 'failed == 0']
      ],
      exitCode: 3
    }
  ])('$why', async ({ args, exitCode }) => {
    expect(await cli([...args(), ...files()])).toMatchObject({ exitCode, stdout: '' })
    expect(read('report.xml')).toContain('tests="1" failures="1"')
    expect(read('report.md')).toContain('❌')
  })

  it('a report inside the folder of a run that did not begin keeps the next one not out of it', async () => {
    const args = (plan: string): string[] => [
      'run',
      plan,
      '--out',
      at('result'),
      '--junit',
      at('result/run.xml')
    ]
    expect(await cli(args(planFile('{')))).toMatchObject({ exitCode: 2 })
    expect(existsSync(at('result'))).toBe(false)
    const load = { model: 'closed', concurrency: 1, messages: 2 } as const
    expect(await cli(args(planFile(sandboxPlanInput({ load, rounds: 1 }))))).toMatchObject({ exitCode: 0 })
    expect(read('result/run.xml')).toContain('failures="0"')
  })

  it('a report that cannot be written hides not why there was none', async () => {
    const result = await cli(['compare', at('gone'), at('gone'), '--junit', folder])
    expect(result.exitCode).toBe(2)
    expect(result.stderr).toContain(`there is no run at ${at('gone')}`)
    expect(result.stderr).toContain(`${folder} cannot be written (EISDIR`)
  })
})

describe('a gate between two runs without a transport in common', () => {
  it('fails, for it has looked at nothing', async () => {
    const [old, fresh] = [await writeRunOf('old', 'api'), await writeRunOf('new', 'api-kept')]
    const gated = await cli(['compare', old, fresh, '--max-regression', '10%', ...files()])
    expect(gated.exitCode).toBe(1)
    expect(gated.stderr).toContain('Nothing was held against --max-regression')
    expect(read('report.xml')).toContain('tests="1" failures="1"')
    expect(read('report.md')).toContain('❌')
    expect(await cli(['compare', old, fresh])).toMatchObject({ exitCode: 0, stderr: '' })
  })
})

describe('files that a command is to write in the end', () => {
  const noted = (): string => planFile(sandboxPlanInput({ transports: [sandboxPlanInput().transports[1]!] }))

  it.each([
    { what: 'a folder', path: () => folder, why: 'it is a folder' },
    { what: 'below a file', path: () => join(at('report.md'), 'report.xml'), why: 'ENOTDIR' },
    { what: 'without a name', path: () => '', why: 'ENOENT' }
  ])('are looked at before anything is sent: $what', async ({ path, why }) => {
    for (const args of [
      ['run', noted(), '--out', at('run'), '--junit', path()],
      ['capacity', noted(), '--slo', 'failed == 0', '--out', path()],
      ['sweep', noted(), '--csv', path()]
    ]) {
      const { exitCode, stdout, stderr } = await cli(args)
      expect([exitCode, stdout]).toEqual([3, ''])
      expect(stderr).toMatch(new RegExp(`cannot be written \\(${why}.*nothing was sent`))
    }
    expect(existsSync(at('run'))).toBe(false)
  })

  if (!existsSync('/dev/full')) console.warn('SKIPPED: there is no /dev/full here to stand for a full disk')
  it.runIf(existsSync('/dev/full'))(
    'cost each other nothing, and a record that has no room is printed',
    { timeout: 60_000 },
    async () => {
      const { exitCode, stdout, stderr } = await cli([
        ...['capacity', noted(), '--slo', 'failed == 0', '--start-rate', '20', '--max-rate', '20'],
        ...['--hold', '1', '--confirm', '0', '--out', '/dev/full', '--csv', at('steps.csv'), ...files()]
      ])
      expect(exitCode).toBe(3)
      expect(stderr).toContain('/dev/full cannot be written (ENOSPC')
      const record = capacityRecordSchema.parse(JSON.parse(stdout.slice(stdout.lastIndexOf('\n{\n'))))
      expect(record.transports.map(({ rate }) => rate)).toEqual([20])
      expect(read('steps.csv').trimEnd().split('\r\n').length).toBeGreaterThan(1)
      expect(read('report.xml')).toContain('tests="1" failures="0"')
    }
  )
})
