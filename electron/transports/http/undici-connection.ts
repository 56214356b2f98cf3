import type { Socket } from 'node:net'
import { Client as UndiciClient } from 'undici'
import type { Phase } from '../../../shared/words.ts'
import { TransportError } from '../client.ts'
import { type MeterOptions, meterSocket, SocketMeter } from '../socket-meter.ts'
import type { DialListener } from './dialer.ts'
import type { HttpContext } from './http-context.ts'
import type { undiciOptions } from './undici-settings.ts'

/** A lane with a send in flight. */
export interface UndiciUser {
  /** The client that the send was given to: the connection's own, or one that it has left since. */
  readonly client: UndiciClient
  dialing(phase: Phase): void
  dialed(phase: Phase, fromUs: number, untilUs: number, turns: number): void
  opened(): void
}

/** The client speaks first, so no wait is ever a greeting; whatever it writes, the answer is what it waits for. */
const METER: MeterOptions = { greeting: 'wait', phaseOf: () => 'wait' }

/** One undici client at a time and the connection under it, whose socket is ours: opened and counted like every other. */
export class UndiciConnection implements DialListener {
  client: UndiciClient
  /** Counts the turns of HTTP/1.1, where the socket carries one send at a time; HTTP/2 reads past the socket's own methods. */
  readonly meter: SocketMeter | null
  /** Lanes with a send in flight. */
  readonly users = new Set<UndiciUser>()
  /** Number of the open connection within its client; 0 when none is open. */
  number = 0
  /** Sends that the open connection has carried. */
  sends = 0
  readonly #context: HttpContext
  readonly #options: ReturnType<typeof undiciOptions>
  /** Clients that were left with a send on them that was given up. */
  readonly #forsaken = new Set<UndiciClient>()
  #socket: Socket | null = null
  #metered = false
  #phase: Phase = 'tcp'
  #onConnect: (error: Error | null, socket: Socket | null) => void = () => undefined
  #bytesOut = 0
  #bytesIn = 0

  constructor(context: HttpContext, options: ReturnType<typeof undiciOptions>) {
    this.#context = context
    this.#options = options
    this.meter = options.allowH2 ? null : new SocketMeter(METER, context.stats)
    this.client = this.#newClient()
  }

  get isOpen(): boolean {
    return this.number > 0
  }

  /** Sends in flight on the open connection, or waiting for it. */
  get current(): UndiciUser[] {
    return [...this.users].filter(({ client }) => client === this.client)
  }

  /** Bytes that crossed the socket since this was asked last. */
  takeBytes(): { out: number; in: number } {
    const socket = this.#socket
    if (socket === null) return { out: 0, in: 0 }
    const taken = { out: socket.bytesWritten - this.#bytesOut, in: socket.bytesRead - this.#bytesIn }
    this.#bytesOut += taken.out
    this.#bytesIn += taken.in
    return taken
  }

  /** Ends the connection with what is on it; the next send gets a client of its own. */
  cut(): void {
    const socket = this.#socket
    const { client } = this
    this.left()
    this.#socket = null
    socket?.destroy()
    void client.destroy()
    this.client = this.#newClient()
  }

  /** Gives the connection no more sends: it closes when the ones in flight are done, and the next opens another. */
  renew(): void {
    const { client } = this
    this.left()
    void client.close()
    this.client = this.#newClient()
  }

  /**
   * Gives up a send over HTTP/2 whose client goes as soon as the other sends on it are done. undici must not abort it:
   * Node never returns from a stream that is closed without an error and destroyed while its body is being sent.
   */
  forsake(client: UndiciClient): void {
    if (client === this.client) this.renew()
    this.#forsaken.add(client)
    this.#destroySpent()
  }

  /** A send has ended, one way or another. */
  ended(user: UndiciUser): void {
    this.users.delete(user)
    this.#destroySpent()
  }

  /** Ends everything at once. */
  destroy(): void {
    this.left()
    void this.client.destroy()
    for (const client of this.#forsaken) void client.destroy()
  }

  /** The connection is on its way to being closed by this side: it counts as open no more. */
  left(): void {
    if (!this.isOpen) return
    this.number = 0
    this.sends = 0
    this.#context.dialer.released()
  }

  dialing(phase: Phase): void {
    this.#phase = phase
    for (const user of this.current) user.dialing(phase)
    if (phase !== 'tcp' || this.meter === null || this.#metered || this.#socket === null) return
    this.#metered = true
    meterSocket(this.#socket, this.meter)
  }

  dialed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    if (this.meter !== null && phase !== 'dns') return
    for (const user of this.current) user.dialed(phase, fromUs, untilUs, turns)
  }

  opened(socket: Socket): void {
    const { stats, request } = this.#context
    this.number = stats.opened
    this.sends = 0
    this.#bytesOut = 0
    this.#bytesIn = 0
    let byPeer = false
    socket.once('end', () => (byPeer = true))
    socket.on('error', () => (byPeer = true))
    socket.once('close', () => {
      if (socket !== this.#socket || !this.isOpen) return
      this.left()
      if (byPeer && this.users.size === 0) stats.closedByPeer++
    })
    // Without TLS there is no ALPN: the plan's word is taken for it (RFC 9113, section 3.3).
    if (this.meter === null && request.scheme === 'http') Object.assign(socket, { alpnProtocol: 'h2' })
    for (const user of this.current) user.opened()
    // Not before the meter has heard that the connection is open, too.
    process.nextTick(() => this.#onConnect(null, socket))
  }

  dialFailed(socket: Socket, code: string, message: string): void {
    if (socket !== this.#socket) return
    this.meter?.cut()
    this.#onConnect(new TransportError(this.#phase, code, message), null)
  }

  #destroySpent(): void {
    for (const client of this.#forsaken) {
      if ([...this.users].some((user) => user.client === client)) continue
      this.#forsaken.delete(client)
      void client.destroy()
    }
  }

  #newClient(): UndiciClient {
    const { scheme, authority } = this.#context.request
    return new UndiciClient(`${scheme}://${authority}`, {
      ...this.#options,
      connect: (_options, callback) => {
        this.#onConnect = (error, socket) => {
          if (error !== null) callback(error, null)
          else if (socket !== null) callback(null, socket)
        }
        // undici has given up the connection before this one, whether or not its socket has closed by now.
        this.left()
        this.#metered = false
        this.#socket = null
        this.#socket = this.#context.dialer.dial(this)
      }
    })
  }
}
