import { type ClientHttp2Session, connect } from 'node:http2'
import type { Socket } from 'node:net'
import type { Phase } from '../../../shared/words.ts'
import { nowUs } from '../clock.ts'
import type { DialListener } from './dialer.ts'
import type { HttpContext } from './http-context.ts'

/** What waits to be sent counts against this: beyond it Node refuses answers that have arrived. */
const MAX_SESSION_MEGABYTES = 4096

/** A lane that waits for a connection. */
export interface Http2User {
  dialing(phase: Phase, sinceUs: number): void
  dialed(phase: Phase, fromUs: number, untilUs: number, turns: number): void
  ready(carrier: Http2Carrier): void
  dialFailed(code: string, message: string): void
}

/** One open connection, and what it has carried. */
export class Http2Carrier {
  readonly session: ClientHttp2Session
  /** Number of the connection within its client. */
  readonly number: number
  /** Sends that it has been given. */
  sends = 0
  readonly #socket: Socket
  readonly #onReleased: () => void
  #inFlight = 0
  #retired = false
  #released = false
  #bytesOut = 0
  #bytesIn = 0

  /** @param onReleased is called once, when nothing is open any more */
  constructor(session: ClientHttp2Session, socket: Socket, number: number, onReleased: () => void) {
    this.session = session
    this.number = number
    this.#socket = socket
    this.#onReleased = onReleased
  }

  /** The session takes no more streams. */
  get isOver(): boolean {
    return this.session.closed || this.session.destroyed
  }

  begun(): void {
    this.sends++
    this.#inFlight++
  }

  ended(): void {
    this.#inFlight--
    this.#closeWhenSpent()
  }

  /** Closes the connection once the streams in flight are done. */
  retire(): void {
    this.#retired = true
    this.#closeWhenSpent()
  }

  /** Bytes that crossed the socket since this was asked last: each goes to the account of one send, none to two. */
  takeBytes(): { out: number; in: number } {
    const { bytesWritten, bytesRead } = this.#socket
    const taken = { out: bytesWritten - this.#bytesOut, in: bytesRead - this.#bytesIn }
    this.#bytesOut = bytesWritten
    this.#bytesIn = bytesRead
    return taken
  }

  #closeWhenSpent(): void {
    if (!this.#retired || this.#inFlight > 0 || this.#released) return
    this.#released = true
    this.#onReleased()
    this.session.close()
  }
}

/** One HTTP/2 connection after another, shared by the streams of several lanes. It is opened when it is first needed. */
export class Http2Connection implements DialListener {
  /** The connection that takes new streams; null while there is none. */
  #carrier: Http2Carrier | null = null
  readonly #context: HttpContext
  readonly #waiting = new Set<Http2User>()
  #socket: Socket | null = null
  #dialing = false
  #phase: Phase = 'tcp'
  #phaseUs = 0

  constructor(context: HttpContext) {
    this.#context = context
  }

  /** Calls `ready` once the connection is open: at once when it is already. */
  use(user: Http2User): void {
    // Streams learn of the end of their session before it tells by itself.
    if (this.#carrier?.isOver === true) this.#lost(this.#carrier)
    if (this.#carrier !== null) {
      user.ready(this.#carrier)
      return
    }
    this.#waiting.add(user)
    if (!this.#dialing) {
      this.#dialing = true
      this.#socket = this.#context.dialer.dial(this)
    }
    user.dialing(this.#phase, this.#phaseUs)
  }

  /** A user gives up waiting. A connection that nobody waits for any more is not opened. */
  leave(user: Http2User): void {
    if (!this.#waiting.delete(user) || this.#waiting.size > 0 || !this.#dialing) return
    this.#dialing = false
    this.#socket?.destroy()
  }

  /** Counts a send; the last one that the connection may carry makes it take no more. */
  begun(carrier: Http2Carrier): void {
    carrier.begun()
    if (carrier.sends >= this.#context.messagesPerConnection) this.retire()
  }

  /** Takes no new streams on the open connection; it closes when the ones in flight are done. */
  retire(): void {
    const carrier = this.#carrier
    if (carrier === null) return
    this.#carrier = null
    carrier.retire()
  }

  dialing(phase: Phase): void {
    this.#phase = phase
    this.#phaseUs = nowUs()
    for (const user of this.#waiting) user.dialing(phase, this.#phaseUs)
  }

  dialed(phase: Phase, fromUs: number, untilUs: number, turns: number): void {
    for (const user of this.#waiting) user.dialed(phase, fromUs, untilUs, turns)
  }

  opened(socket: Socket): void {
    const { request, stats } = this.#context
    this.#dialing = false
    const session = connect(`${request.scheme}://${request.authority}`, {
      createConnection: () => socket,
      maxSessionMemory: MAX_SESSION_MEGABYTES
    })
    const carrier = new Http2Carrier(session, socket, stats.opened, () => this.#context.dialer.released())
    this.#carrier = carrier
    const lost = (): void => this.#lost(carrier)
    session.on('error', lost)
    session.on('goaway', lost)
    session.on('close', lost)
    for (const user of this.#takeWaiting()) this.use(user)
  }

  dialFailed(socket: Socket, code: string, message: string): void {
    if (socket !== this.#socket || !this.#dialing) return
    this.#dialing = false
    for (const user of this.#takeWaiting()) user.dialFailed(code, message)
  }

  #lost(carrier: Http2Carrier): void {
    if (carrier !== this.#carrier) return
    this.#carrier = null
    this.#context.stats.closedByPeer++
    carrier.retire()
  }

  #takeWaiting(): Http2User[] {
    const users = [...this.#waiting]
    this.#waiting.clear()
    return users
  }
}
