import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { readRun } from '../../electron/record/run-folder.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { runRecordSchema } from '../../shared/record/run-record.ts'
import { cli, finished, startCli, startCliGroup, temporaryFolder, type CliResult } from '../support/cli.ts'
import { sandboxPlanInput } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

function planFile(plan: unknown): string {
  const file = join(temporaryFolder(), 'plan.json')
  writeFileSync(file, typeof plan === 'string' ? plan : JSON.stringify(plan))
  return file
}

const quick: Partial<PlanInput> = { load: { model: 'closed', concurrency: 2, messages: 20 }, rounds: 1 }

describe('chattermark run', () => {
  test('prints exactly the run record with --format json, and talk only on stderr', async () => {
    const folder = join(temporaryFolder(), 'result')
    const { exitCode, stdout, stderr } = await cli([
      'run',
      planFile(sandboxPlanInput(quick)),
      '--format',
      'json',
      '--out',
      folder
    ])
    expect(exitCode).toBe(0)
    expect(runRecordSchema.parse(JSON.parse(stdout))).toEqual(await readRun(folder))
    expect(stderr).toContain(folder)
    expect(readdirSync(folder).sort()).toEqual([
      'errors.csv',
      'phases.csv',
      'run.json',
      'summary.csv',
      'timeline.csv'
    ])
  })

  test('ends with 1 when an assertion does not hold, and says which', async () => {
    const plan = sandboxPlanInput({ ...quick, assert: ['api.failed == 0', 'smtp.response.p50 < 0.001'] })
    const { exitCode, stdout } = await cli(['run', planFile(plan), '--out', join(temporaryFolder(), 'r')])
    expect(exitCode).toBe(1)
    expect(stdout).toMatch(/pass\s+api\.failed == 0/)
    expect(stdout).toMatch(/FAIL\s+smtp\.response\.p50 < 0\.001/)
  })

  test('never overwrites a folder that holds something without --force', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'mine.txt'), 'keep me')
    const file = planFile(sandboxPlanInput(quick))
    const refused = await cli(['run', file, '--out', folder])
    expect(refused).toMatchObject({ exitCode: 3, stdout: '' })
    expect(refused.stderr).toContain('--force')
    expect(existsSync(join(folder, 'run.json'))).toBe(false)
    expect((await cli(['run', file, '--out', folder, '--force'])).exitCode).toBe(0)
    expect(readFileSync(join(folder, 'mine.txt'), 'utf8')).toBe('keep me')
  })

  test('a plan with a byte order mark is read', async () => {
    const file = planFile(`\ufeff${JSON.stringify(sandboxPlanInput(quick))}`)
    expect(await cli(['validate', file])).toMatchObject({ exitCode: 0, stderr: '' })
  })

  test('a plan that is refused is told place by place as JSON, too', async () => {
    const file = planFile({ ...sandboxPlanInput(quick), rounds: 0, mesage: {} })
    const { exitCode, stdout, stderr } = await cli(['validate', file, '--format', 'json'])
    expect(exitCode).toBe(2)
    expect(stderr).toContain('has 2 faults')
    expect(JSON.parse(stdout)).toEqual({
      schema: 1,
      valid: false,
      faults: expect.arrayContaining([{ path: 'rounds', message: expect.any(String) as string }]) as unknown
    })
    const broken = await cli(['validate', planFile('{"schema": 1,'), '--format', 'json'])
    expect([broken.exitCode, JSON.parse(broken.stdout)]).toEqual([
      2,
      {
        schema: 1,
        valid: false,
        faults: [{ path: '', message: expect.stringMatching(/^not JSON: it breaks off at/) as string }]
      }
    ])
  })

  test('a run of which nothing is accepted has run, and ends with 1 unless an assertion says that it is meant', async () => {
    // A server on this machine that answers each RCPT with a refusal.
    const server = createServer((socket) => {
      socket.write('220 x\r\n')
      socket.on('error', () => undefined)
      socket.on('data', (bytes) => {
        const said = bytes.toString()
        if (said.startsWith('QUIT')) socket.end('221 bye\r\n')
        else socket.write(said.startsWith('RCPT') ? '550 5.1.1 nobody\r\n' : '250 ok\r\n')
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const plan = {
      ...sandboxPlanInput(quick),
      transports: [{ name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port, security: 'none' }]
    }
    const run = (assert: string[]): Promise<CliResult> =>
      cli(['run', planFile({ ...plan, assert }), '--out', join(temporaryFolder(), 'r')])
    const refused = await run([])
    expect(refused.stdout).toContain('550 5.1.1')
    expect(refused.stderr).toContain('none of 20 messages was accepted')
    expect(refused.exitCode).toBe(1)
    expect((await run(['smtp.rejected == 20'])).exitCode).toBe(0)
    expect((await run(['smtp.rejected == 0'])).exitCode).toBe(1)
    server.close()
  })

  test('an interrupt writes what was measured and ends with 130', async () => {
    const folder = join(temporaryFolder(), 'run')
    const child = startCli([
      'run',
      planFile(
        sandboxPlanInput({
          load: { model: 'closed', concurrency: 2, durationSeconds: 60 },
          emulate: { rttMs: 20 }
        })
      ),
      '--out',
      folder
    ])
    const end = finished(child)
    // A run that is stopped before leaves nothing.
    await until('something measured in the journal', () => journalText(folder).includes('"kind":"delta"'))
    child.kill('SIGINT')
    expect((await end).exitCode).toBe(130)
    expect(await readRun(folder)).toMatchObject({ state: 'stopped' })
  })

  if (process.platform === 'win32') console.warn('SKIPPED: Windows has no signals to a group of processes')
  test.skipIf(process.platform === 'win32').each(['SIGHUP', 'SIGTERM'] as const)(
    'a %s to the whole process group, as of a terminal that closes or a service that is stopped, costs no send',
    async (name) => {
      const folder = join(temporaryFolder(), 'run')
      const load = { model: 'closed', concurrency: 4, durationSeconds: 60 } as const
      const { child, signal } = startCliGroup([
        'run',
        planFile(sandboxPlanInput({ load, emulate: { rttMs: 100 } })),
        '--out',
        folder
      ])
      const end = finished(child)
      await until('something measured in the journal', () => journalText(folder).includes('"kind":"delta"'))
      // Two, as the system and the shell send them, or a service manager.
      signal(name)
      signal('SIGHUP')
      expect((await end).exitCode).toBe(130)
      const { state, transports } = await readRun(folder)
      expect(state).toBe('stopped')
      expect(transports[0]?.counts.accepted).toBeGreaterThan(0)
      for (const { counts } of transports) expect(counts).toMatchObject({ failed: 0, aborted: 0 })
    }
  )

  test('a kill -9 in the first block leaves a readable run with all but the last second, and no more chatter than was waited', async () => {
    const folder = join(temporaryFolder(), 'run')
    const child = startCli([
      'run',
      planFile(sandboxPlanInput({ load: { model: 'closed', concurrency: 2, durationSeconds: 60 } })),
      '--out',
      folder
    ])
    const end = finished(child)
    await until('three seconds of journal', () => journalSeconds(folder) >= 3)
    const seconds = journalSeconds(folder)
    child.kill('SIGKILL')
    await end
    const record = await readRun(folder)
    expect(record.state).toBe('crashed')
    const [smtp] = record.transports
    expect(smtp?.timeline.length).toBeGreaterThanOrEqual(seconds)
    expect(smtp?.counts.accepted).toBeGreaterThan(0)
    expect(smtp?.connections.maxOpen).toBe(2)
    expect(smtp?.connections.reused).toBeGreaterThan(0)
    // Killed in its first block: its round trip must not rest on the first connect, the slowest of all.
    expect(smtp?.rtt?.samples).toBeGreaterThan(1)
    expect(smtp?.chatterMs ?? Infinity).toBeLessThan(smtp?.service.mean ?? 0)
    const { sent, accepted, rejected, failed, aborted } = smtp?.counts ?? {
      sent: -1,
      accepted: 0,
      rejected: 0,
      failed: 0,
      aborted: 0
    }
    expect(accepted + rejected + failed + aborted).toBe(sent)
    const shown = await cli(['report', folder])
    expect(shown.exitCode).toBe(0)
    expect(shown.stdout).toContain('crashed')
  })
})

function journalText(folder: string): string {
  const file = join(folder, 'journal.ndjson')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

function journalSeconds(folder: string): number {
  return new Set([...journalText(folder).matchAll(/"second":(\d+)/g)].map(([, second]) => second)).size
}

describe('bad input gives one clear message and the right exit code', () => {
  let sandbox: Sandbox
  let silentPort = 0
  const silent = createServer()

  beforeAll(async () => {
    sandbox = await startSandbox()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    silentPort = typeof address === 'object' && address !== null ? address.port : 0
  })
  afterAll(async () => {
    await sandbox.stop()
    silent.close()
  })

  const smtp = (changes: object, timeoutSeconds = 30): unknown => ({
    ...sandboxPlanInput(quick),
    timeoutSeconds,
    transports: [
      {
        name: 'smtp',
        protocol: 'smtp',
        host: '127.0.0.1',
        port: sandbox.smtpPort,
        security: 'starttls',
        tls: { caFile: sandbox.caFile },
        ...changes
      }
    ]
  })
  const auth = { user: 'sandbox', password: { env: 'CM_TEST_PASSWORD' } }

  const cases: { name: string; plan: () => unknown; exitCode: number; says: RegExp }[] = [
    { name: 'a plan that is not JSON', plan: () => '{ "schema": 1,', exitCode: 2, says: /not JSON/ },
    {
      name: 'a plan that is a list',
      plan: () => [],
      exitCode: 2,
      says: /found an empty list; allowed: an object/
    },
    {
      name: 'an unknown field',
      plan: () => ({ ...sandboxPlanInput(quick), nmae: 'x' }),
      exitCode: 2,
      says: /nmae: unknown field; did you mean "name"\?/
    },
    {
      name: 'a wrong type',
      plan: () => ({ ...sandboxPlanInput(quick), rounds: 'six' }),
      exitCode: 2,
      says: /rounds: found "six"; allowed: a/
    },
    {
      name: 'a contradiction',
      plan: () => ({
        ...sandboxPlanInput(quick),
        load: { model: 'closed', concurrency: 1, messages: 5, durationSeconds: 5 }
      }),
      exitCode: 2,
      says: /load: .*messages.*durationSeconds/
    },
    {
      name: 'a missing environment variable',
      plan: () => smtp({ auth }),
      exitCode: 3,
      says: /transports\[0\]\.auth\.password: .*CM_TEST_PASSWORD is not set/
    },
    {
      name: 'a missing secret file',
      plan: () => smtp({ auth: { user: 'u', password: { file: '/nonexistent/secret' } } }),
      exitCode: 3,
      says: /secret file \/nonexistent\/secret cannot be read/
    },
    {
      name: 'a host that does not resolve',
      plan: () => smtp({ host: 'nowhere.localhost.invalid' }),
      exitCode: 2,
      says: /not on this machine/
    },
    { name: 'a closed port', plan: () => smtp({ port: 1 }), exitCode: 3, says: /smtp: .*ECONNREFUSED/ },
    {
      name: 'a peer that says nothing',
      plan: () => smtp({ port: silentPort }, 2),
      exitCode: 3,
      says: /smtp: .*greeting.*TIMEOUT/s
    },
    {
      name: 'a certificate that does not verify',
      plan: () => smtp({ tls: {} }),
      exitCode: 3,
      says: /smtp: .*certificate/i
    },
    {
      name: 'AUTH that is not offered',
      plan: () =>
        smtp({
          security: 'none',
          tls: {},
          port: sandbox.smtpPort,
          auth: { ...auth, method: 'xoauth2', password: { env: 'HOME' } }
        }),
      exitCode: 3,
      says: /smtp: .*AUTH/
    },
    {
      name: 'a wrong password',
      plan: () => smtp({ auth: { user: 'sandbox', password: { env: 'HOME' } } }),
      exitCode: 3,
      says: /smtp: .*(535|password|refused)/
    }
  ]

  test.each(cases)('$name', async ({ plan, exitCode, says }) => {
    const folder = join(temporaryFolder(), 'run')
    const result = await cli(['run', planFile(plan()), '--out', folder])
    expect(result.stderr).toMatch(says)
    expect(result.exitCode).toBe(exitCode)
    expect(result.stdout).toBe('')
    expect(result.stderr).not.toMatch(/\n\s+at /)
    expect(existsSync(folder), 'an empty folder is left behind').toBe(false)
  })

  test('a plan that does not exist', async () => {
    const { exitCode, stderr } = await cli(['run', '/nonexistent/plan.json'])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/\/nonexistent\/plan\.json cannot be read \(ENOENT, no such file or directory\)/)
  })

  test.each([
    { name: 'an unknown command', args: ['rnu'] },
    { name: 'an unknown option', args: ['run', 'plan.json', '--fast'] },
    { name: 'a missing argument', args: ['run'] },
    { name: 'an option that is no number', args: ['sandbox', '--rtt', 'soon'] },
    { name: 'a round trip longer than can be emulated', args: ['demo', '--rtt', '99999999'] },
    { name: 'a port that does not exist', args: ['serve', '--port', '70000'] },
    { name: 'an empty port', args: ['sandbox', '--smtp-port', ''] },
    { name: 'no worker at all', args: ['demo', '--workers', '0'] },
    { name: 'a wait that timers take for none', args: ['probe', 'localhost', '--timeout', '1e12'] },
    { name: 'a host with a port', args: ['probe', 'localhost:587'] },
    { name: 'an address in place of a host', args: ['probe', 'http://localhost'] },
    { name: 'an empty host', args: ['probe', ''] },
    { name: 'a run that is not there', args: ['report', 'no-such-run'] }
  ])('$name is a usage error', async ({ args }) => {
    const { exitCode, stdout, stderr } = await cli(args)
    expect(exitCode).toBe(2)
    expect(stdout).toBe('')
    expect(stderr.length).toBeGreaterThan(10)
  })

  test.each([
    ['--concurrency', '1000000', 10_000],
    ['--max-rate', '1e9', 1_000_000],
    ['--hold', '1e7', 86_400]
  ])('a search takes no %s %s, which no plan may ask for', async (option, value, most) => {
    const args = ['capacity', planFile(sandboxPlanInput(quick)), '--slo', 'failed == 0', option, value]
    const { exitCode, stdout, stderr } = await cli(args)
    expect([exitCode, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`at most ${most} is allowed`)
  })

  test('that no place may be lost can be said, although it is so by itself', async () => {
    const plan = planFile(sandboxPlanInput(quick))
    expect(await cli(['run', plan, '--dry-run', '--allow-lost', '0'])).toMatchObject({ exitCode: 0 })
    expect(await cli(['run', plan, '--dry-run', '--allow-lost', '-1'])).toMatchObject({ exitCode: 2 })
  })

  test('a wrong API key ends the run before it is under way', async () => {
    const plan = {
      ...sandboxPlanInput({ ...quick, load: { model: 'closed', concurrency: 2, messages: 5000 } }),
      transports: [
        {
          name: 'api',
          protocol: 'http',
          url: sandbox.apiUrl,
          domain: 'example.com',
          auth: { user: 'api', password: { env: 'HOME' } }
        }
      ]
    }
    const { exitCode, stderr } = await cli(['run', planFile(plan), '--out', join(temporaryFolder(), 'run')])
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(/api: .*401/)
  })
})

describe('what is printed gets lost', () => {
  const args = (folder: string): string[] => [
    'run',
    planFile(sandboxPlanInput(quick)),
    '--out',
    folder,
    '--format',
    'json'
  ]

  test('a reader that leaves, as `head` does, changes nothing', async () => {
    const folder = join(temporaryFolder(), 'run')
    const child = startCli(args(folder))
    child.stdout?.destroy()
    const { exitCode, stderr } = await finished(child)
    // On a slow machine a line of progress comes every ten seconds.
    const said = stderr.split('\n').filter((line) => !/^ *\d+ % /.test(line))
    expect([exitCode, said]).toEqual([0, ['', `The run is in ${folder}`, '']])
    expect(existsSync(join(folder, 'run.json'))).toBe(true)
  })

  test.runIf(existsSync('/dev/full'))('a full disk is told, and is no failed assertion', async () => {
    const folder = join(temporaryFolder(), 'run')
    const full = openSync('/dev/full', 'w')
    const { exitCode, stderr } = await finished(startCli(args(folder), {}, full))
    closeSync(full)
    expect(exitCode).toBe(3)
    expect(stderr).toContain('the output cannot be written (ENOSPC)')
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})

describe('chattermark sandbox', () => {
  test('ends when a port is taken, behind the delay link too', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const port = String((taken.address() as AddressInfo).port)
    for (const rtt of ['0', '5']) {
      const { exitCode, stdout, stderr } = await cli(['sandbox', '--rtt', rtt, '--smtp-port', port])
      expect([exitCode, stdout]).toEqual([3, ''])
      expect(stderr).toMatch(/^chattermark: .*EADDRINUSE/)
    }
    taken.close()
  })
})
