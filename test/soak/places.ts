import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { readRun } from '../../electron/record/run-folder.ts'
import { startSandbox, type Sandbox } from '../../electron/sandbox/sandbox.ts'
import { seededRandom } from '../../shared/insight/random.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { startAgentProcess, type AgentProcess } from '../support/agents.ts'
import { finished, startCli, temporaryFolder, type CliResult } from '../support/cli.ts'
import { NatsServer } from '../support/nats-server.ts'
import { placesEnv, placesPlan } from '../support/places-plan.ts'
import { until } from '../support/until.ts'

const PLACES = ['fra', 'iad']
const RATE = 40
const SECONDS = 4
/** A block of each transport, and the pauses around them. */
const RUN_MS = 2 * (SECONDS + 1) * 1000
/** What is silent for longer than ten seconds is given up: a process that is stopped for this long is. */
const SILENT_MS = 13_000
const AWAY_MS = 3000
/** A coordinator's death ends its agents' sending within this. */
const SENDING_ENDS_MS = 15_000
/** What is not over by then hangs. */
const HANGS_MS = 60_000
/** Worlds that suffer side by side. */
const AT_ONCE = 6

const VICTIMS = ['agent', 'coordinator', 'nats-server'] as const
const SIGNALS = ['SIGKILL', 'SIGSTOP'] as const
type Kind = `${(typeof VICTIMS)[number]} ${(typeof SIGNALS)[number]}`
const KINDS = VICTIMS.flatMap((victim) => SIGNALS.map((signal): Kind => `${victim} ${signal}`))

/** What an episode came to. */
interface Episode {
  faults: string[]
  /** How long messages still arrived after the coordinator fell silent, ms; null for other victims. */
  sendingMs: number | null
  /** The states of the places in the record, or how the run ended without one. */
  outcome: string
}

/**
 * Kills and stops agents, coordinators and servers of the control plane at random moments of runs.
 * @param times of each kind
 * @returns the process's exit code
 */
export async function soakPlaces(times: number, seed: number): Promise<number> {
  const random = seededRandom(seed)
  const todo = Array.from({ length: times }, () => KINDS.map((kind) => ({ kind, moment: random() }))).flat()
  const done = new Map<Kind, Episode[]>(KINDS.map((kind) => [kind, []]))
  const work = async (): Promise<void> => {
    let world = await World.open()
    for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
      const { kind, moment } = next
      const episode = await world.suffer(kind, moment).catch((error: unknown): Episode => {
        return { faults: [String(error)], sendingMs: null, outcome: 'broken off' }
      })
      done.get(kind)?.push(episode)
      for (const fault of episode.faults) console.error(`FAULT: ${kind} at ${moment.toFixed(3)}: ${fault}`)
      if (episode.faults.length === 0) continue
      await world.close()
      world = await World.open()
    }
    await world.close()
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, times * KINDS.length) }, work))
  let faults = 0
  for (const [kind, episodes] of done) {
    const outcomes = new Map<string, number>()
    for (const { outcome } of episodes) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    const sending = episodes.flatMap(({ sendingMs }) => sendingMs ?? [])
    const faulty = episodes.filter((episode) => episode.faults.length > 0).length
    faults += faulty
    const last = sending.length === 0 ? '' : `; sending went on for ${Math.max(...sending)} ms at most`
    const told = [...outcomes].map(([outcome, count]) => `${outcome} ${count}`).join(', ')
    console.log(`${kind}: ${episodes.length} times, ${faulty} with a fault; ${told}${last}`)
  }
  return faults === 0 ? 0 : 1
}

/** A control plane with two places and a server that notes what reaches it. */
class World {
  readonly #nats: NatsServer
  readonly #sandbox: Sandbox
  readonly #agents: AgentProcess[]

  static async open(): Promise<World> {
    const [nats, sandbox] = await Promise.all([NatsServer.start(), startSandbox({ recordArrivals: true })])
    const env = placesEnv(sandbox)
    const agents = await Promise.all(PLACES.map((place) => startAgentProcess(nats, place, { env })))
    return new World(nats, sandbox, agents)
  }

  private constructor(nats: NatsServer, sandbox: Sandbox, agents: AgentProcess[]) {
    this.#nats = nats
    this.#sandbox = sandbox
    this.#agents = agents
  }

