import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { CONTRACT, SUBJECTS, type PlaceInfo } from '../../electron/places/contract.ts'
import { openServer, type Server } from '../../electron/places/server.ts'
import { productVersion } from '../../electron/product-version.ts'
import { mergeRuns } from '../../electron/record/merge-runs.ts'
import { readRun, RECORD_FILE } from '../../electron/record/run-folder.ts'
import { buckets, decodeHistogram } from '../../shared/record/histogram.ts'
import { capacityRecordSchema } from '../../shared/record/capacity-record.ts'
import { sweepRecordSchema } from '../../shared/record/sweep-record.ts'
import { runRecordSchema, type RunRecord, type TransportRecord } from '../../shared/record/run-record.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { startAgentProcess, type AgentProcess } from '../support/agents.ts'
import { cli, temporaryFolder } from '../support/cli.ts'
import { NatsServer } from '../support/nats-server.ts'
import { placesEnv, placesPlan } from '../support/places-plan.ts'
import { until } from '../support/until.ts'

const PLACES = ['fra', 'iad', 'sin']
let nats: NatsServer
let sandbox: Sandbox
let agents: AgentProcess[]
/** The control plane, to say on it what no product of ours would. */
let wire: Server
const folder = temporaryFolder()

beforeAll(async () => {
  ;[nats, sandbox] = await Promise.all([NatsServer.start(), startSandbox({ recordArrivals: true })])
  const env = placesEnv(sandbox)
  agents = await Promise.all(PLACES.map((place) => startAgentProcess(nats, place, { env })))
  wire = await openServer({ url: nats.url })
})

afterAll(async () => {
  await wire.close()
  await Promise.all(agents.map((agent) => agent.stop()))
  await Promise.all([sandbox.stop(), nats.stop()])
})

function planFile(load: PlanInput['load'], changes: Partial<PlanInput> = {}): string {
  return placesPlan(sandbox, load, changes)
}

async function runAt(places: string[], plan: string, ...args: string[]): Promise<RunRecord> {
  const result = await cli([
    'run',
    plan,
    '--server',
    nats.url,
    '--places',
    places.join(','),
    '--format',
    'json',
    ...args
  ])
  if (result.exitCode !== 0) throw new Error(result.stderr)
  return runRecordSchema.parse(JSON.parse(result.stdout))
}

function bucketsOf(text: string) {
  return buckets(decodeHistogram(text))
}

/** The figures that must be the same whether agents worked together or their own records are merged afterwards. */
function exact({
  counts,
  response,
  service,
  turns,
  bytes,
  connections,
  errors,
  phases,
  ...rest
}: TransportRecord) {
  return {
    ...{ counts, response, service, bytes, connections, errors },
    turns: turns.coldCount,
    histogram: bucketsOf(rest.histogram),
    serviceHistogram: bucketsOf(rest.serviceHistogram),
    phases: phases.map(({ name, count, p50, p99, histogram }) => ({
      name,
      count,
      p50,
      p99,
      of: bucketsOf(histogram ?? '')
    }))
  }
}

const loads: { title: string; load: PlanInput['load'] }[] = [
  { title: 'a closed load', load: { model: 'closed', concurrency: 6, messages: 301 } },
  {
    title: 'an open load with Poisson arrivals',
    load: { model: 'open', rate: 150, durationSeconds: 2, arrivals: 'poisson', maxConcurrency: 30 }
  },
  {
    title: 'a staged load',
    load: {
      model: 'stages',
      maxConcurrency: 30,
      stages: [
        { rate: 60, durationSeconds: 1 },
        { rate: 180, durationSeconds: 1, ramp: true }
      ]
    }
  }
]

