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
  readonly #addresses: readonly LookupAddress[]
  readonly #start: (address: string) => Socket
  readonly #listener: RaceListener
  /** Those that go on. */
  readonly #attempts: Socket[] = []
  readonly #errors: NodeJS.ErrnoException[] = []
  /** Place of the address that is next. */
  #at = 0
  #timer: NodeJS.Timeout | undefined

  /** @param start makes a socket that connects to an address */
  constructor(
    addresses: readonly LookupAddress[],
    start: (address: string) => Socket,
    listener: RaceListener
  ) {
    this.#addresses = addresses
    this.#start = start
    this.#listener = listener
    this.#next()
  }

  /** Gives all attempts up, and says nothing more. */
  stop(): void {
    clearTimeout(this.#timer)
    for (const socket of this.#attempts) socket.destroy()
    this.#attempts.length = 0
    this.#at = this.#addresses.length
  }

  #next(): void {
    const address = this.#addresses[this.#at]
    if (address === undefined) return
    this.#at++
    const startedUs = nowUs()
    const socket = this.#start(address.address)
    this.#attempts.push(socket)
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(socket, error))
    // Before TLS makes its first message, which takes time that is no part of the round trip.
    socket.prependListener('connect', () => {
      if (!this.#ended(socket)) return
      this.stop()
      this.#listener.won(socket, startedUs)
    })
    if (this.#at < this.#addresses.length) this.#timer = setTimeout(() => this.#next(), ATTEMPT_DELAY_MS)
  }

  #failed(socket: Socket, error: NodeJS.ErrnoException): void {
    if (!this.#ended(socket)) return
    this.#errors.push(error)
    if (this.#at < this.#addresses.length) {
      clearTimeout(this.#timer)
      this.#next()
    } else if (this.#attempts.length === 0) this.#listener.lost(joined(this.#errors))
  }

  /** Takes an attempt out of those that go on; false when it was none of them. */
  #ended(socket: Socket): boolean {
    const at = this.#attempts.indexOf(socket)
    if (at >= 0) this.#attempts.splice(at, 1)
    return at >= 0
  }
}

/** What several attempts have failed of: a peer's or the network's word weighs more than that one family is missing here. */
function joined(errors: readonly NodeJS.ErrnoException[]): NodeJS.ErrnoException {
  const telling = errors.find(({ code }) => !isLocalShortage(code ?? '')) ?? errors[0]
  const words = [...new Set(errors.map(({ message }) => message))].join('; ')
  return Object.assign(new Error(words), { code: telling?.code ?? 'SOCKET' })
}
