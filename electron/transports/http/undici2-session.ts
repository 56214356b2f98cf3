import type { Socket } from 'node:net'
import type { Client } from 'undici'
import type { Connection, ConnectionListener } from '../connect/connection.ts'
import type { TcpWatch } from '../connect/tcp-sight.ts'
import { whenClosed } from '../connect/when-closed.ts'
import type { Phase } from '../../../shared/record/words.ts'
import type { HttpContext } from './http-context.ts'
import { openUndici } from './undici-call.ts'
import type { undiciOptions } from './undici-settings.ts'

/** A lane with a send in flight. */
export interface Undici2User extends Pick<ConnectionListener, 'entered' | 'passed'> {
  opened(): void
  /** Bytes have left while the request may have been on its way. */
  moved(atUs: number): void
}

/** Bytes on a stream handle of Node's that the system has not taken yet: those of TLS wait in the handle below it. */
interface Handle {
  writeQueueSize?: number
  _parent?: Handle
}

/** A client of undici's over HTTP/2 and the connection under it, shared by the streams of several lanes. */
export class Undici2Session {
  readonly client: Client
  /** A send on it was given up: it goes as soon as the other sends are done. */
  isForsaken = false
  readonly #context: HttpContext
  /** Lanes with a send on it, and what had left the socket when each was begun. */
  readonly #users = new Map<Undici2User, number>()
  /** Most sends that were on it at once. */
  #mostUsers = 0
  #isLeft = false
  #connection: Connection | null = null
  /** Null until the connection is open. */
  #socket: Socket | null = null
  /** What the connection that is being opened waits for. */
  #phase: Phase = 'tcp'
  #phaseUs = 0
  /** Sends that the open connection has carried. */
  #sends = 0
  #bytesOut = 0
  #bytesIn = 0
  #leftBytes = 0

  constructor(context: HttpContext, options: ReturnType<typeof undiciOptions>) {
    this.#context = context
    const users = (): Undici2User[] => [...this.#users.keys()]
    const listener: Omit<ConnectionListener, 'failed'> = {
      entered: (phase, sinceUs) => {
        this.#phase = phase
        this.#phaseUs = sinceUs
        for (const user of users()) user.entered(phase, sinceUs)
      },
      passed: (phase, fromUs, untilUs, turns) => {
        for (const user of users()) user.passed(phase, fromUs, untilUs, turns)
      },
      opened: (socket) => {
        this.#opened(socket)
        for (const user of users()) user.opened()
      }
    }
    this.client = openUndici(context, options, listener, (connection) => {
      // undici has given up the connection before this one, whether or not its socket has closed by now.
      this.#release()
      this.#connection = connection
    })
  }

  get isOpen(): boolean {
    return this.#socket !== null
  }

  /** No send is on it. */
  get isIdle(): boolean {
    return this.#users.size === 0
  }

  /** A connection was to be opened, and nobody waits for it any more. */
  get isAbandoned(): boolean {
    return this.isIdle && this.#connection !== null && this.#socket === null
  }

  /** The open connection has been given all it may carry. */
  get isSpent(): boolean {
    return this.isOpen && this.#sends + this.#users.size >= this.#context.messagesPerConnection
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

  /** A lane is about to give a send to the client. It hears of a connection that others are waiting for already. */
  begun(user: Undici2User): void {
    this.#users.set(user, this.#socket === null ? 0 : leftBytes(this.#socket))
    this.#mostUsers = Math.max(this.#mostUsers, this.#users.size)
    if (this.#connection !== null && this.#socket === null) user.entered(this.#phase, this.#phaseUs)
  }

  /** A send has ended, one way or another. @returns bytes that crossed the socket since this was asked last */
  ended(user: Undici2User): { out: number; in: number } {
    this.#users.delete(user)
    this.#sends++
    const socket = this.#socket
    if (socket === null) return { out: 0, in: 0 }
    const taken = { out: socket.bytesWritten - this.#bytesOut, in: socket.bytesRead - this.#bytesIn }
    this.#bytesOut += taken.out
    this.#bytesIn += taken.in
    return taken
  }

  /**
   * Looks whether bytes have left, and tells those whose requests may be among them: HTTP/2 of Node's writes below the
   * socket, where nobody hears of it, and says not whose they are. By the time that as many bytes have left as all who
   * share the connection may have to say, a request that is still here stands still.
   */
  look(atUs: number): void {
    if (this.#socket === null) return
    const before = this.#leftBytes
    this.#leftBytes = leftBytes(this.#socket)
    if (this.#leftBytes === before) return
    const mostBytes = this.#mostUsers * this.#context.request.body.bytes.length
    for (const [user, from] of this.#users) if (before - from < mostBytes) user.moved(atUs)
  }

  /** It is given no more sends, counts as open no more, and closes when the ones in flight are done. */
  leave(): void {
    this.#isLeft = true
    this.#connection?.release()
    void this.client.close()
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#isLeft = true
    this.#connection?.release()
    // undici knows of no connection before it is open.
    if (this.#socket === null) this.#connection?.destroy()
    void this.client.destroy()
  }

  #opened(socket: Socket): void {
    this.#socket = socket
    this.#sends = 0
    this.#bytesOut = 0
    this.#bytesIn = 0
    this.#leftBytes = 0
    for (const user of this.#users.keys()) this.#users.set(user, 0)
    whenClosed(socket, (byPeer) => {
      if (socket !== this.#socket) return
      this.#release()
      if (byPeer && this.isIdle && !this.#isLeft) this.#context.stats.closedByPeer++
    })
    // Without TLS there is no ALPN: the plan's word is taken for it (RFC 9113, section 3.3).
    if (this.#context.request.scheme === 'http') Object.assign(socket, { alpnProtocol: 'h2' })
  }

  #release(): void {
    this.#connection?.release()
    this.#connection = null
    this.#socket = null
    this.#sends = 0
  }
}

/** Bytes that the system has taken from a socket. */
function leftBytes(socket: Socket): number {
  const handle = (socket as unknown as { _handle?: Handle | null })._handle
  return socket.bytesWritten - ((handle?._parent ?? handle)?.writeQueueSize ?? 0)
}