describe('three places and their coordinator', () => {
  it.each(loads)(
    'measure $title: the record is the sum of what the agents kept themselves',
    async ({ load }) => {
      const before = await sandbox.arrivals()
      const kept = new Map(agents.map((agent) => [agent.place, agent.runs().length]))
      const record = await runAt(PLACES, planFile(load))
      await until('the agents’ own records', () =>
        // The folder is there from the preparation on, the record from the end.
        agents.every(
          (agent) =>
            agent.runs().length > (kept.get(agent.place) ?? 0) &&
            existsSync(join(agent.runs().at(-1) ?? '', RECORD_FILE))
        )
      )
      const own = await Promise.all(
        agents.map(async (agent) => ({
          place: agent.place,
          record: await readRun(agent.runs().at(-1) ?? '')
        }))
      )
      const merged = mergeRuns(own)
      expect(record.transports.map(exact)).toEqual(merged.transports.map(exact))
      expect(record.places.map(({ name, state }) => [name, state])).toEqual(
        PLACES.map((place) => [place, 'finished'])
      )

      const arrived = (await sandbox.arrivals()).slice(before.length)
      const ids = new Set(arrived.map(({ messageId }) => messageId))
      expect(ids.size).toBe(arrived.length)
      for (const { name, protocol, counts, places } of record.transports) {
        expect(arrived.filter((arrival) => arrival.protocol === protocol).length, name).toBe(counts.accepted)
        expect(counts.sent, name).toBe(counts.accepted)
        expect(places.map(({ place }) => place)).toEqual(PLACES)
      }
      if (load.model === 'closed')
        expect(record.transports.map(({ counts }) => counts.sent)).toEqual([301, 301])
    }
  )

  it('write a row for each place and one for all of them', async () => {
    const out = join(folder, 'table')
    await runAt(['fra', 'iad'], planFile({ model: 'closed', concurrency: 2, messages: 20 }), '--out', out)
    const rows = readFileSync(join(out, 'summary.csv'), 'utf8')
      .trim()
      .split('\r\n')
      .map((line) => line.split(','))
    const place = rows[0]?.indexOf('place') ?? -1
    const summed = rows.filter(([, transport, , , round]) => transport === 'smtp' && round === 'all')
    expect(summed.map((row) => [row[place], row[5]])).toEqual([
      ['all', '20'],
      ['fra', '10'],
      ['iad', '10']
    ])
  })
})

describe('three places search together', () => {
  it('for what their sum keeps: the messages of all are those of the search', async () => {
    const before = (await sandbox.stats()).smtpMessages
    const transports = [
      { name: 'smtp', protocol: 'smtp', host: sandbox.host, port: sandbox.smtpPort, security: 'none' }
    ] as const
    const { exitCode, stdout, stderr } = await cli([
      ...[
        'capacity',
        planFile({ model: 'closed', concurrency: 30, messages: 10 }, { transports: [...transports] })
      ],
      ...['--server', nats.url, '--places', PLACES.join(','), '--format', 'json', '--slo', 'failed == 0'],
      ...['--hold', '1', '--confirm', '0', '--cool-down', '0', '--start-rate', '30', '--max-rate', '60']
    ])
    expect(exitCode, stderr).toBe(0)
    const { places, transports: found } = capacityRecordSchema.parse(JSON.parse(stdout))
    expect(places).toEqual(PLACES)
    expect(found[0]).toMatchObject({ limiter: 'ceiling', bracket: { kept: 60, failed: null } })
    expect(found[0]?.messages).toBe((await sandbox.stats()).smtpMessages - before)
  })
})

describe('three places as points of a line', () => {
  const plan = () => planFile({ model: 'closed', concurrency: 3, messages: 30 })

  it('stand at their own round trips', async () => {
    const { exitCode, stdout, stderr } = await cli([
      ...['sweep', plan(), '--server', nats.url, '--places', PLACES.join(','), '--format', 'json']
    ])
    expect(exitCode, stderr).toBe(0)
    const { transports } = sweepRecordSchema.parse(JSON.parse(stdout))
    for (const { name, points } of transports) {
      expect(points.map(({ place, n }) => [place, n])).toEqual(PLACES.map((place) => [place, 10]))
      expect(
        points.every(({ rttMs }) => rttMs > 0),
        name
      ).toBe(true)
    }
  })
})

