import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AppRunner } from '../../electron/api/app-runner.ts'
import { startCapacity } from '../../electron/engine/capacity.ts'
import type { OpenCrew } from '../../electron/engine/crew.ts'
import { openLocalCrew } from '../../electron/engine/local-crew.ts'
import { startRun } from '../../electron/engine/run.ts'
import { startSweep } from '../../electron/engine/sweep.ts'
import { StoppedEarly } from '../../electron/record/until-stopped.ts'
import { KnownSecrets } from '../../electron/store/known-secrets.ts'
import { DEFAULT_SEARCH } from '../../shared/insight/capacity-move.ts'
import type { RunEnd } from '../../shared/record/snapshot.ts'
import { finished, startCli, temporaryFolder } from '../support/cli.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'
import { until } from '../support/until.ts'

/** What the server says to a new connection, and nothing after it. */
let greeting = ''
const sockets = new Set<Socket>()
const server = createServer((socket) => {
  sockets.add(socket)
  socket.on('error', () => undefined)
  socket.on('close', () => sockets.delete(socket))
  socket.resume()
  if (greeting !== '') socket.write(greeting)
})

beforeEach(async () => {
  greeting = ''
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

/** Every wait may last longer than any test. */
function silentPlan(): unknown {
  const { port } = server.address() as AddressInfo
  return {
    schema: 1,
    name: 'silent',
    message: { from: 'bench@example.com', to: ['sink@example.com'] },
    load: { model: 'closed', concurrency: 1, messages: 2 },
    rounds: 1,
    timeoutSeconds: 300,
    transports: [
      { name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port, security: 'none' },
      { name: 'api', protocol: 'http', url: `https://127.0.0.1:${port}`, domain: 'example.com' }
    ]
  }
}

describe('a stop that comes when all is prepared and nothing was sent leaves nothing', () => {
  const plan = sandboxPlan()
  const keychain = (): Promise<null> => Promise.resolve(null)
  /** As a stop that comes too late for the preparing to hear it. */
  const openCrew =
    (stop: () => void): OpenCrew =>
    async ({ signal: _unheard, ...options }) => {
      const crew = await openLocalCrew(options)
      stop()
      return crew
    }

  it('a run', async () => {
    const folder = join(temporaryFolder(), 'out')
    const run = startRun({
      ...{ plan, keychain, folder, force: false, collectSends: false },
      openCrew: openCrew(() => {
        run.stop()
      })
    })
    await expect(run.done).rejects.toThrow(StoppedEarly)
    expect(existsSync(folder)).toBe(false)
  })

  it('a search', async () => {
    const search = startCapacity(
      {
        ...{ plan, keychain, objectives: [], search: DEFAULT_SEARCH, concurrency: 4, maxMessages: 100 },
        openCrew: openCrew(() => {
          search.stop()
        })
      },
      () => undefined
    )
    await expect(search.done).rejects.toThrow(StoppedEarly)
  })

  it('a search in its first step, of which nothing is told as found', async () => {
    const told: string[] = []
    const search = startCapacity(
      { plan, keychain, objectives: [], search: DEFAULT_SEARCH, concurrency: 4, maxMessages: 100 },
      ({ kind }) => {
        told.push(kind)
        search.stop()
      }
    )
    await expect(search.done).rejects.toThrow(StoppedEarly)
    expect(told).toEqual(['step-begun'])
  })

  it('a sweep', async () => {
    const sweep = startSweep({ plan, keychain, rttsMs: [0, 5] }, () => undefined)
    sweep.stop()
    await expect(sweep.done).rejects.toThrow(StoppedEarly)
  })
})

describe('Ctrl-C before anything was sent is heeded at once, however long the peer would be waited for', () => {
  it.each([
    ['run', (plan: string, out: string) => ['run', plan, '--out', out]],
    ['explain', (plan: string) => ['explain', plan]],
    ['capacity', (plan: string) => ['capacity', plan, '--slo', 'failed == 0']],
    ['sweep', (plan: string, out: string) => ['sweep', plan, '--rtt', '0,5', '--out', out]],
    [
      'probe',
      () => [
        ...['probe', '127.0.0.1', '--timeout', '300000'],
        ...['--ports', String((server.address() as AddressInfo).port)]
      ]
    ]
  ])('%s', async (_name, args) => {
    const folder = temporaryFolder()
    const [plan, out] = [join(folder, 'plan.json'), join(folder, 'out')]
    writeFileSync(plan, JSON.stringify(silentPlan()))
    const child = startCli(args(plan, out))
    const ended = finished(child)
    await until('a connection', () => sockets.size > 0)
    child.kill('SIGINT')
    const { exitCode, stdout, stderr } = await ended
    expect(exitCode, stderr).toBe(130)
    expect(stderr).toContain('stopped before anything was sent')
    expect(stdout).toBe('')
    expect(existsSync(out)).toBe(false)
  })

  it('run, when the peer has greeted and then falls silent', async () => {
    greeting = '220 mail.example.com ESMTP\r\n'
    const plan = join(temporaryFolder(), 'plan.json')
    writeFileSync(plan, JSON.stringify(silentPlan()))
    const child = startCli(['run', plan])
    const ended = finished(child)
    await until('a connection', () => sockets.size > 0)
    child.kill('SIGINT')
    expect((await ended).exitCode).toBe(130)
  })

  it.each([
    ['a comparison', null],
    ['a search', { kind: 'capacity', objectives: ['failed == 0'] }],
    ['a sweep', { kind: 'distance', rttsMs: [0, 5] }]
  ])('Stop in the app, for %s', async (_name, study) => {
    const runsFolder = temporaryFolder()
    const runner = new AppRunner({
      known: new KnownSecrets(runsFolder),
      runsFolder,
      keychain: () => Promise.resolve(null),
      server: () => null
    })
    const ended = new Promise<RunEnd>((resolve) => runner.onEnd(resolve))
    const consent = { remote: false, realRecipients: false, secrets: false, maxMessages: 100 }
    expect(await runner.start(silentPlan(), consent, study)).toMatchObject({ ok: true })
    await until('a connection', () => sockets.size > 0)
    runner.stop()
    expect(await ended).toEqual({
      ...{ runId: expect.any(String) as string, state: 'stopped', hasRecord: false },
      message: 'stopped before anything was sent'
    })
  })
})
