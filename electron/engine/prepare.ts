import { randomBytes } from 'node:crypto'
import { SANDBOX_HOST } from '../../shared/plan/sandbox-target.ts'
import { median } from '../../shared/insight/statistics.ts'
import { isLoopbackHost } from '../../shared/plan/loopback.ts'
import { loadConcurrency } from '../../shared/plan/load-concurrency.ts'
import type { Plan, SecretRef, Transport } from '../../shared/plan/plan.ts'
import { riskOf } from '../../shared/plan/secret-summary.ts'
import { plainSecrets } from '../../shared/plan/masked-plan.ts'
import { plainText, secretUses, withSecrets } from '../../shared/plan/secret-refs.ts'
import { httpSideOf } from '../../shared/providers/index.ts'
import { smtpTestHeaders } from '../../shared/providers/smtp-headers.ts'
import { startDelayLink } from '../sandbox/delay-link.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import { startSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { TransportError, type Client, type Observed } from '../transports/client.ts'
import { isEmulated, systemCongestionControl, type LinkNetwork } from '../transports/link-network.ts'
import { composeContent } from '../transports/content.ts'
import { sentForms } from '../transports/redact.ts'
import type { PreparedTransport } from './block.ts'
import { withoutBulk } from './compose-aside.ts'
import { connectTimes } from './connect-times.ts'
import { createClient, endpointOf } from './create-client.ts'
import { messageOf, RunError } from '../record/run-error.ts'
import { StoppedEarly, untilStopped } from '../record/until-stopped.ts'
import type { TransportStart } from '../record/run-start.ts'
import { machineLimits, shortages } from './machine-limits.ts'
import { readCa } from './read-ca.ts'
import { readSecret, type Keychain } from './read-secret.ts'
import { describeSettings } from './transport-settings.ts'

export interface PrepareOptions {
  keychain: Keychain
  fork?: ForkProcess
  /** Puts the delay link in front of the peers even when it has nothing to add: its own cost is then in every run alike. */
  alwaysLink?: boolean
  /** Ends it at once: a peer that says nothing is not waited for. */
  signal?: AbortSignal
}

/** A plan whose peers are known to be there and to offer what the plan demands. */
export interface Prepared {
  transports: PreparedTransport[]
  starts: TransportStart[]
  /** Ends the helpers that were started for the run: sandbox, delay link. */
  close(): Promise<void>
}

/**
 * Reads secrets and certificates, starts the sandbox and the delay link when the plan wants them, and tries every
 * transport once without sending anything.
 * @throws {RunError} with one line per transport that cannot be used; {@link StoppedEarly} when the signal says so
 */
