import type { ChildHandle } from './fork.ts'
import type { ParentLink } from './parent-link.ts'

/** How long a child may take to end when it is asked to, ms. */
const EXIT_PATIENCE_MS = 1000

/** What a child process can be asked: name of the call -> its argument and its answer. */
export type CallMap = Record<string, { argument: unknown; answer: unknown }>

interface Call {
  id: number
  name: string
  argument: unknown
}
type Reply = { id: number; ok: true; answer: unknown } | { id: number; ok: false; message: string }

/** Asks a child process, and says so when it is gone. */
export class ChildCaller<Calls extends CallMap> {
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>
  readonly #child: ChildHandle
  readonly #what: string
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>()
  #nextId = 1
  #endedWith: string | null = null

  /** @param what names the process in error messages, as in "the sandbox" */
  constructor(child: ChildHandle, what: string) {
    this.#child = child
    this.#what = what
    child.onMessage((message) => this.#settle(message as Reply))
    this.ended = new Promise((resolve) => {
      child.onExit((code) => {
        this.#endedWith = code === null ? 'it was ended by a signal' : `exit code ${code}`
        for (const { reject } of this.#waiting.values()) reject(this.#goneError())
        this.#waiting.clear()
        resolve()
      })
    })
  }

  /**
   * @throws {Error} with the child's own words when it could not do it, or when its process has ended
   */
  async call<Name extends keyof Calls & string>(
    name: Name,
    argument: Calls[Name]['argument']
  ): Promise<Calls[Name]['answer']> {
    if (this.#endedWith !== null) throw this.#goneError()
    const id = this.#nextId++
    const waiting = Promise.withResolvers<unknown>()
    this.#waiting.set(id, waiting)
    this.#child.post({ id, name, argument } satisfies Call)
    return waiting.promise
  }

  /** Ends the process and waits until it is gone. */
  async end(): Promise<void> {
    this.#child.kill()
    // Node's own exit can wait for a thread for ever.
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_PATIENCE_MS)
    await this.ended
    clearTimeout(patience)
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (reply.ok) waiting?.resolve(reply.answer)
    else waiting?.reject(new Error(reply.message))
  }

  #goneError(): Error {
    return new Error(`${this.#what} has ended (${this.#endedWith ?? 'reason unknown'})`)
  }
}

/** Answers the parent's calls in a child process. A handler that throws becomes an error at the caller. */
export function answerCalls<Calls extends CallMap>(
  parent: ParentLink,
  handlers: {
    [Name in keyof Calls]: (
      argument: Calls[Name]['argument']
    ) => Calls[Name]['answer'] | Promise<Calls[Name]['answer']>
  }
): void {
  parent.onMessage((message) => {
    const { id, name, argument } = message as Call
    const answer = async (): Promise<unknown> => handlers[name]?.(argument)
    answer().then(
      (value) => parent.post({ id, ok: true, answer: value } satisfies Reply),
      (error: unknown) =>
        parent.post({
          id,
          ok: false,
          message: error instanceof Error ? error.message : String(error)
        } satisfies Reply)
    )
  })
}