  /** A run in which one falls silent, `moment` (0 to 1) of the run's time after its first message. */
  async suffer(kind: Kind, moment: number): Promise<Episode> {
    const before = (await this.#sandbox.arrivals()).length
    const out = join(temporaryFolder(), 'run')
    const load = { rate: RATE, durationSeconds: SECONDS, arrivals: 'constant', maxConcurrency: 20 } as const
    const plan = placesPlan(this.#sandbox, { model: 'open', ...load }, { rounds: 1 })
    const args = ['--server', this.#nats.url, '--places', PLACES.join(','), '--out', out]
    const coordinator = startCli(['run', plan, ...args])
    const end = finished(coordinator)
    const arrived = async (): Promise<{ messageId: string | null; atMs: number }[]> =>
      (await this.#sandbox.arrivals()).slice(before)
    const early = end.then(({ stderr }) => {
      throw new Error(`it ended before its first message: ${stderr.trim().split('\n').at(-1) ?? ''}`)
    })
    const first = until('the first message', async () => (await arrived()).length > 0, HANGS_MS)
    await Promise.race([first, early])
    await pause(moment * RUN_MS)
    const faults: string[] = []
    const atMs = Date.now()
    let sendingMs: number | null = null
    let result: CliResult | null = null
    switch (kind) {
      case 'agent SIGKILL':
        this.#agents[1]?.child.kill('SIGKILL')
        result = await ended(end, faults)
        this.#agents[1] = await startAgentProcess(this.#nats, 'iad', { env: placesEnv(this.#sandbox) })
        break
      case 'agent SIGSTOP':
        this.#agents[1]?.child.kill('SIGSTOP')
        await pause(SILENT_MS)
        result = await ended(end, faults)
        this.#agents[1]?.child.kill('SIGCONT')
        break
      case 'coordinator SIGKILL':
      case 'coordinator SIGSTOP': {
        coordinator.kill(kind === 'coordinator SIGKILL' ? 'SIGKILL' : 'SIGSTOP')
        await pause(SENDING_ENDS_MS)
        sendingMs = Math.max(0, ((await arrived()).at(-1)?.atMs ?? 0) - atMs)
        await pause(1000)
        if (((await arrived()).at(-1)?.atMs ?? 0) - atMs > SENDING_ENDS_MS) faults.push('sending went on')
        coordinator.kill('SIGCONT')
        result = await ended(end, faults)
        break
      }
      case 'nats-server SIGKILL':
        await this.#nats.kill()
        await pause(AWAY_MS)
        await this.#nats.up()
        result = await ended(end, faults)
        break
      case 'nats-server SIGSTOP':
        this.#nats.signal('SIGSTOP')
        await pause(AWAY_MS)
        this.#nats.signal('SIGCONT')
        result = await ended(end, faults)
    }
    if (result === null) coordinator.kill('SIGKILL')
    const ids = (await this.#sandbox.arrivals()).map(({ messageId }) => messageId)
    if (new Set(ids).size !== ids.length) faults.push(`${ids.length - new Set(ids).size} messages came twice`)
    const record = await readRun(out).catch(() => null)
    const outcome = this.#judge(kind, record, (await arrived()).length, result, faults)
    await this.#untilFree(faults)
    return { faults, sendingMs, outcome }
  }

  #judge(
    kind: Kind,
    record: RunRecord | null,
    arrived: number,
    result: CliResult | null,
    faults: string[]
  ): string {
    const said = result?.stderr.trim().split('\n').at(-1) ?? 'nothing'
    if (record === null) {
      faults.push(`no record is left (${said})`)
      return 'no record'
    }
    const accepted = record.transports.reduce((sum, { counts }) => sum + counts.accepted, 0)
    const states = record.places.map(({ state }) => state)
    const isWhole = record.state === 'finished' && states.every((state) => state === 'finished')
    if (accepted > arrived) faults.push(`${accepted} accepted by the record, ${arrived} arrived`)
    if (isWhole && (accepted !== arrived || accepted !== 2 * RATE * SECONDS)) {
      faults.push(
        `${accepted} of ${2 * RATE * SECONDS} accepted, ${arrived} arrived, and nothing is said of it`
      )
    }
    if (kind.startsWith('nats-server') && !isWhole)
      faults.push(`${record.state}, ${states.join(', ')} (${said})`)
    return isWhole ? 'whole' : `${record.state}${states.includes('lost') ? ', a place lost' : ''}`
  }

  /** Every agent is there again, and works for nobody. */
  async #untilFree(faults: string[]): Promise<void> {
    const check = startCli(['run', this.#probe(), '--server', this.#nats.url, '--places', PLACES.join(',')])
    let last = await ended(finished(check), faults)
    const untilMs = performance.now() + HANGS_MS
    while (last !== null && last.exitCode !== 0) {
      if (performance.now() > untilMs) {
        faults.push(`the places are of no use afterwards: ${last.stderr.trim()}`)
        return
      }
      await pause(1000)
      const again = startCli(['run', this.#probe(), '--server', this.#nats.url, '--places', PLACES.join(',')])
      last = await ended(finished(again), faults)
    }
  }

  #probe(): string {
    return placesPlan(this.#sandbox, { model: 'closed', concurrency: 2, messages: 2 }, { rounds: 1 })
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.stop()))
    await Promise.all([this.#nats.stop(), this.#sandbox.stop()])
  }
}

/** How a command ended; null, and a fault, when it hangs. */
async function ended(end: Promise<CliResult>, faults: string[]): Promise<CliResult | null> {
  const result = await Promise.race([end, pause(HANGS_MS, null)])
  if (result === null) faults.push(`the coordinator hangs for ${HANGS_MS / 1000} s`)
  return result
}
