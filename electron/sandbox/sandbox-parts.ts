import type { Behaviour } from './behaviour.ts'
import type { Certificate } from './certificate.ts'
import type { Ledger } from './ledger.ts'
import type { Relay } from './relay.ts'

/** What all servers of a sandbox share. */
export interface SandboxParts {
  certificate: Certificate
  behaviour: Behaviour
  ledger: Ledger
  relay: Relay | null
}
