import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { median } from '../../shared/insight/statistics.ts'
import { sweepRecordSchema } from '../../shared/record/sweep-record.ts'
import { startAgentProcess } from '../support/agents.ts'
import { NatsServer } from '../support/nats-server.ts'
import { CLI, planOf, smtpTransport } from './chattermark.ts'
import { networkPlan } from './network/plans.ts'
import { SERVER_ADDRESS, whyNoRealLink, type FarSandbox } from './network/real-link.ts'
import { tableMarkdown, writePart, type Table, type TableRow } from './network/tables.ts'
import { freePort, output, startServer, stopServer } from './processes.ts'

const NETWORK = resolve(import.meta.dirname, 'network')
/** Where the two places stand, ms from the server. */
const PLACES = { near: 20, far: 100 } as const
type Place = keyof typeof PLACES
const ADDRESSES: Record<Place, string> = { near: '10.77.1.1', far: '10.77.2.1' }
const NATS_PORT = 4222
const MESSAGES = 40
/** One segment: a second one leaves at the pace that bbr has found, which takes its share of the round trip. */
const SIZE_BYTES = 500
const RTT_WITHIN_MS = 1
const TURNS_WITHIN = 0.03
/** Messages of a short and of a long run: what they differ by is the cost of sending alone. */
const [SHORT, LONG] = [5000, 65_000]
const REPETITIONS = 3
const COST_WITHIN = 1.05
/** Of `/proc/PID/stat`, a second. */
const TICKS = 100

/**
 * Two places at two distances from one server, and what an agent adds to the cost of a send; writes its tables into
 * `docs/benchmarks.md`.
 * @param only `distances` or `cost`; both when empty, and only then they are written
 * @returns the process's exit code: 0 when every row is met
 */
export async function placesSuite(only: readonly string[]): Promise<number> {
  const isWanted = (name: string): boolean => only.length === 0 || only.includes(name)
  const lacking = whyNoRealLink()
  if (isWanted('distances') && lacking !== null) {
    console.log(`places: not measured: ${lacking}`)
    return 1
  }
  const tables: Table[] = []
  if (isWanted('distances')) tables.push(await distancesTable())
  if (isWanted('cost')) tables.push(await costTable())
  const text = tables.map(tableMarkdown).join('\n\n')
  console.log(text)
  if (only.length === 0) writePart('places', text)
  return tables.every(({ rows }) => rows.every(({ met }) => met !== false)) ? 0 : 1
}

