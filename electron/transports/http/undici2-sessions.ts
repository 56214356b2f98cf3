import type { Socket } from 'node:net'
import type { Client } from 'undici'
import type { Connection, ConnectionListener } from '../connect/connection.ts'
import type { TcpWatch } from '../connect/tcp-sight.ts'
import type { Phase } from '../../../shared/record/words.ts'
import type { HttpContext } from './http-context.ts'
import { openUndici } from './undici-call.ts'
import type { undiciOptions } from './undici-settings.ts'

/** A lane with a send in flight. */
export interface Undici2User extends Pick<ConnectionListener, 'entered' | 'passed'> {
  readonly client: Client
  opened(): void
}

/** One client of undici's over HTTP/2 after another, and the session under it, shared by the streams of several lanes. */
export class Undici2Sessions {
  client: Client
  readonly #context: HttpContext
  readonly #options: ReturnType<typeof undiciOptions>
  /** Lanes with a send in flight. */
  readonly #users = new Set<Undici2User>()
  /** Clients that were left with a send on them that was given up. */
  readonly #forsaken = new Set<Client>()
  #connection: Connection | null = null
  /** Null until the connection is open. */
  #socket: Socket | null = null
  /** Sends that the open session has carried. */
  #sends = 0
  #bytesOut = 0
  #bytesIn = 0

  constructor(context: HttpContext, options: ReturnType<typeof undiciOptions>) {
    this.#context = context
    this.#options = options
    this.client = this.#newClient()
  }

  get isOpen(): boolean {
    return this.#socket !== null
  }

  /** Number of the open connection within its client; 0 when none is open. */
  get number(): number {
    return this.#connection?.number ?? 0
  }

  /** Sends that the open connection has carried. */
  get carried(): number {
    return this.#sends
  }

  /** What TCP does for the only send in flight; null where there are several. */
  get tcp(): TcpWatch | null {
    return this.#users.size === 1 ? (this.#connection?.tcp ?? null) : null
  }

  /** A lane is about to give a send to the client. */
  begun(user: Undici2User): void {
    this.renewIfSpent()
    this.#users.add(user)
  }

  /** A send has ended, one way or another. @returns bytes that crossed the socket since this was asked last */
  ended(user: Undici2User): { out: number; in: number } {
    this.#users.delete(user)
    if (user.client === this.client) this.#sends++
    this.#destroySpent()
    const socket = this.#socket
    if (socket === null) return { out: 0, in: 0 }
    const taken = { out: socket.bytesWritten - this.#bytesOut, in: socket.bytesRead - this.#bytesIn }
    this.#bytesOut += taken.out
    this.#bytesIn += taken.in
    return taken
  }

  /** Leaves a session that has been given all it may carry. */
  renewIfSpent(): void {
    if (this.isOpen && this.#sends + this.#current.length >= this.#context.messagesPerConnection) this.renew()
  }

  /** Gives the session no more sends: it closes when the ones in flight are done, and the next opens another. */
  renew(): void {
    const { client } = this
    this.#leave()
    void client.close()
    this.client = this.#newClient()
  }

  /**
   * Gives up a send whose client goes as soon as the other sends on it are done. undici must not abort it: Node never
   * returns from a stream that is closed without an error and destroyed while its body is being sent.
   */
  forsake(client: Client): void {
    if (client === this.client) this.renew()
    this.#forsaken.add(client)
    this.#destroySpent()
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#leave()
    void this.client.destroy()
    for (const client of this.#forsaken) void client.destroy()
  }

  /** Sends in flight on the open connection, or waiting for it. */
  get #current(): Undici2User[] {
    return [...this.#users].filter(({ client }) => client === this.client)
  }

  /** The session is on its way to being closed by this side: it counts as open no more. */
  #leave(): void {
    this.#connection?.release()
    this.#connection = null
    this.#socket = null
    this.#sends = 0
  }

  #opened(socket: Socket): void {
    this.#socket = socket
    this.#sends = 0
    this.#bytesOut = 0
    this.#bytesIn = 0
    let byPeer = false
    socket.once('end', () => (byPeer = true))
    socket.on('error', () => (byPeer = true))
    socket.once('close', () => {
      if (socket !== this.#socket) return
      this.#leave()
      if (byPeer && this.#users.size === 0) this.#context.stats.closedByPeer++
    })
    // Without TLS there is no ALPN: the plan's word is taken for it (RFC 9113, section 3.3).
    if (this.#context.request.scheme === 'http') Object.assign(socket, { alpnProtocol: 'h2' })
    for (const user of this.#current) user.opened()
  }

  #destroySpent(): void {
    for (const client of this.#forsaken) {
      if ([...this.#users].some((user) => user.client === client)) continue
      this.#forsaken.delete(client)
      void client.destroy()
    }
  }

  #newClient(): Client {
    const listener = {
      entered: (phase: Phase, sinceUs: number) =>
        this.#current.forEach((user) => user.entered(phase, sinceUs)),
      passed: (phase: Phase, fromUs: number, untilUs: number, turns: number) =>
        this.#current.forEach((user) => user.passed(phase, fromUs, untilUs, turns)),
      opened: (socket: Socket) => this.#opened(socket)
    }
    return openUndici(this.#context, this.#options, listener, (connection) => {
      // undici has given up the connection before this one, whether or not its socket has closed by now.
      this.#leave()
      this.#connection = connection
    })
  }
}
