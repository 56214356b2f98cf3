import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { SANDBOX_HOST } from '../../shared/sandbox-target.ts'
import { isLoopbackHost } from '../../shared/loopback.ts'
import { loadConcurrency, type Plan, type Transport } from '../../shared/plan.ts'
import { httpSideOf } from '../../shared/providers/index.ts'
import { smtpTestHeaders } from '../../shared/providers/smtp-headers.ts'
import { startDelayLink, type DelayLink } from '../sandbox/delay-link.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import { startSandbox, type Sandbox } from '../sandbox/sandbox.ts'
import { TransportError, type Observed } from '../transports/client.ts'
import { composeContent } from '../transports/content.ts'
import { sentForms } from '../transports/redact.ts'
import type { PreparedTransport } from './block.ts'
import { createClient, endpointOf } from './create-client.ts'
import { RunError } from './run-error.ts'
import type { TransportStart } from './run-recorder.ts'
import { errorCode, readSecret, type Keychain } from './secrets.ts'
import { describeSettings } from './settings.ts'

/** How long a preflight may take altogether, ms, however long the plan lets a send wait. */
const PREFLIGHT_MS = 15_000

export interface PrepareOptions {
  keychain: Keychain
  fork?: ForkProcess
  /** Puts the delay link in front of the peers even when it has nothing to add: its own cost is then in every run alike. */
  alwaysLink?: boolean
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
 * @throws {RunError} with one line per transport that cannot be used
 */
export async function prepare(plan: Plan, options: PrepareOptions): Promise<Prepared> {
  const closers: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    const sandbox = await sandboxFor(plan, options, closers)
    const ready = await Promise.all(
      plan.transports.map((transport, index) => readTransport(transport, index, sandbox, options.keychain))
    )
    const secrets = ready.flatMap(secretsOf)
    for (const prepared of ready) prepared.secrets = secrets
    const observed = await preflightAll(plan, ready)
    if (plan.emulate.rttMs > 0 || options.alwaysLink === true) {
      await linkAll(plan.emulate.rttMs, ready, options, closers)
    }
    const starts = ready.map((prepared, index): TransportStart => {
      const found = observed[index]
      const baseMs = isLoopbackHost(endpointOf(prepared.transport).host)
        ? 0
        : (found?.leastConnectUs ?? 0) / 1000
      return {
        emulatedRttMs: plan.emulate.rttMs > 0 ? plan.emulate.rttMs + baseMs : null,
        leastConnectUs: found?.leastConnectUs ?? Infinity,
        observed: found?.observed ?? null,
        settings: describeSettings(prepared.transport, plan.timeoutSeconds * 1000),
        notes: notes(plan, prepared.transport)
      }
    })
    return { transports: ready, starts, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function sandboxFor(
  plan: Plan,
  options: PrepareOptions,
  closers: (() => Promise<void>)[]
): Promise<Sandbox | null> {
  if (!plan.transports.some((transport) => endpointOf(transport).host === SANDBOX_HOST)) return null
  const sandbox = await startSandbox(options.fork === undefined ? {} : { fork: options.fork })
  closers.push(() => sandbox.stop())
  return sandbox
}

async function readTransport(
  transport: Transport,
  index: number,
  sandbox: Sandbox | null,
  keychain: Keychain
): Promise<PreparedTransport> {
  const where = `transports[${index}]`
  const atSandbox = sandbox !== null && endpointOf(transport).host === SANDBOX_HOST
  const target = atSandbox ? toSandbox(transport, sandbox) : transport
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
        : await readSecret(transport.auth.password, `${where}.auth.password`, keychain),
    caPem: caFile === null ? null : await readCa(caFile, `${where}.tls.caFile`),
    secrets: [],
    emulatedRttUs: 0,
    runTag: randomBytes(8).toString('hex'),
    headers: target.protocol === 'smtp' ? smtpTestHeaders(target) : {}
  }
}

function secretsOf({ transport, password }: PreparedTransport): string[] {
  if (transport.auth === null || password === null) return []
  const usual = transport.protocol === 'http' ? httpSideOf(transport)?.user : null
  return sentForms(transport.auth.user ?? usual ?? '', password)
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

async function readCa(path: string, where: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new RunError(`${where}: the certificate file ${path} cannot be read (${errorCode(error)})`)
  }
}

interface Preflight {
  observed: Observed
  leastConnectUs: number
}

async function preflightAll(plan: Plan, ready: readonly PreparedTransport[]): Promise<Preflight[]> {
  const results = await Promise.allSettled(ready.map((prepared) => preflight(plan, prepared)))
  const faults = results.flatMap((result, index) =>
    result.status === 'rejected' ? [explainFault(plan.transports[index], result.reason)] : []
  )
  if (faults.length > 0) throw new RunError(faults.join('\n'))
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
}

async function preflight(plan: Plan, prepared: PreparedTransport): Promise<Preflight> {
  const timeoutMs = Math.min(plan.timeoutSeconds * 1000, PREFLIGHT_MS)
  const client = await createClient({
    ...prepared,
    content: await composeContent(plan.message, prepared.runTag, prepared.headers),
    timeoutMs,
    concurrency: loadConcurrency(plan.load)
  })
  try {
    return { observed: await client.preflight(), leastConnectUs: client.stats.leastConnectUs }
  } finally {
    await client.close(timeoutMs)
  }
}

function explainFault(transport: Transport | undefined, reason: unknown): string {
  const name = transport?.name ?? ''
  if (reason instanceof TransportError)
    return `${name}: ${reason.message} (phase ${reason.phase}, ${reason.code})`
  return `${name}: ${reason instanceof Error ? reason.message : String(reason)}`
}

async function linkAll(
  rttMs: number,
  ready: PreparedTransport[],
  options: PrepareOptions,
  closers: (() => Promise<void>)[]
): Promise<void> {
  const targets = ready.map(({ connectHost, connectPort }) => ({ host: connectHost, port: connectPort }))
  const link: DelayLink = await startDelayLink({
    targets,
    rttMs,
    ...(options.fork === undefined ? {} : { fork: options.fork })
  })
  closers.push(() => link.stop())
  ready.forEach((prepared, index) => {
    const port = link.ports[index]
    if (port === undefined) throw new RunError('the delay link has no port for a transport')
    prepared.connectHost = '127.0.0.1'
    prepared.connectPort = port
    prepared.emulatedRttUs = rttMs * 1000
  })
}

function notes(plan: Plan, transport: Transport): string[] {
  const found: string[] = []
  if (plan.emulate.rttMs > 0) {
    found.push(`The round trip of ${plan.emulate.rttMs} ms is emulated by a delay link on this machine.`)
  }
  const usesTls =
    transport.protocol === 'smtp' ? transport.security !== 'none' : transport.url.startsWith('https:')
  if (usesTls && !transport.tls.verify) found.push('The TLS certificate was NOT verified, as the plan asks.')
  found.push(...CLIENT_NOTES[transport.client])
  return found
}

/** What a reader must know of the library clients to read their figures. */
const CLIENT_NOTES: Readonly<Record<Transport['client'], readonly string[]>> = {
  wire: [],
  nodemailer: [
    'nodemailer composes the message anew for each send, resumes no TLS session and leaves without QUIT.',
    'Turns and waits of nodemailer are metered at its sockets, for every send.'
  ],
  undici: ['Turns and waits of undici are metered at its sockets, for every send.']
}
