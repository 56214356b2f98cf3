import type { CallArgs } from '../../shared/ipc.ts'
import type { ProbePort, ProbeRecord } from '../../shared/probe-record.ts'
import type { Client } from '../stores/client.ts'

export type ProbeRequest = CallArgs<'probe.start'>[0]

/** One look at the ports of a host: what was asked, and what was found so far. */
export class ProbeSession {
  request = $state.raw<ProbeRequest | null>(null)
  found = $state.raw<ProbePort[]>([])
  record = $state.raw<ProbeRecord | null>(null)
  busy = $state(false)
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  /** Looks at every port; each shows as soon as it is known. @throws CallError when the host cannot be probed. */
  async start(request: ProbeRequest): Promise<void> {
    this.request = request
    this.found = []
    this.record = null
    this.busy = true
    const off = this.#client.on('probe.port', (port) => (this.found = [...this.found, port]))
    try {
      this.record = await this.#client.call('probe.start', request)
      this.found = this.record.ports
    } finally {
      off()
      this.busy = false
    }
  }
}
