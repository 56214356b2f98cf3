import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SWEEP_HEADER } from '../../shared/csv.ts'
import { sweepRecordSchema } from '../../shared/sweep.ts'
import { cli, finished, startCli, temporaryFolder } from '../support/cli.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

function planFile(messages: number): string {
  const file = join(temporaryFolder(), 'plan.json')
  const load = { model: 'closed', concurrency: 2, messages } as const
  writeFileSync(file, JSON.stringify(sandboxPlanInput({ load, warmupSeconds: 0.01, rounds: 1 })))
  return file
}

describe('sweep on the command line', () => {
  test('prints its record as JSON and nothing else, and writes the table', async () => {
    const csv = join(temporaryFolder(), 'new/sweep.csv')
    const args = ['sweep', planFile(8), '--rtt', '0,30', '--csv', csv, '--format', 'json']
    const { exitCode, stdout } = await cli(args)
    expect(exitCode).toBe(0)
    const record = sweepRecordSchema.parse(JSON.parse(stdout))
    expect(record.transports.map(({ name, turnsCounted }) => [name, turnsCounted])).toEqual([
      ['smtp', 2],
      ['api', 1]
    ])
    for (const { points } of record.transports) {
      expect(points.map(({ rttMs, n }) => [rttMs, n])).toEqual([
        [0, 8],
        [30, 8]
      ])
    }
    const [header, ...rows] = readFileSync(csv, 'utf8').trimEnd().split('\r\n')
    expect(header).toBe(SWEEP_HEADER)
    expect(rows.map((row) => row.split(',').slice(0, 3).join())).toEqual([
      'smtp,0,8',
      'smtp,30,8',
      'api,0,8',
      'api,30,8'
    ])
  })

  test('keeps the run of each round-trip time in --out', async () => {
    const out = join(temporaryFolder(), 'sweep')
    const { exitCode, stdout } = await cli(['sweep', planFile(4), '--rtt', '5,10', '--out', out])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/smtp +2 +\d/)
    const rtts = ['rtt-5', 'rtt-10'].map((folder) => {
      const run = JSON.parse(readFileSync(join(out, folder, 'run.json'), 'utf8')) as {
        plan: { emulate: { rttMs: number } }
      }
      return run.plan.emulate.rttMs
    })
    expect(rtts).toEqual([5, 10])
    sweepRecordSchema.parse(JSON.parse(readFileSync(join(out, 'sweep.json'), 'utf8')))
  })

  test.each([
    ['0,fifty', '"fifty"'],
    ['0,-5', '"-5"'],
    ['0,,5', '""'],
    ['0,20000', '"20000"'],
    ['50', 'at least two'],
    ['20,50,20', '20 stands there twice']
  ])('refuses --rtt %s and says why', async (rtt, why) => {
    const { exitCode, stdout, stderr } = await cli(['sweep', `--rtt=${rtt}`])
    expect(exitCode).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain(why)
    expect(stderr).not.toContain('    at ')
  })

  test('ends in order at Ctrl-C: what was measured is printed, the exit code is 130', async () => {
    const out = join(temporaryFolder(), 'sweep')
    const child = startCli(['sweep', planFile(100_000), '--rtt', '5,10', '--out', out, '--format', 'json'])
    const ended = finished(child)
    const journal = join(out, 'rtt-5', 'journal.ndjson')
    await until('the first sends', () => {
      try {
        return readFileSync(journal, 'utf8').includes('"delta"')
      } catch {
        return false
      }
    })
    child.kill('SIGINT')
    const { exitCode, stdout } = await ended
    expect(exitCode).toBe(130)
    const record = sweepRecordSchema.parse(JSON.parse(stdout))
    expect(record.transports[0]!.points.map(({ rttMs }) => rttMs)).toEqual([5])
    expect(record.transports[0]!.points[0]!.n).toBeGreaterThan(0)
    expect(record.transports[0]!.turnsFitted).toBeNull()
  })
})
