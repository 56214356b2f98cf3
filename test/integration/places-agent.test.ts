import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  CONTRACT,
  read,
  resultsSchema,
  SUBJECTS,
  type PlaceRequest,
  type PlaceResult
} from '../../electron/places/contract.ts'
import { openServer, type Server } from '../../electron/places/server.ts'
import { wallUs } from '../../electron/places/wall-clock.ts'
import { productVersion } from '../../electron/product-version.ts'
import { JOURNAL_FILE } from '../../electron/record/journal-file.ts'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { startAgentProcess, type AgentProcess } from '../support/agents.ts'
import { NatsServer } from '../support/nats-server.ts'
import { placesPlan } from '../support/places-plan.ts'
import { until } from '../support/until.ts'

let nats: NatsServer
let sandbox: Sandbox
/** The control plane, on which the tests are the coordinator. */
let wire: Server

beforeAll(async () => {
  ;[nats, sandbox] = await Promise.all([NatsServer.start(), startSandbox({ thinkMs: 10 })])
  wire = await openServer({ url: nats.url })
})

afterAll(async () => {
  await wire.close()
  await Promise.all([sandbox.stop(), nats.stop()])
})

type Share = Extract<PlaceRequest, { kind: 'block' }>['share']

/** An agent that works for a run of ours. */
class Coordinated {
  readonly agent: AgentProcess
  readonly run: string
  readonly results: PlaceResult[] = []
  readonly #alive: NodeJS.Timeout

  private constructor(agent: AgentProcess) {
    this.agent = agent
    this.run = `of-${agent.place}`
    wire.connection.subscribe(SUBJECTS.results(this.run, agent.place), {
      callback: (_error, message) => {
        this.results.push(...(read(resultsSchema, message.string()) ?? []))
      }
    })
    this.#alive = setInterval(() => {
      wire.connection.publish(SUBJECTS.coordinator(this.run), '{"lost":[]}')
    }, 1000)
  }

  static async start(place: string): Promise<Coordinated> {
    const at = new Coordinated(await startAgentProcess(nats, place))
    // The server may hear of it a moment later than its user.
    await until('an answer', () =>
      at.ask({ kind: 'clock' }).then(
        () => true,
        () => false
      )
    )
    return at
  }

  async ask(request: PlaceRequest): Promise<unknown> {
    const asked = wire.connection.request(SUBJECTS.place(this.agent.place), JSON.stringify(request), {
      timeout: 30_000
    })
    return (await asked).json()
  }

  async prepare(): Promise<void> {
    const file = placesPlan(
      sandbox,
      { model: 'closed', concurrency: 2, durationSeconds: 60 },
      {
        transports: [
          { name: 'smtp', protocol: 'smtp', host: sandbox.host, port: sandbox.smtpPort, security: 'none' }
        ]
      }
    )
    const { run } = this
    const plan: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const version = productVersion()
    const asked = { kind: 'prepare', contract: CONTRACT, version, run, plan, maxMessages: null } as const
    expect(await this.ask(asked)).toMatchObject({ kind: 'prepared' })
  }

  /** Begins a block of a minute; returns when, µs. */
  async begin(block: number): Promise<number> {
    const nowUs = wallUs()
    const share: Share = {
      ...{ transport: 0, round: 1, index: 0, count: 1, lanes: [2], warmupSeconds: 0 },
      ...{ load: { kind: 'duration', seconds: 60 }, messages: null, seconds: 60 },
      joint: { originUs: nowUs, startUs: nowUs, firstPart: 0, parts: 1 }
    }
    expect(await this.ask({ kind: 'block', run: this.run, block, share })).toEqual({ kind: 'ok' })
    return nowUs
  }

  get tellings(): Extract<PlaceResult, { kind: 'deltas' }>[] {
    return this.results.filter((result) => result.kind === 'deltas')
  }

  /** Sends that it told of so far. */
  get sent(): number {
    return this.tellings.flatMap(({ deltas }) => deltas).reduce((sum, { delta }) => sum + delta.sent, 0)
  }

  get end(): Extract<PlaceResult, { kind: 'end' }> | undefined {
    return this.results.find((result) => result.kind === 'end')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#alive)
    await this.agent.stop()
  }
}

describe.concurrent('an agent', () => {
  it('whose disk takes no journal says so, and is there for the next run', async () => {
    await using at = await Coordinated.start('full')
    await at.prepare()
    writeFileSync(join(at.agent.runs()[0] ?? '', JOURNAL_FILE), '')
    await at.begin(0)
    await until('the end of the block', () => at.end !== undefined)
    expect(at.end).toMatchObject({
      ends: [],
      fault: expect.stringMatching(/^nothing can be written to .*EEXIST/) as string
    })
    expect(await at.ask({ kind: 'close', run: at.run })).toEqual({ kind: 'ok' })
    expect(await at.ask({ kind: 'clock' })).toMatchObject({ kind: 'clock' })
  })

  it('that is asked to close twice answers when it is done, and is free then', async () => {
    await using at = await Coordinated.start('twice')
    await at.prepare()
    await at.begin(0)
    await until('sends', () => at.sent > 0)
    const written = (): boolean => existsSync(join(at.agent.runs()[0] ?? '', 'run.json'))
    const close = async (): Promise<unknown> => [await at.ask({ kind: 'close', run: at.run }), written()]
    expect(await Promise.all([close(), close()])).toEqual([
      [{ kind: 'ok' }, true],
      [{ kind: 'ok' }, true]
    ])
    const record: unknown = JSON.parse(readFileSync(join(at.agent.runs()[0] ?? '', 'run.json'), 'utf8'))
    expect(record).toMatchObject({ state: 'stopped' })
  })

  it('that is told to leave in the middle of a run ends it, writes its record and ends', async () => {
    await using at = await Coordinated.start('leaves')
    await at.prepare()
    await at.begin(0)
    await until('sends', () => at.sent > 0)
    await at.agent.stop()
    const record: unknown = JSON.parse(readFileSync(join(at.agent.runs()[0] ?? '', 'run.json'), 'utf8'))
    expect(record).toMatchObject({ state: 'stopped' })
    expect(at.agent.child.exitCode).toBe(0)
  })

  it('that is asked to end a block together with its beginning ends it', async () => {
    await using at = await Coordinated.start('short')
    await at.prepare()
    const begun = at.begin(0)
    const ended = at.ask({ kind: 'end-block', run: at.run })
    await Promise.all([begun, ended])
    await until('the end of the block', () => at.end !== undefined)
    expect([at.end?.fault, at.sent]).toEqual([null, 0])
  })

  it('says up to when it has told: nothing that ended before comes after it', async () => {
    await using at = await Coordinated.start('told')
    await at.prepare()
    const fromUs = await at.begin(0)
    await until('some results', () => at.sent > 0 && at.tellings.length > 10)
    const tellings = at.tellings
    tellings.forEach(({ atUs }, index) => {
      for (const { deltas } of tellings.slice(index + 1)) {
        for (const { delta } of deltas) expect(delta.firstDoneUs).toBeGreaterThanOrEqual(atUs - fromUs)
      }
    })
    expect(tellings.at(-1)?.atUs).toBeGreaterThan(fromUs)
  })
})
