import { connect, type Socket } from 'node:net'

export interface Address {
  /** IP address. */
  address: string
  port: number
}

/** Opens a TCP connection and tells how long that took, ms. @throws the socket's error, or the signal's reason */
export function openSocket({ address, port }: Address, signal: AbortSignal): Promise<[Socket, number]> {
  return new Promise((resolve, reject) => {
    const startedMs = performance.now()
    const socket = connect({ host: address, port, noDelay: true, signal })
    socket.once('connect', () => resolve([socket, performance.now() - startedMs]))
    // Stays for the socket's life: after the connect, errors are for whoever listens, and never uncaught.
    socket.on('error', reject)
  })
}

/**
 * What a failed connection says about a port: `refused` when nobody listens, `other` when somebody accepts
 * and hangs up; `filtered` when there was no answer, or one from a router on the way.
 */
export function stateAfter(error: unknown): 'refused' | 'other' | 'filtered' {
  const code = error instanceof Error && 'code' in error ? error.code : ''
  if (code === 'ECONNREFUSED') return 'refused'
  return code === 'ECONNRESET' ? 'other' : 'filtered'
}

/** Why a look at a port ended early, for its warnings; null when its state says it all. */
export function reasonOf(error: unknown, deadline: AbortSignal, timeoutMs: number): string | null {
  if (deadline.aborted) return `did not answer within ${timeoutMs} ms`
  if (stateAfter(error) === 'refused') return null
  return error instanceof Error ? error.message : String(error)
}
