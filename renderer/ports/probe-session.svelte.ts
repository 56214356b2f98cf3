import type { CallArgs } from '../../shared/page/ipc.ts'
import type { ProbePort, ProbeRecord } from '../../shared/record/probe-record.ts'
import type { Client } from '../stores/client.ts'

export type ProbeRequest = CallArgs<'probe.start'>[0]

/** One look at the ports of a host: what was asked, and what was found so far, each port once. */
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
    const asked = placesOf(request)
    const off = this.#client.on('probe.port', (port) => {
      // Every page hears of every look: another one's ports are not asked for here.
      if (asked.has(placeOf(port))) this.found = eachOnce([...this.found, port])
    })
    try {
      this.record = await this.#client.call('probe.start', request)
      this.found = eachOnce(this.record.ports)
    } finally {
      off()
      this.busy = false
    }
  }
}

/** Where a look goes: the ports of the host, and that of the API. */
function placesOf({ host, ports, apiUrl }: ProbeRequest): ReadonlySet<string> {
  const places = ports.map((port) => placeOf({ host, port }))
  const api = apiUrl === null ? null : URL.parse(apiUrl)
  if (api !== null) {
    const port = Number(api.port) || (api.protocol === 'https:' ? 443 : 80)
    places.push(placeOf({ host: api.hostname, port }))
  }
  return new Set(places)
}

/** An IPv6 address has no brackets where it was found. */
function placeOf({ host, port }: Pick<ProbePort, 'host' | 'port'>): string {
  return `${host.replace(/^\[(.*)\]$/, '$1')}:${port}`
}

/** What was found of a port last: the API's own port may be among those of the host, and is looked at as both. */
function eachOnce(found: readonly ProbePort[]): ProbePort[] {
  return [...new Map(found.map((port) => [placeOf(port), port])).values()]
}
