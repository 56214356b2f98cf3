import type { BehaviourOptions } from './behaviour.ts'
import type { Arrival, SandboxStats } from './ledger.ts'
import type { RelayTarget } from './relay.ts'

/** Where the built-in servers listen, and how they behave. */
export interface SandboxSettings extends BehaviourOptions {
  /** Loopback address to listen on; 127.0.0.1 by default. */
  host?: string
  /** Ports; 0, the default, is a free one. */
  smtpPort?: number
  smtpsPort?: number
  apiPort?: number
  apiTlsPort?: number
  /** Remembers time and Message-ID of every message taken, for {@link SandboxCalls.arrivals}. */
  recordArrivals?: boolean
  /** Passes on what it took, over SMTP; nothing leaves the sandbox without. */
  relay?: RelayTarget
}

export interface SandboxAddresses {
  smtpPort: number
  smtpsPort: number
  apiPort: number
  apiTlsPort: number
  /** PEM file with the servers' certificate. */
  caFile: string
}

/** What the sandbox's process can be asked. */
export type SandboxCalls = {
  start: { argument: SandboxSettings; answer: SandboxAddresses }
  stats: { argument: null; answer: SandboxStats }
  arrivals: { argument: null; answer: Arrival[] }
}