export async function prepare(plan: Plan, options: PrepareOptions): Promise<Prepared> {
  assertFits(plan)
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const sandbox = await sandboxFor(plan, options, closers)
    const ready = await Promise.all(
      plan.transports.map((transport, index) => readTransport(transport, index, sandbox, options.keychain))
    )
    const secrets = [...new Set(ready.flatMap(secretsOf))]
    for (const prepared of ready) prepared.secrets = secrets
    const observed = await preflightAll(plan, ready, options.signal)
    const connects = await untilStopped(connectTimesOf(ready, options.signal), options.signal)
    if (isEmulated(plan.emulate) || options.alwaysLink === true) {
      await linkAll(
        { ...plan.emulate, congestionControl: systemCongestionControl() },
        ready,
        options,
        closers
      )
    }
    const starts = ready.map((prepared, index): TransportStart => {
      const found = observed[index]
      const peer = peerOf(prepared.transport)
      const connectsUs = connects.get(peer) ?? []
      const isHere = isLoopbackHost(endpointOf(prepared.transport).host)
      const baseMs = isHere || connectsUs.length === 0 ? 0 : median(connectsUs) / 1000
      return {
        emulatedRttMs: plan.emulate.rttMs > 0 ? plan.emulate.rttMs + baseMs : null,
        peer,
        leastConnectUs: Math.min(found?.leastConnectUs ?? Infinity, ...connectsUs),
        connectsUs,
        observed: found?.observed ?? null,
        settings: describeSettings(prepared.transport, plan),
        notes: [...notes(plan, prepared.transport), ...(found?.hints ?? [])]
      }
    })
    return { transports: ready, starts, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** @throws {RunError} when the plan is certain to need more of this machine than it lets one process have */
function assertFits(plan: Plan): void {
  const short = shortages(machineLimits(), plan).filter(({ isCertain }) => isCertain)
  if (short.length > 0) throw new RunError(short.map(({ text }) => `this machine: ${text}`).join('\n'))
}

async function sandboxFor(
  plan: Plan,
  options: PrepareOptions,
  closers: (() => Promise<void>)[]
): Promise<Sandbox | null> {
  if (!plan.transports.some((transport) => endpointOf(transport).host === SANDBOX_HOST)) return null
  const sandbox = await startSandbox({ fork: options.fork, relay: ownSinkOf(plan) })
  closers.push(() => sandbox.stop())
  return sandbox
}

/** Where the sandbox passes on what it takes, so that a run from it to the run's own sink needs nothing else. */
function ownSinkOf({ delivery }: Plan): { host: string; port: number } | undefined {
  if (delivery?.receiver !== 'sink' || delivery.url !== null) return undefined
  const { host, port } = delivery
  return { host: isLoopbackHost(host) ? host : '127.0.0.1', port }
}

async function readTransport(
  transport: Transport,
  index: number,
  sandbox: Sandbox | null,
  keychain: Keychain
): Promise<PreparedTransport> {
  const where = `transports[${index}]`
  const atSandbox = sandbox !== null && endpointOf(transport).host === SANDBOX_HOST
  const texts = new Map<SecretRef, string>()
  for (const { ref, path } of atSandbox ? [] : secretUses(transport)) {
    texts.set(ref, await readSecret(ref, `${where}.${path}`, endpointOf(transport).host, keychain))
  }
  const textOf = (ref: SecretRef): string => texts.get(ref) ?? ''
  const target = withSecrets(atSandbox ? toSandbox(transport, sandbox) : transport, textOf)
  const { caFile } = target.tls
  const { host, port } = endpointOf(target)
  return {
    transport: target,
    connectHost: host,
    connectPort: port,
    password: atSandbox
      ? sandboxPassword(transport, sandbox)
      : transport.auth === null
        ? null
        : `${transport.auth.password.prefix ?? ''}${textOf(transport.auth.password)}`,
    caPem: caFile === null ? null : await readCa(caFile, `${where}.tls.caFile`),
    secrets: [...texts.values(), ...plainSecrets(transport)],
    emulatedRttUs: 0,
    emulated: null,
    runTag: randomBytes(8).toString('hex'),
    headers: target.protocol === 'smtp' ? smtpTestHeaders(target) : {}
  }
}

function secretsOf({ transport, password, secrets }: PreparedTransport): string[] {
  if (transport.auth === null || password === null) return [...secrets]
  const usual = transport.protocol === 'http' ? httpSideOf(transport)?.user : null
  return [...secrets, ...sentForms(plainText(transport.auth.user) || (usual ?? ''), password)]
}

/** The same transport, pointed at the running sandbox. */
function toSandbox<T extends Transport>(transport: T, sandbox: Sandbox): T {
  const tls = { ...transport.tls, caFile: sandbox.caFile, serverName: 'localhost' }
  if (transport.protocol === 'smtp') {
    const port = transport.security === 'tls' ? sandbox.smtpsPort : sandbox.smtpPort
    return { ...transport, host: sandbox.host, port, tls }
  }
  const url = transport.url.startsWith('https:') ? sandbox.apiTlsUrl : sandbox.apiUrl
  const { pathname } = new URL(transport.url)
  return {
    ...transport,
    url: pathname === '/' ? url : url + pathname,
    domain: transport.domain ?? sandbox.domain,
    tls
  }
}

function sandboxPassword(transport: Transport, sandbox: Sandbox): string | null {
  if (transport.auth === null) return null
  return transport.protocol === 'smtp' ? sandbox.password : sandbox.apiKey
}

interface Preflight {
  observed: Observed
  leastConnectUs: number
  /** What the peer showed that a reader should know. */
  hints: string[]
}

async function preflightAll(
  plan: Plan,
  ready: readonly PreparedTransport[],
  signal: AbortSignal | undefined
): Promise<Preflight[]> {
  const hosts = Map.groupBy(ready, ({ connectHost }) => connectHost)
  const found = new Map<PreparedTransport, PromiseSettledResult<Preflight>>()
  await Promise.all(
    [...hosts.values()].map(async (group) => {
      // One after another at each host: some allow few connections, and a run never uses two transports at once.
      for (const prepared of group) {
        const [result] = await Promise.allSettled([preflight(plan, prepared, signal)])
        found.set(prepared, result)
      }
    })
  )
  if (signal?.aborted === true) throw new StoppedEarly()
  const results = ready.flatMap((prepared) => found.get(prepared) ?? [])
  const faults = results.flatMap((result, index) =>
    result.status === 'rejected' ? [explainFault(plan.transports[index], result.reason)] : []
  )
  if (faults.length > 0) throw new RunError(faults.join('\n'))
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

async function preflight(
  plan: Plan,
  prepared: PreparedTransport,
  signal: AbortSignal | undefined
): Promise<Preflight> {
  const timeoutMs = plan.timeoutSeconds * 1000
  const client = await createClient({
    ...prepared,
    content: await composeContent(withoutBulk(plan.message), prepared.runTag, prepared.headers),
    timeoutMs,
    concurrency: loadConcurrency(plan.load)
  })
  try {
    const observed = await untilStopped(client.preflight(), signal)
    return { observed, leastConnectUs: client.stats.leastConnectUs, hints: [...client.stats.hints] }
  } finally {
    await letGo(client, timeoutMs, signal)
  }
}

/** Closes a client politely, or at once when the signal says so. */
export async function letGo(
  client: Client,
  timeoutMs: number,
  signal: AbortSignal | undefined
): Promise<void> {
  await untilStopped(client.close(timeoutMs), signal).catch(() => client.close(0))
}

/**
 * Transports with the same one are the same way from here. On this machine that is the port: behind each there may be a
 * tunnel to somewhere else.
 */
function peerOf(transport: Transport): string {
  const { host, port } = endpointOf(transport)
  const peer = isLoopbackHost(host) ? `${host}:${port}` : host
  return transport.family === null ? peer : `${peer} over IPv${transport.family}`
}

/** Times of a few connects to each peer. */
async function connectTimesOf(
  ready: readonly PreparedTransport[],
  signal: AbortSignal | undefined
): Promise<Map<string, number[]>> {
  const peers = new Map(ready.map(({ transport }) => [peerOf(transport), transport]))
  const timed = [...peers].map(
    async ([peer, transport]) =>
      [peer, await connectTimes({ ...endpointOf(transport), family: transport.family ?? 0 }, signal)] as const
  )
  return new Map(await Promise.all(timed))
}

function explainFault(transport: Transport | undefined, reason: unknown): string {
  const name = transport?.name ?? ''
  if (reason instanceof TransportError)
    return `${name}: ${reason.message} (phase ${reason.phase}, ${reason.code})`
  return `${name}: ${messageOf(reason)}`
}

async function linkAll(
  network: LinkNetwork,
  ready: PreparedTransport[],
  options: PrepareOptions,
  closers: (() => Promise<void>)[]
): Promise<void> {
  const targets = ready.map(({ connectHost, connectPort }) => ({ host: connectHost, port: connectPort }))
  const link = await startDelayLink({ targets, ...network, fork: options.fork })
  closers.push(() => link.stop())
  ready.forEach((prepared, index) => {
    const port = link.ports[index]
    if (port === undefined) throw new RunError('the delay link has no port for a transport')
    prepared.connectHost = '127.0.0.1'
    prepared.connectPort = port
    prepared.emulatedRttUs = network.rttMs * 1000
    prepared.emulated = { ...network, accountPort: link.accountPort }
  })
}

function notes(plan: Plan, transport: Transport): string[] {
  const found: string[] = []
  if (isEmulated(plan.emulate)) found.push(linkNote(plan.emulate))
  const usesTls =
    transport.protocol === 'smtp' ? transport.security !== 'none' : transport.url.startsWith('https:')
  if (usesTls && !transport.tls.verify) found.push('The TLS certificate was NOT verified, as the plan asks.')
  const risk = isLoopbackHost(endpointOf(transport).host) ? null : riskOf(transport)
  if (risk !== null && transport.auth !== null) found.push(`Mind the password: ${risk}.`)
  if (transport.protocol === 'http' && transport.http.version === '2' && transport.http.streams > 1)
    found.push(STREAMS_NOTE)
  found.push(...CLIENT_NOTES[transport.client])
  return found
}

function linkNote({ rttMs, window, mbitPerSecond, lossPercent }: Plan['emulate']): string {
  const parts = [
    `The round trip of ${rttMs} ms is emulated by a delay link on this machine`,
    ...(window ? [] : ['without TCP’s window']),
    ...(mbitPerSecond === null ? [] : [`with ${mbitPerSecond} Mbit/s each way`]),
    ...(lossPercent === 0 ? [] : [`with ${lossPercent} % of the segments lost each way`])
  ]
  return `${parts.join(', ')}.`
}

/** What TCP cannot tell where several messages are on one connection. */
const STREAMS_NOTE =
  'With several streams in flight TCP tells of the connection alone: transfer time and segments sent again are those of messages that had it to themselves.'

/** What a reader must know of the library clients to read their figures. */
const CLIENT_NOTES: Readonly<Record<Transport['client'], readonly string[]>> = {
  wire: [],
  nodemailer: [
    'nodemailer composes the message anew for each send, resumes no TLS session and leaves without QUIT.',
    'Turns and waits of nodemailer are metered at its sockets, for every send.'
  ],
  undici: ['Turns and waits of undici are metered at its sockets, for every send.']
}
