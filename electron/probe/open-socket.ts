import type { LookupAddress } from 'node:dns'
import { messageOf } from '../record/run-error.ts'
import { connect, type Socket } from 'node:net'
import { AddressRace } from '../transports/connect/address-race.ts'
import { whenSilent } from '../transports/connect/when-silent.ts'
import { nowUs } from '../transports/clock.ts'

export interface Address {
  /** Every address of the host, in the order in which they are to be tried. */
  addresses: readonly LookupAddress[]
  port: number
}

/** How long each wait of a probe may last, and what else ends it. */
export interface Patience {
  timeoutMs: number
  signal: AbortSignal
}

/** A wait that was longer than the probe's time. */
export class SilenceError extends Error {
  /** @param timeoutMs how long was waited */
  constructor(timeoutMs: number, what = '') {
    super(`did not answer${what} within ${timeoutMs} ms`)
    this.name = 'SilenceError'
  }
}

/**
 * Opens a TCP connection to the first address that answers and tells how long that took, ms.
 * @throws the socket's error, {@link SilenceError}, or the signal's reason
 */
export function openSocket(
  { addresses, port }: Address,
  { timeoutMs, signal }: Patience
): Promise<[Socket, number]> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const end = (): void => {
      stopWaiting()
      signal.removeEventListener('abort', onAbort)
    }
    const fail = (error: Error): void => {
      end()
      reject(error)
    }
    const race = new AddressRace([...addresses], (host) => connect({ host, port, noDelay: true, signal }), {
      won(socket, startedUs) {
        end()
        // Stays for the socket's life: errors are for whoever listens, and never uncaught.
        socket.on('error', () => undefined)
        resolve([socket, (nowUs() - startedUs) / 1000])
      },
      lost: fail
    })
    const onAbort = (): void => {
      race.stop()
      fail(signal.reason as Error)
    }
    const stopWaiting = whenSilent(timeoutMs, () => {
      race.stop()
      fail(new SilenceError(timeoutMs))
    })
    signal.addEventListener('abort', onAbort, { once: true })
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
export function whyEnded(error: unknown): string | null {
  if (stateAfter(error) === 'refused') return null
  return messageOf(error)
}
