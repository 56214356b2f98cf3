import type { Timed } from '../connect/sweeper.ts'
import type { HttpContext } from './http-context.ts'
import { Undici2Session, type Undici2User } from './undici2-session.ts'
import type { undiciOptions } from './undici-settings.ts'

/** One session of undici's over HTTP/2 after another, shared by several lanes. */
export class Undici2Sessions implements Timed {
  /** The session that takes new sends. */
  current: Undici2Session
  readonly #context: HttpContext
  readonly #options: ReturnType<typeof undiciOptions>
  /** Sessions that were left with sends in flight. */
  readonly #left = new Set<Undici2Session>()

  constructor(context: HttpContext, options: ReturnType<typeof undiciOptions>) {
    this.#context = context
    this.#options = options
    this.current = new Undici2Session(context, options)
    // Before any lane is: what has moved is told before a lane is asked how long nothing has.
    context.connector.sweeper.add(this)
  }

  /** A lane is about to give a send to the client of the session that is returned. */
  begun(user: Undici2User): Undici2Session {
    this.renewIfSpent()
    this.current.begun(user)
    return this.current
  }

  /** A send has ended, one way or another. @returns bytes that crossed the socket since this was asked last */
  ended(session: Undici2Session, user: Undici2User): { out: number; in: number } {
    const bytes = session.ended(user)
    if (session.isAbandoned) this.forsake(session)
    else this.#dropDone()
    return bytes
  }

  /** Leaves a session that has been given all it may carry. */
  renewIfSpent(): void {
    if (this.current.isSpent) this.renew()
  }

  /** Gives the session no more sends: it closes when the ones in flight are done, and the next opens another. */
  renew(): void {
    const { current } = this
    this.current = new Undici2Session(this.#context, this.#options)
    this.#left.add(current)
    current.leave()
    this.#dropDone()
  }

  /**
   * Gives up a send whose session goes as soon as the other sends on it are done. undici must not abort it: Node never
   * returns from a stream that is closed without an error and destroyed while its body is being sent.
   */
  forsake(session: Undici2Session): void {
    session.isForsaken = true
    if (session === this.current) this.renew()
    else this.#dropDone()
  }

  sweep(nowUs: number): void {
    this.current.look(nowUs)
    for (const session of this.#left) session.look(nowUs)
  }

  /** Ends everything at once. */
  destroy(): void {
    this.#context.connector.sweeper.delete(this)
    this.current.destroy()
    for (const session of this.#left) session.destroy()
  }

  #dropDone(): void {
    for (const session of this.#left) {
      if (!session.isIdle) continue
      this.#left.delete(session)
      if (session.isForsaken) session.destroy()
    }
  }
}
