import type { Phase } from '../../../shared/record/words.ts'
import type { Connection, ConnectionListener } from '../connect/connection.ts'
import type { HttpContext } from './http-context.ts'
import { Http2Session } from './http2/session.ts'

/** Who waits for a session. */
export interface Http2User extends Pick<ConnectionListener, 'entered' | 'passed' | 'failed'> {
  ready(session: Http2Session): void
}

/** One session after another, shared by the streams of several lanes. It is opened when it is first needed. */
export class Http2Sessions {
  readonly #context: HttpContext
  readonly #waiting = new Set<Http2User>()
  /** The session that takes new streams; null while there is none. */
  #session: Http2Session | null = null
  /** Sends that it has been given. */
  #sends = 0
  /** The connection that is being opened. */
  #opening: Connection | null = null
  #phase: Phase = 'tcp'
  #phaseUs = 0

  constructor(context: HttpContext) {
    this.#context = context
  }

  /** Calls `ready` once a session is open: at once when one is already. */
  use(user: Http2User): void {
    if (this.#session !== null) {
      user.ready(this.#session)
      return
    }
    this.#waiting.add(user)
    this.#opening ??= this.#open()
    user.entered(this.#phase, this.#phaseUs)
  }

  /** A user gives up waiting. A connection that nobody waits for any more is not opened. */
  leave(user: Http2User): void {
    if (!this.#waiting.delete(user) || this.#waiting.size > 0) return
    this.#opening?.destroy()
    this.#opening = null
  }

  /** Sends that the open session has been given. */
  get carried(): number {
    return this.#sends
  }

  /** Counts a send; the last one that the session may carry makes it take no more. */
  begun(): void {
    if (++this.#sends >= this.#context.messagesPerConnection) this.retire()
  }

  /** Takes no new streams on the open session; it closes when the ones in flight are done. */
  retire(): void {
    const session = this.#session
    this.#session = null
    session?.retire()
  }

  #open(): Connection {
    const { connector, stats } = this.#context
    const { readBuffer } = connector
    let session: Http2Session | null = null
    const listener: ConnectionListener = {
      entered: (phase, sinceUs) => {
        this.#phase = phase
        this.#phaseUs = sinceUs
        for (const user of this.#waiting) user.entered(phase, sinceUs)
      },
      passed: (phase, fromUs, untilUs, turns) => {
        for (const user of this.#waiting) user.passed(phase, fromUs, untilUs, turns)
      },
      opened: (socket, connection) => {
        this.#opening = null
        this.#sends = 0
        const opened = new Http2Session(socket, connection.number, {
          over: (isGivenUp) => {
            if (this.#session === opened) this.#session = null
            if (isGivenUp) stats.closedByPeer++
            opened.retire()
          },
          closed: () => connection.release()
        })
        opened.tcp = connection.tcp
        session = this.#session = opened
        for (const user of this.#takeWaiting()) this.use(user)
      },
      failed: (failure) => {
        this.#opening = null
        for (const user of this.#takeWaiting()) user.failed(failure)
      }
    }
    return connector.open(listener, {
      buffer: readBuffer,
      callback: (length) => {
        session?.read(readBuffer, length)
        return true
      }
    })
  }

  #takeWaiting(): Http2User[] {
    const users = [...this.#waiting]
    this.#waiting.clear()
    return users
  }
}
