import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RESULTS_STREAM, SUBJECTS, type PlaceResult } from '../../electron/places/contract.ts'
import { PlaceLink } from '../../electron/places/place-link.ts'
import { infoOf } from '../../electron/places/presence.ts'
import { openServer } from '../../electron/places/server.ts'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { runRecordSchema } from '../../shared/record/run-record.ts'
import { startAgentProcess, type AgentProcess } from '../support/agents.ts'
import { finished, startCli, temporaryFolder } from '../support/cli.ts'
import { NatsServer } from '../support/nats-server.ts'
import { placesEnv, placesPlan } from '../support/places-plan.ts'
import { until } from '../support/until.ts'

/** Those whose messages a test waits for are each for one test. */
const NAMES = ['refused', 'restarted', 'removed', 'remade'] as const
const sandboxes = new Map<(typeof NAMES)[number], Sandbox>()

beforeAll(async () => {
  for (const name of NAMES) sandboxes.set(name, await startSandbox({ thinkMs: 10 }))
})

afterAll(async () => {
  await Promise.all([...sandboxes.values()].map((sandbox) => sandbox.stop()))
})

function sandboxOf(name: (typeof NAMES)[number]): Sandbox {
  const sandbox = sandboxes.get(name)
  if (sandbox === undefined) throw new Error(`no sandbox ${name}`)
  return sandbox
}

interface User {
  password?: string
  deny?: { publish?: string; subscribe?: string }
}

/** A server that knows a coordinator and an agent. */
class GuardedServer {
  readonly nats: NatsServer
  readonly #config: string

  private constructor(nats: NatsServer, config: string) {
    this.nats = nats
    this.#config = config
  }

  static async start(users: { coordinator?: User; agent?: User } = {}): Promise<GuardedServer> {
    const config = join(temporaryFolder(), 'nats.conf')
    writeFileSync(config, configOf(users))
    return new GuardedServer(await NatsServer.start(['-c', config]), config)
  }

  url(user: 'coordinator' | 'agent'): string {
    return this.nats.url.replace('//', `//${user}:secret@`)
  }

  agent(place: string, sandbox = sandboxOf('refused')): Promise<AgentProcess> {
    return startAgentProcess({ url: this.url('agent') }, place, { env: placesEnv(sandbox) })
  }

  run(plan: string, place: string): ReturnType<typeof startCli> {
    return startCli(['run', plan, '--server', this.url('coordinator'), '--places', place])
  }

  /** Comes back with passwords that nobody knows. */
  async restartWithOtherPasswords(): Promise<void> {
    await this.nats.kill()
    writeFileSync(this.#config, configOf({ coordinator: { password: 'new' }, agent: { password: 'new' } }))
    await this.nats.up()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nats.stop()
  }
}

function configOf(users: Record<string, User>): string {
  const lines = ['coordinator', 'agent'].map((user) => {
    const { password = 'secret', deny = {} } = users[user] ?? {}
    const permissions = Object.entries(deny).map(([what, subject]) => `${what}: { deny: "${subject}" }`)
    return `{ user: ${user}, password: ${password}, permissions: { ${permissions.join(', ')} } }`
  })
  return `authorization { users: [ ${lines.join(', ')} ] }`
}

const long = (sandbox = sandboxOf('refused')): string =>
  placesPlan(sandbox, { model: 'closed', concurrency: 2, durationSeconds: 60 }, { rounds: 1 })

async function untilSending(sandbox: Sandbox): Promise<void> {
  await until('messages', async () => (await sandbox.stats()).smtpMessages > 0)
}

describe.concurrent('a server that refuses', () => {
  it.each([
    {
      title: 'to let results be read',
      deny: { publish: `$JS.API.CONSUMER.CREATE.${RESULTS_STREAM}.>` },
      says: /^chattermark: what the places measure cannot be read from the server: .*CONSUMER\.CREATE/
    },
    {
      title: 'requests to a place',
      deny: { publish: SUBJECTS.place('fra') },
      says: /^chattermark: the server nats:\S+ does not permit this login to publish to chattermark\.place\.fra$/
    },
    {
      title: 'what a coordinator says',
      deny: { publish: 'chattermark.coordinator.>' },
      says: /does not permit this login to publish to chattermark\.coordinator\./
    }
  ])('$title: the coordinator ends with one clear line', async ({ deny, says }) => {
    await using server = await GuardedServer.start({ coordinator: { deny } })
    const agent = await server.agent('fra')
    const { exitCode, stdout, stderr } = await finished(server.run(long(), 'fra'))
    await agent.stop()
    expect([exitCode, stdout]).toEqual([3, ''])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr.trim()).toMatch(says)
  })

  it('that an agent hears its requests: the agent ends with one clear line', async () => {
    await using server = await GuardedServer.start({ agent: { deny: { subscribe: SUBJECTS.place('fra') } } })
    const agent = await server.agent('fra')
    expect(await agent.ended()).toBe(3)
    expect(agent.said()).toMatch(
      /^chattermark: the server nats:\S+ does not permit this login to subscribe to chattermark\.place\.fra$/m
    )
    expect(agent.said()).not.toMatch(/^ +at /m)
  })

  it('that an agent hears its coordinator, or tells results: the agent ends with one clear line', async () => {
    for (const [deny, says] of [
      [{ subscribe: 'chattermark.coordinator.>' }, /subscribe to chattermark\.coordinator\.\S+$/m],
      [{ publish: 'chattermark.results.>' }, /publish to chattermark\.results\.\S+$/m]
    ] as const) {
      await using server = await GuardedServer.start({ agent: { deny } })
      const agent = await server.agent('fra')
      const { exitCode, stderr } = await finished(server.run(long(), 'fra'))
      expect(exitCode, stderr).toBe(3)
      expect(await agent.ended()).toBe(3)
      expect(agent.said()).toMatch(says)
      expect(agent.said()).not.toMatch(/^ +at /m)
    }
  })

  it('its users after a restart: who is idle ends, who works writes down what was measured', async () => {
    await using server = await GuardedServer.start()
    const sandbox = sandboxOf('restarted')
    const [busy, idle] = await Promise.all([server.agent('busy', sandbox), server.agent('idle')])
    const result = finished(server.run(long(sandbox), 'busy'))
    await untilSending(sandbox)
    await server.restartWithOtherPasswords()
    const { exitCode, stderr } = await result
    const says = /the server nats:\S+ can no longer be used: .*uthorization/
    expect(exitCode).toBe(3)
    expect(stderr).toMatch(says)
    expect(stderr).not.toMatch(/^ +at /m)
    expect(await Promise.all([busy.ended(), idle.ended()])).toEqual([3, 3])
    for (const agent of [busy, idle]) expect(agent.said()).toMatch(says)
    const record: unknown = JSON.parse(readFileSync(join(busy.runs()[0] ?? '', 'run.json'), 'utf8'))
    expect(runRecordSchema.parse(record)).toMatchObject({ state: 'stopped' })
  })
})

