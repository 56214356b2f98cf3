import { urlHost } from '../../shared/text/url-host.ts'
import { removeFolderOf } from './remove-folder-of.ts'
import { ChildCaller } from './child-calls.ts'
import { SANDBOX_API_KEY, SANDBOX_DOMAIN, SANDBOX_PASSWORD, SANDBOX_USER } from './credentials.ts'
import { forkNode, type ForkProcess } from './fork.ts'
import type { Arrival, SandboxStats } from './ledger.ts'
import type { SandboxCalls, SandboxSettings } from './sandbox-calls.ts'

export interface SandboxOptions extends SandboxSettings {
  /** How to start the servers' process; Node's fork by default. */
  fork?: ForkProcess
}

/** The running built-in servers: SMTP submission, and an HTTP API shaped like Mailgun's. */
export interface Sandbox {
  host: string
  /** Plaintext and STARTTLS. */
  smtpPort: number
  /** Implicit TLS. */
  smtpsPort: number
  /** `http://HOST:PORT` of the API; HTTP/1.1. */
  apiUrl: string
  /** `https://HOST:PORT` of the API; HTTP/2 and HTTP/1.1. */
  apiTlsUrl: string
  /** PEM file with the certificate to trust; gone after `stop`. */
  caFile: string
  user: string
  password: string
  apiKey: string
  domain: string
  stats(): Promise<SandboxStats>
  /** Every message taken so far, in order; empty without `recordArrivals`. */
  arrivals(): Promise<Arrival[]>
  /** Ends the servers' process and removes its files. May be called twice. */
  stop(): Promise<void>
  /** Resolves when the servers' process is gone, asked for or not. */
  ended: Promise<void>
}

/**
 * Starts the built-in servers in a process of their own, which ends with this one at the latest.
 * @throws {Error} when a port is taken or the process cannot start
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { fork = forkNode, ...settings } = options
  const child = new ChildCaller<SandboxCalls>(fork('sandbox-process', []), 'the sandbox')
  let addresses
  try {
    addresses = await child.call('start', settings)
  } catch (error) {
    await child.end()
    throw error
  }
  const { smtpPort, smtpsPort, apiPort, apiTlsPort, caFile } = addresses
  const host = settings.host ?? '127.0.0.1'
  return {
    host,
    smtpPort,
    smtpsPort,
    apiUrl: `http://${urlHost(host)}:${apiPort}`,
    apiTlsUrl: `https://${urlHost(host)}:${apiTlsPort}`,
    caFile,
    user: SANDBOX_USER,
    password: SANDBOX_PASSWORD,
    apiKey: SANDBOX_API_KEY,
    domain: SANDBOX_DOMAIN,
    stats: () => child.call('stats', null),
    arrivals: () => child.call('arrivals', null),
    stop: async () => {
      await child.end()
      removeFolderOf(caFile)
    },
    ended: child.ended
  }
}
