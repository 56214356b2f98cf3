import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONTRACT, SILENCE_MS, SUBJECTS } from '../../electron/places/contract.ts'
import { infoOf } from '../../electron/places/presence.ts'
import { openServer } from '../../electron/places/server.ts'
import { productVersion } from '../../electron/product-version.ts'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { capacityRecordSchema } from '../../shared/record/capacity-record.ts'
import { runRecordSchema, type RunRecord } from '../../shared/record/run-record.ts'
import { startAgentProcess, type AgentProcess } from '../support/agents.ts'
import { cli, finished, startCli } from '../support/cli.ts'
import { NatsServer } from '../support/nats-server.ts'
import { placesEnv, placesPlan } from '../support/places-plan.ts'
import { until } from '../support/until.ts'

/** Servers and agents of one test: those who fall silent are waited for side by side. */
interface World {
  nats: NatsServer
  sandbox: Sandbox
  agents: AgentProcess[]
  /** Arguments that send a command to its places. */
  at: string[]
}

const worlds: World[] = []
let shared: NatsServer

beforeAll(async () => {
  shared = await NatsServer.start()
})

afterAll(async () => {
  for (const { agents, sandbox, nats } of worlds) {
    await Promise.all(agents.map((agent) => agent.stop()))
    await Promise.all([sandbox.stop(), nats === shared ? undefined : nats.stop()])
  }
  await shared.stop()
})

async function world(places: string[], nats = shared): Promise<World> {
  const sandbox = await startSandbox({ recordArrivals: true, thinkMs: 10 })
  const env = placesEnv(sandbox)
  const agents = await Promise.all(places.map((place) => startAgentProcess(nats, place, { env })))
  const made = { nats, sandbox, agents, at: ['--server', nats.url, '--places', places.join(',')] }
  worlds.push(made)
  return made
}