describe.concurrent('an agent whose name went to another while it was silent', () => {
  it('ends with one clear line, and leaves the other’s entry alone', async () => {
    await using server = await GuardedServer.start()
    const agent = await server.agent('fra')
    const wire = await openServer({ url: server.url('coordinator') })
    const found = await infoOf(wire.places, 'fra')
    await wire.places.put('fra', JSON.stringify({ ...found?.info, instance: 'other' }))
    expect(await agent.ended()).toBe(3)
    expect(agent.said()).toMatch(/^chattermark: the name fra went to another agent/m)
    expect(await infoOf(wire.places, 'fra')).toMatchObject({ info: { instance: 'other' } })
    await wire.close()
  })
})

describe.concurrent('a result that is gone for good', () => {
  it('ends its place’s part: what was told before stays', async () => {
    const nats = await NatsServer.start()
    const server = await openServer({ url: nats.url })
    server.connection.subscribe(SUBJECTS.place('fra'), {
      callback: (_error, message) => void message.respond('{"kind":"ok"}')
    })
    const link = new PlaceLink(server, 'run', 'fra', 0)
    const stages: string[] = []
    const ends = link.runBlock(
      0,
      {
        ...{ transport: 0, round: 1, index: 0, count: 1, lanes: [1], warmupSeconds: 0, seconds: null },
        ...{ load: { kind: 'count' }, messages: 1 },
        joint: { originUs: 0, startUs: 0, firstPart: 0, parts: 1 }
      },
      {
        ...{ onDelta: () => undefined, onSends: () => undefined, onSoFar: () => undefined },
        ...{ onUsedUp: () => undefined, onRefused: () => undefined },
        onStage: (stage) => stages.push(stage)
      }
    )
    const tell = (n: number, stage: 'measuring' | 'draining'): void => {
      const result: PlaceResult = { kind: 'stage', block: 0, n, stage }
      link.result(result)
    }
    tell(0, 'measuring')
    tell(0, 'measuring')
    tell(2, 'draining')
    expect(link.isLost).toBe(true)
    expect(await ends).toEqual([])
    expect(stages).toEqual(['measuring'])
    await server.close()
    await nats.stop()
  })

  it.each(['removed', 'remade'] as const)(
    'since its stream is %s: the run ends, and its agent',
    async (how) => {
      const nats = await NatsServer.start()
      const sandbox = sandboxOf(how)
      const agent = await startAgentProcess(nats, 'fra', { env: placesEnv(sandbox) })
      const result = finished(startCli(['run', long(sandbox), '--server', nats.url, '--places', 'fra']))
      await untilSending(sandbox)
      const wire = await openServer({ url: nats.url })
      await (await jetstreamManager(wire.connection)).streams.delete(RESULTS_STREAM)
      if (how === 'remade') await (await openServer({ url: nats.url })).close()
      const { exitCode, stderr } = await result
      expect(exitCode).toBe(3)
      expect(stderr).toMatch(/every place was lost/)
      await until('the agent’s own record', () => existsSync(join(agent.runs()[0] ?? '', 'run.json')))
      expect(agent.said()).not.toMatch(/fell silent/)
      await wire.close()
      await agent.stop()
      await nats.stop()
    }
  )
})