describe.concurrent('what keeps places apart from harm', () => {
  const small = () => planFile({ model: 'closed', concurrency: 2, messages: 4 })
  const at = (places: string, ...args: string[]) =>
    cli(['run', small(), '--server', nats.url, '--places', places, ...args])

  it.each([
    {
      title: 'a place that is not there',
      run: () => at('ber'),
      says: /no agent bears the name ber; there are fra, iad, sin/
    },
    { title: 'a place named twice', run: () => at('fra,fra'), says: /"fra" stands there twice/ },
    {
      title: 'places without a server',
      run: () => cli(['run', small(), '--places', 'fra']),
      says: /--places needs --server/
    },
    {
      title: 'a server that is not there',
      run: () => cli(['run', small(), '--server', 'nats://127.0.0.1:1', '--places', 'fra']),
      says: /the server nats:\/\/127\.0\.0\.1:1 cannot be used/
    },
    {
      title: 'single sends of several places',
      run: () => at('fra,iad', '--sends'),
      says: /single sends are not collected from other places/
    },
    {
      title: 'an agent of a name that is taken',
      run: () => cli(['agent', '--server', nats.url, '--place', 'fra']),
      says: /there is a place named fra already/
    },
    {
      title: 'distances to emulate at places that have their own',
      run: () => cli(['sweep', small(), '--rtt', '0,20', '--server', nats.url, '--places', 'fra']),
      says: /--rtt and --sizes exclude --places: each place is a point/
    },
    {
      title: 'a plan larger than the server carries',
      run: () =>
        cli([
          'run',
          planFile(
            { model: 'closed', concurrency: 2, messages: 4 },
            { message: { from: 'a@example.com', to: ['b@example.com'], subject: 'x'.repeat(600_000) } }
          ),
          ...['--server', nats.url, '--places', 'fra']
        ]),
      says: /the plan takes \d+ bytes .* raise its max_payload/
    }
  ])('$title: one clear line', async ({ run, says }) => {
    const { exitCode, stderr, stdout } = await run()
    expect(exitCode).not.toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toMatch(says)
    expect(
      stderr
        .trim()
        .split('\n')
        .filter((line) => !line.includes('--help')).length
    ).toBe(1)
  })

  it('a wrong token: one clear line', async () => {
    const guarded = await NatsServer.start(['--auth', 'right'])
    const { exitCode, stderr } = await cli([
      'agent',
      '--server',
      `nats://wrong@127.0.0.1:${guarded.port}`,
      '--place',
      'x'
    ])
    await guarded.stop()
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(
      /^chattermark: the server nats:\/\/127\.0\.0\.1:\d+ cannot be used: .*uthorization/i
    )
    expect(stderr).not.toContain('wrong')
  })

  it('an agent sends nowhere its own operator did not allow, whatever the coordinator says', async () => {
    const env = { CHATTERMARK_REMOTE_HOSTS: '127.0.0.1' }
    const careful = await startAgentProcess(nats, 'careful', { env })
    const guarded = await startSandbox()
    const plan = placesPlan(guarded, { model: 'closed', concurrency: 2, messages: 4 })
    const result = await cli(['run', plan, '--remote', '--server', nats.url, '--places', 'careful'])
    const { smtpMessages } = await guarded.stats()
    await Promise.all([careful.stop(), guarded.stop()])
    expect(result.exitCode).toBe(3)
    expect(result.stderr).toContain('careful: not allowed here')
    expect(smtpMessages).toBe(0)
  })

  const ask = async (request: object): Promise<unknown> =>
    (
      await wire.connection.request(SUBJECTS.place('sin'), JSON.stringify(request), { timeout: 15_000 })
    ).json()
  const prepare = { kind: 'prepare', run: 'foreign', plan: {}, maxMessages: null }

  it.each([
    { title: 'contract', changes: { contract: CONTRACT + 1 }, says: `with contract ${CONTRACT + 1}` },
    { title: 'version', changes: { version: '99.0.0' }, says: 'is Chattermark 99.0.0' }
  ])('an agent refuses a coordinator of another $title before any work', async ({ changes, says }) => {
    const answer = await ask({ ...prepare, contract: CONTRACT, version: productVersion(), ...changes })
    expect(answer).toEqual({ kind: 'refused', reason: expect.stringContaining(says) as string })
    expect(JSON.stringify(answer)).toMatch(/install the same version/)
    expect(agents[2]?.said()).not.toContain('prepared the run foreign')
  })

  it('a coordinator refuses an agent of another version before any work: one clear line', async () => {
    const foreign: PlaceInfo = {
      ...{ name: 'old', instance: 'x', contract: CONTRACT - 1, version: '0.0.9', platform: 'linux x64' },
      ...{ cores: 1, remote: false, run: null }
    }
    await wire.places.put('old', JSON.stringify(foreign))
    const { exitCode, stderr } = await at('old')
    await wire.places.purge('old')
    expect(exitCode).toBe(3)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toMatch(
      /old: its agent is Chattermark 0\.0\.9 with contract \d+.*install the same version/
    )
  })

  it('what is no request is refused, and what is no word of a coordinator changes nothing', async () => {
    expect(await ask({ kind: 'format', disk: 'c' })).toMatchObject({
      reason: expect.stringMatching(/contract/) as string
    })
    wire.connection.publish(SUBJECTS.place('sin'), '{')
    wire.connection.publish(SUBJECTS.coordinator('none'), '{')
    expect(await ask({ kind: 'clock' })).toMatchObject({ kind: 'clock' })
  })

  it('an agent reads no request beyond its bound, says so in one line, and goes on', async () => {
    const config = join(folder, 'large.conf')
    writeFileSync(config, 'max_payload: 8MB')
    const large = await NatsServer.start(['-c', config])
    const agent = await startAgentProcess(large, 'ber')
    const other = await openServer({ url: large.url })
    const send = async (text: string): Promise<unknown> =>
      (await other.connection.request(SUBJECTS.place('ber'), text, { timeout: 15_000 })).json()
    const refused = await send(JSON.stringify({ ...prepare, plan: 'x'.repeat(4_000_000) }))
    const after = await send('{"kind":"clock"}')
    const subject = 'x'.repeat(600_000)
    const message = { from: 'a@example.com', to: ['b@example.com'], subject }
    const plan = planFile({ model: 'closed', concurrency: 2, messages: 4 }, { message })
    const tooLong = await cli(['run', plan, '--server', large.url, '--places', 'ber'])
    await other.close()
    await agent.stop()
    await large.stop()
    expect(refused).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(
        /^a request of \d+ bytes is more than the 1048576 that an agent reads/
      ) as string
    })
    expect(agent.said().match(/^.*refused: a request of.*$/gm)).toHaveLength(1)
    expect(after).toMatchObject({ kind: 'clock' })
    expect(tooLong.exitCode).toBe(3)
    expect(tooLong.stderr.trim().split('\n')).toHaveLength(1)
    expect(tooLong.stderr).toMatch(/the plan takes \d+ bytes as text, and an agent reads requests of 1048576/)
  })

  it('an agent gives its secrets to no host that its own operator did not allow, and then it does', async () => {
    const plan = planFile({ model: 'closed', concurrency: 2, messages: 4 })
    const env = {
      ...{ CHATTERMARK_REMOTE_HOSTS: '127.0.0.1' },
      ...{ SMTP_PASSWORD: sandbox.password, API_KEY: sandbox.apiKey }
    }
    const flags = ['--remote', '--allow-secrets']
    for (const [place, args] of [
      ['secretive', ['--remote']],
      ['trusting', flags]
    ] as const) {
      const agent = await startAgentProcess(nats, place, { env, args: [...args] })
      const before = (await sandbox.stats()).smtpMessages
      const result = await cli(['run', plan, ...flags, '--server', nats.url, '--places', place], env)
      await agent.stop()
      const sent = (await sandbox.stats()).smtpMessages - before
      if (place === 'trusting') expect([result.exitCode, sent], result.stderr).toEqual([0, 4])
      else {
        expect([result.exitCode, sent]).toEqual([3, 0])
        expect(result.stderr).toMatch(/secretive: not allowed here: .*secrets[^]*SMTP_PASSWORD/)
      }
    }
  })
})
