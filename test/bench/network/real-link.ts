import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { PlanInput } from '../../../shared/plan/plan.ts'
import { runRecordSchema, type RunRecord } from '../../../shared/record/run-record.ts'
import type { Sandbox } from '../../../electron/sandbox/sandbox.ts'
import { found } from '../processes.ts'

/** Addresses of the two ends. They exist in the link's namespaces only. */
export const CLIENT_ADDRESS = '10.77.0.1'
export const SERVER_ADDRESS = '10.77.0.2'

const root = resolve(import.meta.dirname, '../../..')
const SETTINGS = '/proc/sys/net/ipv4'
/** Least, first and most bytes of a receive buffer (`tcp_rmem`) that has room for every content from the start. */
const ROOMY_BUFFER = '4096 2097152 33554432'
const CLI = join(root, 'electron/cli/main.ts')

export interface RealLinkOptions {
  rttMs: number
  lossPercent?: number
  mbitPerSecond?: number
  /** Of the losses. */
  seed?: number
  /** TCP's algorithm at both ends: `cubic`, `bbr`, `reno`. */
  congestionControl: string
  /**
   * The server's receive buffer. With the `system`'s own, the default, its window begins at 64 KB (Linux) and opens as the
   * server's program reads, so that the moments of that program decide how many round trips a large content takes on a new
   * connection; `roomy` leaves it to the congestion window.
   */
  receiveBuffer?: 'roomy' | 'system'
  /** Notes when each packet comes to the server's end and leaves it; costs some of the link's speed. */
  isWatched?: boolean
}

/** Two network namespaces with a wide-area link between them: real TCP at both ends, nothing leaves the machine. */
export interface RealLink {
  /** Starts a program at the client's end, or at the server's. */
  spawn(end: 'client' | 'server', program: string, args: readonly string[]): ChildProcess
  /** Starts the sandbox at the server's end. */
  serve(thinkMs: number): Promise<FarSandbox>
  /** What has come to the server's end and left it so far, in order; of a link that is watched. */
  packets(): LinkPacket[]
  /** Runs a plan by the command line at the client's end. */
  run(plan: PlanInput, options?: { sendsCsv?: boolean }): Promise<{ record: RunRecord; sends: string | null }>
  close(): Promise<void>
}

/** A TCP packet at the moment in which it came to the server's end of the link, or left it. */
export interface LinkPacket {
  atUs: number
  fromServer: boolean
  clientPort: number
  serverPort: number
  payloadBytes: number
}

export type FarSandbox = Pick<
  Sandbox,
  'smtpPort' | 'smtpsPort' | 'apiUrl' | 'apiTlsUrl' | 'caFile' | 'user' | 'password' | 'apiKey' | 'domain'
> & { stop(): Promise<void> }

/** What this machine lacks for a link of real TCP; null when nothing. */
export function whyNoRealLink(): string | null {
  if (process.platform !== 'linux') return 'Linux is needed: network namespaces and TUN devices'
  if (process.getuid?.() !== 0) return 'root is needed: it makes network namespaces and TUN devices'
  if (!existsSync('/dev/net/tun')) return '/dev/net/tun is missing'
  const missing = ['gcc', 'ip'].filter((program) => !found(program))
  return missing.length === 0 ? null : `${missing.join(' and ')} not found (gcc, iproute2)`
}