async function distancesTable(): Promise<Table> {
  const folder = mkdtempSync(join(tmpdir(), 'chattermark-places-'))
  const world = new World(folder)
  try {
    await world.open()
    const far = await world.serve()
    const plan = join(folder, 'plan.json')
    writeFileSync(plan, JSON.stringify(networkPlan(far, { sizeBytes: SIZE_BYTES, messages: MESSAGES })))
    for (const place of Object.keys(PLACES) as Place[]) await world.agent(place)
    const record = sweepRecordSchema.parse(JSON.parse(await world.sweep(plan)))
    const rows = record.transports.flatMap(({ name, points, turnsCounted, turnsFitted }): TableRow[] => {
      const off = turnsFitted === null || turnsCounted === null ? null : turnsFitted / turnsCounted - 1
      const isAt = points.every(
        ({ place, rttMs }) => Math.abs(rttMs - PLACES[place as Place]) <= RTT_WITHIN_MS
      )
      return [
        {
          cells: [
            name,
            points.map(({ place, rttMs }) => `${place} ${rttMs.toFixed(2)}`).join(', '),
            turnsCounted?.toFixed(2) ?? '-',
            turnsFitted?.toFixed(2) ?? '-',
            off === null ? '-' : `${(100 * off).toFixed(1)} %`
          ],
          met: isAt && points.length === 2 && off !== null && Math.abs(off) <= TURNS_WITHIN
        }
      ]
    })
    return {
      title: 'Two places, 20 and 100 ms from one server',
      demand: `Each place shows its own round trip within ${RTT_WITHIN_MS} ms, and the turns fitted over the two distances are the counted ones within 3 %.`,
      head: ['transport', 'round trips, ms', 'turns counted', 'fitted', 'off'],
      rows
    }
  } finally {
    await world.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Namespaces for a server and two places, joined by links of real TCP; nothing leaves the machine. */
class World {
  readonly #folder: string
  readonly #children: ChildProcess[] = []
  readonly #namespaces = {
    server: `cm-places-server-${process.pid}`,
    near: `cm-places-near-${process.pid}`,
    far: `cm-places-far-${process.pid}`
  }

  constructor(folder: string) {
    this.#folder = folder
  }

  async open(): Promise<void> {
    const program = join(this.#folder, 'wan-link')
    execFileSync('gcc', ['-O2', '-o', program, join(NETWORK, 'wan-link.c')])
    for (const name of Object.values(this.#namespaces)) {
      ip('netns', 'add', name)
      ip('-n', name, 'link', 'set', 'lo', 'up')
    }
    const { server } = this.#namespaces
    for (const place of Object.keys(PLACES) as Place[]) {
      const there = this.#namespaces[place]
      const link = spawn(program, [there, server, String(PLACES[place])], {
        stdio: ['ignore', 'pipe', 'inherit']
      })
      this.#children.push(link)
      await firstLine(link)
      // Both links end at the server: the name is free again for the next one.
      ip('-n', server, 'link', 'set', 'wan0', 'name', `wan-${place}`)
      this.#address(there, 'wan0', ADDRESSES[place], SERVER_ADDRESS)
      this.#address(server, `wan-${place}`, SERVER_ADDRESS, ADDRESSES[place])
    }
    const nats = ['-a', SERVER_ADDRESS, '-p', String(NATS_PORT), '--jetstream', '-sd', this.#folder]
    const control = this.#spawn('server', 'nats-server', nats)
    await said(control, 'Server is ready')
  }

  #address(namespace: string, device: string, own: string, other: string): void {
    ip('-n', namespace, 'addr', 'add', own, 'peer', other, 'dev', device)
    ip('-n', namespace, 'link', 'set', device, 'up', 'mtu', '1500', 'txqueuelen', '10000')
  }

  async serve(): Promise<FarSandbox> {
    const child = this.#spawn('server', process.execPath, [join(NETWORK, 'server.ts'), SERVER_ADDRESS, '0'])
    return JSON.parse(await firstLine(child)) as FarSandbox
  }

  async agent(place: Place): Promise<void> {
    const args = [CLI, 'agent', '--server', this.#url, '--place', place, '--remote', '--allow-secrets']
    await said(this.#spawn(place, process.execPath, args), 'waits for work')
  }

  async sweep(plan: string): Promise<string> {
    const child = this.#spawn('server', process.execPath, [
      ...[CLI, 'sweep', plan, '--server', this.#url, '--places', Object.keys(PLACES).join(',')],
      ...['--remote', '--allow-secrets', '--format', 'json']
    ])
    let [text, errors] = ['', '']
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    child.stderr?.setEncoding('utf8').on('data', (piece: string) => (errors += piece))
    await once(child, 'close')
    if (text === '') throw new Error(errors)
    return text
  }

  get #url(): string {
    return `nats://${SERVER_ADDRESS}:${NATS_PORT}`
  }

  #spawn(end: Place | 'server', program: string, args: readonly string[]): ChildProcess {
    const child = spawn('ip', ['netns', 'exec', this.#namespaces[end], program, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, CHATTERMARK_DATA: mkdtempSync(join(this.#folder, 'data-')) }
    })
    this.#children.push(child)
    return child
  }

  async close(): Promise<void> {
    await Promise.all(this.#children.map((child) => stopServer(child)))
    for (const name of Object.values(this.#namespaces))
      if (existsSync(`/run/netns/${name}`)) ip('netns', 'del', name)
  }
}

/** The processor's time of a send: a run of this machine, and the same run by an agent beside it. */
async function costTable(): Promise<Table> {
  const port = await freePort()
  const sink = await startServer('smtp-sink', ['-u', 'nobody', `127.0.0.1:${port}`, '1000'], port)
  const nats = await NatsServer.start()
  const agent = await startAgentProcess(nats, 'here')
  const folder = mkdtempSync(join(tmpdir(), 'chattermark-places-'))
  const run = async (messages: number, args: readonly string[]): Promise<void> => {
    const file = join(folder, `plan-${messages}.json`)
    const load = { transport: smtpTransport(port), concurrency: 10, messages, warmupSeconds: 0 }
    writeFileSync(file, JSON.stringify(planOf(load)))
    const out = mkdtempSync(join(folder, 'run-'))
    await output(process.execPath, [CLI, 'run', file, '--force', '--out', out, ...args])
  }
  /** Time of a send, µs, by what a long run takes more than a short one. */
  const perSend = async (args: readonly string[], ticks: () => number): Promise<number> => {
    const took: number[] = []
    for (const messages of [SHORT, LONG]) {
      const before = ticks()
      await run(messages, args)
      took.push(ticks() - before)
    }
    const [short = 0, long = 0] = took
    return ((long - short) / TICKS / (LONG - SHORT)) * 1e6
  }
  try {
    const [local, remote]: [number[], number[]] = [[], []]
    const agentPid = agent.child.pid ?? 0
    for (let turn = 0; turn < REPETITIONS; turn++) {
      local.push(await perSend([], () => ticksOf('self').children))
      const args = ['--server', nats.url, '--places', 'here']
      remote.push(await perSend(args, () => ticksOf(String(agentPid)).own))
    }
    const ratio = median(remote) / median(local)
    return {
      title: 'What an agent adds to a send',
      demand: `Processor time of a send of 1 KB over 10 kept SMTP connections, medians of ${REPETITIONS}; at most 5 % more than without an agent.`,
      head: ['this machine alone, µs', 'by an agent, µs', 'ratio'],
      rows: [
        {
          cells: [median(local).toFixed(1), median(remote).toFixed(1), ratio.toFixed(3)],
          met: ratio <= COST_WITHIN
        }
      ]
    }
  } finally {
    await agent.stop()
    await nats.stop()
    await stopServer(sink)
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Processor time of a process and of the children that it has waited for, in ticks. */
function ticksOf(pid: string): { own: number; children: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number)
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15)
  return { own: user + system, children: childUser + childSystem }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' })
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = (await once(createInterface({ input: child.stdout! }), 'line')) as [string]
  return line
}

/** Waits until a program says something, on either of its streams. */
async function said(child: ChildProcess, words: string): Promise<void> {
  const { promise, resolve: heard, reject } = Promise.withResolvers<void>()
  let text = ''
  const listen = (piece: Buffer): void => {
    text += piece.toString()
    if (text.includes(words)) heard()
  }
  child.stdout?.on('data', listen)
  child.stderr?.on('data', listen)
  child.once('exit', () => {
    reject(new Error(`${child.spawnargs.join(' ')} ended: ${text}`))
  })
  await promise
}
