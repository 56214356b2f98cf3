import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startSweep } from '../../electron/engine/sweep.ts'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { SWEEP_HEADER } from '../../shared/record/csv.ts'
import { sweepRecordSchema } from '../../shared/record/sweep-record.ts'
import { cli, finished, startCli, temporaryFolder } from '../support/cli.ts'
import { sandboxPlan, sandboxPlanInput } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

function planFile(messages: number): string {
  const file = join(temporaryFolder(), 'plan.json')
  const load = { model: 'closed', concurrency: 2, messages } as const
  writeFileSync(file, JSON.stringify(sandboxPlanInput({ load, warmupSeconds: 1, rounds: 1 })))
  return file
}

async function openSandbox(): Promise<Sandbox & AsyncDisposable> {
  const sandbox = await startSandbox()
  return { ...sandbox, [Symbol.asyncDispose]: () => sandbox.stop() }
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

  test('sweeps over sizes, beside the rounds that TCP’s window should take', async () => {
    const csv = join(temporaryFolder(), 'sizes.csv')
    const args = ['sweep', planFile(6), '--rtt', '20,60', '--sizes', '2k,100k', '--csv', csv]
    const { exitCode, stdout } = await cli([...args, '--format', 'json'])
    expect(exitCode).toBe(0)
    const record = sweepRecordSchema.parse(JSON.parse(stdout))
    for (const { points, sizes, turnsCounted } of record.transports) {
      expect(points.map(({ rttMs, sizeBytes, n }) => [rttMs, sizeBytes, n])).toEqual(
        [2000, 100_000].flatMap((sizeBytes) => [20, 60].map((rttMs) => [rttMs, sizeBytes, 6]))
      )
      expect(sizes.map(({ sizeBytes }) => sizeBytes)).toEqual([2000, 100_000])
      expect(sizes[0]).toMatchObject({ roundsFitted: 0, roundsModelled: 0 })
      // The turns are those of the smallest: what the window takes is none.
      expect(turnsCounted).toBeLessThanOrEqual(2)
    }
    const rows = readFileSync(csv, 'utf8').trimEnd().split('\r\n').slice(1)
    const column = SWEEP_HEADER.split(',').indexOf('size_bytes')
    expect(rows.map((row) => row.split(',')[column])).toEqual(
      record.transports.flatMap(({ points }) => points.map(({ sizeBytes }) => String(sizeBytes)))
    )
  })

  test('sweeps over sizes alone at the plan’s own distance, and claims no line', async () => {
    const csv = join(temporaryFolder(), 'sizes.csv')
    const args = ['sweep', planFile(4), '--sizes', '2k,100k', '--csv', csv]
    const { exitCode, stdout } = await cli([...args, '--format', 'json'])
    expect(exitCode).toBe(0)
    for (const { points, sizes, ...line } of sweepRecordSchema.parse(JSON.parse(stdout)).transports) {
      expect(points.map(({ rttMs, sizeBytes, n }) => [rttMs, sizeBytes, n])).toEqual([
        [0, 2000, 4],
        [0, 100_000, 4]
      ])
      expect(line).toMatchObject({ turnsFitted: null, interceptMs: null, r2: null })
      expect(sizes.map(({ roundsFitted, roundsModelled }) => [roundsFitted, roundsModelled])).toEqual([
        [null, null],
        [null, null]
      ])
    }
    expect(readFileSync(csv, 'utf8')).toMatch(/^smtp,0,4,[\d.]+,[\d.]+,2,,,,2000,\r$/m)
  })

  test('sweeps over sizes at one round-trip time, in which the rounds are counted', async () => {
    const out = join(temporaryFolder(), 'sweep')
    const args = ['sweep', planFile(4), '--rtt', '40', '--sizes', '2k,100k', '--out', out]
    const { exitCode, stdout } = await cli(args)
    expect(exitCode).toBe(0)
    expect(stdout).toContain('service time over size, RTT 40')
    expect(stdout).toContain('round trips beyond the smallest')
    expect(stdout).not.toMatch(/slope|fitted|interval|too few|R²/)
    const text = readFileSync(join(out, 'sweep.json'), 'utf8')
    for (const { points, sizes, turnsFitted } of sweepRecordSchema.parse(JSON.parse(text)).transports) {
      const [small, large] = points.map(({ serviceP50 }) => serviceP50 ?? NaN)
      const rttMs = sizes[1]!.rttMs!
      expect(turnsFitted).toBeNull()
      expect(rttMs).toBeGreaterThanOrEqual(40)
      expect(sizes[1]!.roundsFitted).toBeCloseTo((large! - small!) / rttMs, 6)
      expect(sizes[0]).toMatchObject({ roundsFitted: 0, roundsModelled: 0 })
    }
  })

  test.each([
    [['--rtt', '50', '--sizes', '2k'], 'one round-trip time is enough'],
    [['--sizes', '2k'], 'no round-trip time is needed']
  ])('refuses a single point, %j, and says what to do', async (args, why) => {
    const { exitCode, stdout, stderr } = await cli(['sweep', ...args])
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toContain('at least two sizes, like --sizes 2k,20k,100k,1m')
    expect(stderr).toContain(why)
  })

  test('says of a few messages that they are too few, not that the peer was at its limit', async () => {
    const file = join(temporaryFolder(), 'plan.json')
    const load = { model: 'closed', concurrency: 1, messages: 8 } as const
    writeFileSync(file, JSON.stringify(sandboxPlanInput({ load, rounds: 1 })))
    const { exitCode, stdout } = await cli(['sweep', file, '--rtt', '0,1', '--sizes', '2k'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('too few messages to tell')
    expect(stdout).not.toMatch(/saturated|at its limit/)
  })

  test('keeps the run of each round-trip time in --out', async () => {
    const out = join(temporaryFolder(), 'sweep')
    const { exitCode, stdout } = await cli(['sweep', planFile(4), '--rtt', '5,40', '--out', out])
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/smtp +2 +\d/)
    const rtts = ['rtt-5', 'rtt-40'].map((folder) => {
      const run = JSON.parse(readFileSync(join(out, folder, 'run.json'), 'utf8')) as {
        plan: { emulate: { rttMs: number } }
      }
      return run.plan.emulate.rttMs
    })
    expect(rtts).toEqual([5, 40])
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

  test('refuses a size that stands there twice, however it is written', async () => {
    const { exitCode, stdout, stderr } = await cli(['sweep', '--sizes', '2k,20k,2000'])
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toContain('2000 bytes stand there twice')
  })

  test('says so when the hard stop ends it, and refuses one that is less than a message for each run', async () => {
    await using sandbox = await openSandbox()
    const file = join(temporaryFolder(), 'plan.json')
    const auth = { user: 'api', password: { env: 'TEST_API_KEY' } }
    const plan = sandboxPlanInput({
      load: { model: 'closed', concurrency: 2, durationSeconds: 30 },
      transports: [{ name: 'api', protocol: 'http', url: sandbox.apiUrl, domain: 'example.com', auth }]
    })
    writeFileSync(file, JSON.stringify(plan))
    const args = ['sweep', file, '--rtt', '5,10', '--remote', '--allow-secrets', '--max-messages']
    const env = { TEST_API_KEY: sandbox.apiKey, CHATTERMARK_REMOTE_HOSTS: '127.0.0.1' }
    const refused = await cli([...args, '1'], env)
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' })
    expect(refused.stderr).toContain('less than a message for each of 2 runs')
    expect((await sandbox.stats()).apiMessages).toBe(0)
    const ended = await cli([...args, '20'], env)
    expect(ended.exitCode, ended.stderr).toBe(0)
    expect(ended.stderr).toContain('The hard stop of 20 messages ended the sweep')
    expect((await sandbox.stats()).apiMessages).toBe(20)
  })

  test('ends with 1 where a run does not keep an assertion, and says at which distance', async () => {
    const file = join(temporaryFolder(), 'plan.json')
    const load = { model: 'closed', concurrency: 2, messages: 8 } as const
    const assert = ['api.response.p50 < 20', 'smtp.failed == 0']
    writeFileSync(file, JSON.stringify(sandboxPlanInput({ load, warmupSeconds: 1, rounds: 1, assert })))
    const { exitCode, stdout, stderr } = await cli(['sweep', file, '--rtt', '0,40', '--format', 'json'])
    expect(exitCode).toBe(1)
    expect(sweepRecordSchema.parse(JSON.parse(stdout)).transports).toHaveLength(2)
    expect(stderr).toMatch(/^assertion failed at 40 ms and 1\.02\sKB: api\.response\.p50 < 20 \(\d\d/m)
    expect(stderr).not.toContain('smtp.failed')
  })

  test('says why one of its runs failed, and not that the others were stopped for it', async () => {
    // Two runs for one folder: the second cannot begin, and the first is stopped while it prepares.
    const sweep = startSweep(
      { plan: sandboxPlan(), keychain: noKeychain, rttsMs: [5], sizesBytes: [2000, 2000] },
      () => undefined
    )
    await expect(sweep.done).rejects.toThrow('another run is writing to')
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