/** A peer that greets only after longer than anyone may be silent, with its plan. */
async function slowPeer(sandbox: Sandbox): Promise<{ plan: string; close: () => void }> {
  let isAsked = false
  const greets = Promise.withResolvers<void>()
  const peer = createServer((socket) => {
    socket.on('error', () => undefined)
    if (!isAsked) setTimeout(greets.resolve, SILENCE_MS + 3000)
    isAsked = true
    void greets.promise.then(() => {
      const through = connect(sandbox.smtpPort, sandbox.host)
      through.on('error', () => undefined)
      socket.pipe(through).pipe(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(peer, 'listening')
  const { port } = peer.address() as AddressInfo
  const plan = placesPlan(
    sandbox,
    { model: 'closed', concurrency: 2, messages: 4 },
    {
      ...{ rounds: 1, timeoutSeconds: 30 },
      transports: [{ name: 'smtp', protocol: 'smtp', host: '127.0.0.1', port, security: 'none' }]
    }
  )
  return { plan, close: () => void peer.close() }
}

async function expectOnce(sandbox: Sandbox): Promise<void> {
  const arrived = await sandbox.arrivals()
  expect(new Set(arrived.map(({ messageId }) => messageId)).size).toBe(arrived.length)
}

function states({ places }: RunRecord): [string, string][] {
  return places.map(({ name, state }) => [name, state])
}

describe.concurrent('who falls silent', () => {
  it('an agent that is killed is lost: what it told stays, nothing is sent twice, and assertions fail', async () => {
    const { sandbox, agents, at } = await world(['stays', 'doomed'])
    const load = { model: 'closed', concurrency: 4, durationSeconds: 8 } as const
    const plan = placesPlan(sandbox, load, { rounds: 1, assert: ['api.failed == 0'] })
    const result = finished(startCli(['run', plan, ...at, '--format', 'json']))
    await until('the second block', async () => (await sandbox.stats()).apiMessages > 0)
    agents[1]?.child.kill('SIGKILL')
    const { exitCode, stdout } = await result
    const record = runRecordSchema.parse(JSON.parse(stdout))
    expect(exitCode).toBe(1)
    expect(states(record)).toEqual([
      ['stays', 'finished'],
      ['doomed', 'lost']
    ])
    expect(record.asserts.map(({ pass }) => pass)).toEqual([false])
    expect(record.transports[0]?.places[1]?.counts.accepted).toBeGreaterThan(0)
    await expectOnce(sandbox)
  })

  it('a place that is lost ends a search with what was found, and says why', async () => {
    const { sandbox, agents, at } = await world(['fra', 'iad'])
    const plan = placesPlan(sandbox, { model: 'closed', concurrency: 20, messages: 10 })
    const searching = startCli([
      ...['capacity', plan, ...at, '--format', 'json', '--slo', 'failed == 0'],
      ...['--hold', '1', '--confirm', '0', '--cool-down', '0', '--start-rate', '20', '--max-rate', '40000']
    ])
    let said = ''
    searching.stderr?.on('data', (text: Buffer) => (said += text.toString()))
    const result = finished(searching)
    await until('a step that was kept', () => /\/s kept/.test(said))
    agents[1]?.child.kill('SIGKILL')
    const { exitCode, stdout, stderr } = await result
    expect(exitCode, stderr).toBe(1)
    const { transports } = capacityRecordSchema.parse(JSON.parse(stdout))
    expect(transports).toHaveLength(1)
    expect(transports[0]?.rate).toBeGreaterThanOrEqual(20)
    expect(transports[0]?.unfinished).toMatch(/the place iad was lost/)
    expect(stderr).toMatch(/unfinished: the place iad was lost/)
    await expectOnce(sandbox)
  })

  it('a server that is away for three seconds costs nothing, and nothing counts twice', async () => {
    const nats = await NatsServer.start()
    const { sandbox, at } = await world(['fra', 'iad'], nats)
    const plan = placesPlan(
      sandbox,
      { model: 'open', rate: 50, durationSeconds: 6, arrivals: 'constant', maxConcurrency: 10 },
      { rounds: 1 }
    )
    const result = finished(startCli(['run', plan, ...at, '--format', 'json']))
    await until('the first messages', async () => (await sandbox.arrivals()).length > 20)
    await nats.kill()
    await new Promise((resolve) => setTimeout(resolve, 3000))
    await nats.up()
    const { exitCode, stdout, stderr } = await result
    expect(exitCode, stderr).toBe(0)
    const record = runRecordSchema.parse(JSON.parse(stdout))
    expect(record.places.every(({ state }) => state === 'finished')).toBe(true)
    await expectOnce(sandbox)
    expect(record.transports.map(({ counts }) => counts.accepted)).toEqual([300, 300])
    expect(await sandbox.arrivals()).toHaveLength(600)
  })

  it('an agent leaves at once although its server has long been away', async () => {
    const nats = await NatsServer.start()
    const { agents } = await world(['fra'], nats)
    await nats.kill()
    await new Promise((resolve) => setTimeout(resolve, 8000))
    const beganMs = performance.now()
    await agents[0]?.stop()
    expect(performance.now() - beganMs).toBeLessThan(10_000)
  })

  it('a coordinator that is killed ends its agents’ sending within 15 seconds', async () => {
    const { nats, sandbox, agents, at } = await world(['sin'])
    const plan = placesPlan(sandbox, { model: 'closed', concurrency: 2, durationSeconds: 60 }, { rounds: 1 })
    const running = startCli(['run', plan, ...at])
    await until('the first messages', async () => (await sandbox.stats()).smtpMessages > 0)
    running.kill('SIGKILL')
    const killedMs = Date.now()
    await until('the agent to give up', () => /gave up the run/.test(agents[0]?.said() ?? ''))
    const last = (await sandbox.arrivals()).at(-1)
    expect((last?.atMs ?? Infinity) - killedMs).toBeLessThan(15_000)
    // It says so before it has written down what was measured, and is free then.
    const wire = await openServer({ url: nats.url })
    await until('the agent to be free', async () => (await infoOf(wire.places, 'sin'))?.info.run === null)
    await wire.close()
    const next = placesPlan(sandbox, { model: 'closed', concurrency: 1, messages: 2 })
    const { stdout } = await cli(['run', next, ...at, '--format', 'json'])
    expect(states(runRecordSchema.parse(JSON.parse(stdout)))).toEqual([['sin', 'finished']])
  })

  it('a place that prepares for longer than anyone may be silent takes its part', async () => {
    const { sandbox, at } = await world(['slow'])
    const { plan, close } = await slowPeer(sandbox)
    const { exitCode, stdout, stderr } = await finished(startCli(['run', plan, ...at, '--format', 'json']))
    close()
    expect(exitCode, stderr).toBe(0)
    const record = runRecordSchema.parse(JSON.parse(stdout))
    expect(states(record)).toEqual([['slow', 'finished']])
    expect(record.transports[0]?.counts.accepted).toBe(4)
  })

  it('an agent whose coordinator falls silent while it prepares gives up, and is there for the next', async () => {
    const { nats, sandbox, agents } = await world(['left'])
    const { plan, close } = await slowPeer(sandbox)
    const wire = await openServer({ url: nats.url })
    const ask = async (request: object): Promise<unknown> =>
      (
        await wire.connection.request(SUBJECTS.place('left'), JSON.stringify(request), { timeout: 30_000 })
      ).json()
    const prepared = ask({
      ...{ kind: 'prepare', contract: CONTRACT, version: productVersion(), run: 'forgotten' },
      ...{ plan: JSON.parse(readFileSync(plan, 'utf8')) as unknown, maxMessages: null }
    })
    await until('the agent to give up', () => /gave up the run/.test(agents[0]?.said() ?? ''))
    expect(await prepared).toMatchObject({ kind: 'refused' })
    expect(await ask({ kind: 'clock' })).toMatchObject({ kind: 'clock' })
    await wire.close()
    close()
    expect(agents[0]?.child.exitCode).toBeNull()
  })
})
