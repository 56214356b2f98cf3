import type { LookupAddress } from 'node:dns'
import { lookup, Resolver } from 'node:dns/promises'
import { PROBED_PORTS } from '../../shared/plan/mail-ports.ts'
import type { ProbePort, ProbeRecord } from '../../shared/record/probe-record.ts'
import { untilStopped } from '../record/until-stopped.ts'
import { interleaved } from '../transports/connect/resolver.ts'
import { probeApiAddress } from './api-address.ts'
import { recommend } from './recommendation.ts'
import { probeSmtpPort, unknownPort } from './smtp-port.ts'

const DEFAULT_PROBE_TIMEOUT_MS = 10_000

export interface ProbeOptions {
  /** Name or address. */
  host: string
  ports?: readonly number[]
  /** Address of an API to look at as well. */
  apiUrl?: string | null
  /** Domain whose mail exchangers' port 25 is looked at as well. */
  mxDomain?: string | null
  /** For each wait. */
  timeoutMs?: number
  /** Hears of each port as soon as it is known. */
  onPort?: (port: ProbePort) => void
  signal?: AbortSignal
  /** PEM text trusted beside the built-in roots. */
  caPem?: string | null
  /** Name given in EHLO; this machine's own by default. */
  ehloName?: string | null
  /** DNS servers to ask for mail exchangers, as ADDRESS:PORT; the system's by default. */
  dnsServers?: readonly string[]
}

/** Mail exchangers of a domain that are looked at. */
const MOST_EXCHANGERS = 5
const RELAY_PORT = 25

/**
 * Looks at the ports of a host, all at once: which answer, what they offer, which to use and why. Says no
 * more than EHLO, STARTTLS and QUIT; no mail is begun and no password is sent.
 * @throws the signal's reason when it aborts; all else that goes wrong is a finding
 */
export async function probe(options: ProbeOptions): Promise<ProbeRecord> {
  const signal = options.signal ?? new AbortController().signal
  const host = bare(options.host)
  const common = {
    caPem: options.caPem ?? null,
    ehloName: options.ehloName ?? null,
    timeoutMs: options.timeoutMs ?? DEFAULT_PROBE_TIMEOUT_MS,
    signal
  }
  const known = async (finding: Promise<ProbePort>): Promise<ProbePort> => {
    const port = await finding
    options.onPort?.(port)
    return port
  }
  const smtpPort = async (host: string, port: number): Promise<ProbePort> => {
    const addresses = await resolve(host, signal)
    return addresses.length === 0
      ? unresolved(host, port)
      : probeSmtpPort({ ...common, host, addresses, port })
  }
  const apiAddress = async (text: string): Promise<ProbePort> => {
    const url = new URL(text)
    const apiHost = bare(url.hostname)
    const isTls = url.protocol === 'https:'
    const port = Number(url.port) || (isTls ? 443 : 80)
    const addresses = await resolve(apiHost, signal)
    return addresses.length === 0
      ? unresolved(apiHost, port)
      : probeApiAddress({ ...common, host: apiHost, addresses, port }, isTls)
  }
  const relays = async (domain: string): Promise<ProbePort[]> => {
    const hosts = await exchangersOf(domain, common.timeoutMs, options)
    return Promise.all(hosts.map((host) => known(smtpPort(host, RELAY_PORT))))
  }

  const [own, api, exchangers] = await Promise.all([
    Promise.all((options.ports ?? PROBED_PORTS).map((port) => known(smtpPort(host, port)))),
    options.apiUrl == null ? [] : known(apiAddress(options.apiUrl)).then((port) => [port]),
    options.mxDomain == null ? [] : relays(options.mxDomain)
  ])
  return {
    schema: 1,
    host,
    ports: [...own, ...api, ...exchangers],
    recommendation: recommend(own)
  }
}

function unresolved(host: string, port: number): ProbePort {
  return {
    ...unknownPort(host, port, 'unresolved'),
    warnings: [`${host || 'the domain'} has no address in DNS`]
  }
}

/** The host's addresses, the families taking turns; none when it has none. */
async function resolve(host: string, signal: AbortSignal): Promise<LookupAddress[]> {
  if (host === '') return []
  try {
    // Most mail hosts are reached over IPv4, and many networks have no other way out.
    return interleaved(await untilStopped(lookup(host, { all: true, order: 'ipv4first' }), signal))
  } catch {
    return []
  } finally {
    signal.throwIfAborted()
  }
}

/** An IPv6 address without the brackets that URLs put around it. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

/** Where mail for a domain goes, best first; the domain itself where no MX says otherwise (RFC 5321 section 5.1). */
async function exchangersOf(domain: string, timeoutMs: number, options: ProbeOptions): Promise<string[]> {
  const resolver = new Resolver({ timeout: timeoutMs, tries: 1 })
  if (options.dnsServers !== undefined) resolver.setServers(options.dnsServers)
  const cancel = (): void => resolver.cancel()
  options.signal?.addEventListener('abort', cancel, { once: true })
  try {
    const records = await resolver.resolveMx(domain)
    return records
      .sort((a, b) => a.priority - b.priority)
      .slice(0, MOST_EXCHANGERS)
      .map(({ exchange }) => exchange)
  } catch {
    options.signal?.throwIfAborted()
    return [domain]
  } finally {
    options.signal?.removeEventListener('abort', cancel)
  }
}