/** @throws {Error} with what the link's program or `ip` said */
export async function openRealLink(options: RealLinkOptions): Promise<RealLink> {
  const {
    rttMs,
    lossPercent = 0,
    mbitPerSecond = 0,
    seed = 1,
    isWatched = false,
    receiveBuffer = 'system'
  } = options
  const folder = mkdtempSync(join(tmpdir(), 'chattermark-link-'))
  const program = join(folder, 'wan-link')
  const packetLog = join(folder, 'packets')
  execFileSync('gcc', ['-O2', '-o', program, join(import.meta.dirname, 'wan-link.c')])
  const namespaces = { client: `cm-client-${process.pid}`, server: `cm-server-${process.pid}` }
  const children = new Set<ChildProcess>()
  const ip = (...args: string[]): void => {
    execFileSync('ip', args, { stdio: 'pipe' })
  }
  const within = (end: 'client' | 'server', args: readonly string[]): string[] => [
    ...['netns', 'exec', namespaces[end], ...args]
  ]
  const removeNamespaces = (): void => {
    for (const name of Object.values(namespaces))
      if (existsSync(`/run/netns/${name}`)) ip('netns', 'del', name)
  }
  removeNamespaces()
  // A namespace may choose among the allowed algorithms only; what is available may be made so.
  const available = readFileSync(`${SETTINGS}/tcp_available_congestion_control`, 'utf8')
  const allowed = readFileSync(`${SETTINGS}/tcp_allowed_congestion_control`, 'utf8')
  writeFileSync(`${SETTINGS}/tcp_allowed_congestion_control`, available)
  for (const name of Object.values(namespaces)) {
    ip('netns', 'add', name)
    ip('-n', name, 'link', 'set', 'lo', 'up')
  }
  const link = spawn(
    program,
    [
      ...[namespaces.client, namespaces.server, rttMs, lossPercent, mbitPerSecond, seed].map(String),
      ...(isWatched ? [packetLog] : [])
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] }
  )
  children.add(link)
  await firstLine(link)
  for (const [end, own, other] of [
    ['client', CLIENT_ADDRESS, SERVER_ADDRESS],
    ['server', SERVER_ADDRESS, CLIENT_ADDRESS]
  ] as const) {
    ip('-n', namespaces[end], 'addr', 'add', own, 'peer', other, 'dev', 'wan0')
    ip('-n', namespaces[end], 'link', 'set', 'wan0', 'up', 'mtu', '1500', 'txqueuelen', '10000')
    const set = (setting: string, value: string): void =>
      ip(...within(end, ['sh', '-c', `echo ${value} > ${SETTINGS}/${setting}`]))
    set('tcp_congestion_control', options.congestionControl)
    if (end === 'server' && receiveBuffer === 'roomy') set('tcp_rmem', ROOMY_BUFFER)
    // What one connection learnt of the path would otherwise change how the next one begins.
    set('tcp_no_metrics_save', '1')
  }

  const start: RealLink['spawn'] = (end, name, args) => {
    const child = spawn('ip', within(end, [name, ...args]), {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: root,
      env: { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder }
    })
    children.add(child)
    child.once('exit', () => children.delete(child))
    return child
  }
  let runs = 0
  return {
    spawn: start,
    async serve(thinkMs) {
      const child = start('server', process.execPath, [
        join(import.meta.dirname, 'server.ts'),
        SERVER_ADDRESS,
        String(thinkMs)
      ])
      const facts = JSON.parse(await firstLine(child)) as Omit<FarSandbox, 'stop'>
      return { ...facts, stop: () => ended(child, () => child.stdin?.end()) }
    },
    packets: () => readFileSync(packetLog, 'utf8').split('\n').slice(0, -1).map(packetOf),
    async run(plan, { sendsCsv = false } = {}) {
      const out = join(folder, `run-${++runs}`)
      const path = join(folder, `plan-${runs}.json`)
      writeFileSync(path, JSON.stringify(plan))
      const args = [
        'run',
        path,
        '--remote',
        '--allow-secrets',
        '--out',
        out,
        '--format',
        'json',
        ...(sendsCsv ? ['--sends'] : [])
      ]
      const child = start('client', process.execPath, [CLI, ...args])
      let printed = ''
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text))
      await once(child, 'close')
      const record = runRecordSchema.parse(JSON.parse(printed))
      return { record, sends: sendsCsv ? readFileSync(join(out, 'sends.csv'), 'utf8') : null }
    },
    async close() {
      await Promise.all([...children].map((child) => ended(child, () => child.kill('SIGTERM'))))
      removeNamespaces()
      writeFileSync(`${SETTINGS}/tcp_allowed_congestion_control`, allowed)
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

function packetOf(line: string): LinkPacket {
  const [atUs, direction, clientPort, serverPort, payloadBytes] = line.split(' ')
  return {
    atUs: Number(atUs),
    fromServer: direction === '<',
    clientPort: Number(clientPort),
    serverPort: Number(serverPort),
    payloadBytes: Number(payloadBytes)
  }
}

async function ended(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  ask()
  await exited
}

/** The first line that a program prints. */
async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('its output is not read')
  const lines = createInterface({ input: child.stdout })
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => text as string),
    once(child, 'exit').then(() => null)
  ])
  lines.close()
  child.stdout.resume()
  if (line === null) throw new Error(`${child.spawnargs.join(' ')} ended at once`)
  return line
}
