import type { Socket } from 'node:net'
import type { HttpTransport } from '../../../shared/plan.ts'
import type { Phase } from '../../../shared/words.ts'
import { type ClientOptions, type ConnectionStats, type Observed, TransportError } from '../client.ts'
import { Dialer } from './dialer.ts'

/** Connects and shakes hands as the plan demands, and leaves again: nothing is sent. */
export async function preflight(
  options: ClientOptions<HttpTransport>,
  stats: ConnectionStats
): Promise<Observed> {
  const alpn = options.transport.http.version === '2' ? 'h2' : 'http/1.1'
  const dialer = new Dialer(options, stats, alpn)
  let phase: Phase = 'tcp'
  let timer: NodeJS.Timeout | undefined
  try {
    const socket = await new Promise<Socket>((resolve, reject) => {
      const fail = (code: string, message: string): void => reject(new TransportError(phase, code, message))
      const dialed = dialer.dial({
        dialing: (next) => (phase = next),
        dialed: () => undefined,
        opened: resolve,
        dialFailed: (_socket, code, message) => fail(code, message)
      })
      timer = setTimeout(() => {
        fail('TIMEOUT', `no connection within ${options.timeoutMs} ms`)
        dialed.destroy()
      }, options.timeoutMs)
    })
    socket.on('error', () => undefined)
    dialer.released()
    socket.destroySoon()
    await dialer.drained(options.timeoutMs)
  } finally {
    clearTimeout(timer)
  }
  const { observed } = dialer
  if (observed === null) throw new TypeError('a connection opened without being observed')
  return observed
}
