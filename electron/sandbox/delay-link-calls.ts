import type { LinkNetwork } from '../transports/link-network.ts'

export interface Endpoint {
  host: string
  port: number
}

/** What a delay link stands in front of. */
export interface LinkTarget extends Endpoint {
  /** Local port to listen on; any free one when absent. */
  listenPort?: number
}

/** What the delay link's process can be asked. */
export type LinkCalls = {
  /**
   * Answers with the local port in front of each target, and with that of the account: whoever connects there hears, a
   * line each (see `link-account.ts`), what contents took beyond their first flight.
   */
  start: {
    argument: { targets: LinkTarget[]; network: LinkNetwork }
    answer: { ports: number[]; accountPort: number }
  }
  setRttMs: { argument: number; answer: void }
}
