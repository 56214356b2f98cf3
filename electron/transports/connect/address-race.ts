import type { LookupAddress } from 'node:dns'
import type { Socket } from 'node:net'
import { nowUs } from '../clock.ts'
import { isLocalShortage } from './failure.ts'

/** How long an attempt has the field to itself before the next address is tried beside it (RFC 8305, section 5), ms. */
export const ATTEMPT_DELAY_MS = 250

/** Hears how a race ends, once. */
export interface RaceListener {
  /** @param startedUs when the attempt that won was begun: from there on the connect is a round trip */
  won(socket: Socket, startedUs: number): void
  /** Every address has failed. */
  lost(error: NodeJS.ErrnoException): void
}

/**
 * Tries one address after another, and none is given up before another has answered (RFC 8305, section 5): the next
 * begins {@link ATTEMPT_DELAY_MS} after the one before, or as soon as that has failed.
 */
export class AddressRace {
  readonly #addresses: LookupAddress[]
  readonly #start: (address: string) => Socket
  readonly #listener: RaceListener
  readonly #attempts = new Set<Socket>()
  readonly #errors: NodeJS.ErrnoException[] = []
  #timer: NodeJS.Timeout | undefined

  /** @param start makes a socket that connects to an address */
  constructor(addresses: LookupAddress[], start: (address: string) => Socket, listener: RaceListener) {
    this.#addresses = [...addresses]
    this.#start = start
    this.#listener = listener
    this.#next()
  }

  /** Gives all attempts up, and says nothing more. */
  stop(): void {
    clearTimeout(this.#timer)
    for (const socket of this.#attempts) socket.destroy()
    this.#attempts.clear()
    this.#addresses.length = 0
  }

  #next(): void {
    const address = this.#addresses.shift()
    if (address === undefined) return
    const startedUs = nowUs()
    const socket = this.#start(address.address)
    this.#attempts.add(socket)
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(socket, error))
    // Before TLS makes its first message, which takes time that is no part of the round trip.
    socket.prependOnceListener('connect', () => {
      if (!this.#attempts.delete(socket)) return
      this.stop()
      this.#listener.won(socket, startedUs)
    })
    if (this.#addresses.length > 0) this.#timer = setTimeout(() => this.#next(), ATTEMPT_DELAY_MS)
  }

  #failed(socket: Socket, error: NodeJS.ErrnoException): void {
    if (!this.#attempts.delete(socket)) return
    this.#errors.push(error)
    if (this.#addresses.length > 0) {
      clearTimeout(this.#timer)
      this.#next()
    } else if (this.#attempts.size === 0) this.#listener.lost(joined(this.#errors))
  }
}

/** What several attempts have failed of: a peer's or the network's word weighs more than that one family is missing here. */
function joined(errors: readonly NodeJS.ErrnoException[]): NodeJS.ErrnoException {
  const telling = errors.find(({ code }) => !isLocalShortage(code ?? '')) ?? errors[0]
  const words = [...new Set(errors.map(({ message }) => message))].join('; ')
  return Object.assign(new Error(words), { code: telling?.code ?? 'SOCKET' })
}
