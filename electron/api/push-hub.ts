import type { PushChannel, Pushes } from '../../shared/page/ipc.ts'
import { entryOf } from '../record/entry-of.ts'

type Listener = (payload: never) => void

/** Who listens to which push. A source is drawn from only while its channel has a listener. */
export class PushHub {
  readonly #listeners = new Map<PushChannel, Set<Listener>>()
  readonly #sources = new Map<PushChannel, () => () => void>()
  readonly #running = new Map<PushChannel, () => void>()
  readonly #kept = new Map<PushChannel, unknown>()

  /** Names where a channel's payloads come from: `start` is called with the first listener, what it returns after the last. */
  feed<C extends PushChannel>(
    channel: C,
    start: (publish: (payload: Pushes[C]) => void) => () => void
  ): void {
    this.#sources.set(channel, () =>
      start((payload) => {
        this.publish(channel, payload)
      })
    )
  }

  subscribe<C extends PushChannel>(channel: C, listener: (payload: Pushes[C]) => void): () => void {
    const listeners = entryOf(this.#listeners, channel, () => new Set<Listener>())
    // A wrapper of its own, so that one function may subscribe twice and each subscription ends alone.
    const entry = (payload: Pushes[C]): void => {
      listener(payload)
    }
    listeners.add(entry)
    if (listeners.size === 1) this.#firstListener(channel)
    return () => {
      if (listeners.delete(entry) && listeners.size === 0) this.#lastListener(channel)
    }
  }

  publish<C extends PushChannel>(channel: C, payload: Pushes[C]): void {
    for (const listener of [...(this.#listeners.get(channel) ?? [])]) listener(payload as never)
  }

  /** Like `publish`, but without a listener the payload waits for the first one; a later payload replaces it. */
  publishOrKeep<C extends PushChannel>(channel: C, payload: Pushes[C]): void {
    if ((this.#listeners.get(channel)?.size ?? 0) > 0) this.publish(channel, payload)
    else this.#kept.set(channel, payload)
  }

  #firstListener(channel: PushChannel): void {
    const start = this.#sources.get(channel)
    if (start !== undefined) this.#running.set(channel, start())
    if (this.#kept.has(channel)) {
      const payload = this.#kept.get(channel)
      this.#kept.delete(channel)
      this.publish(channel, payload as never)
    }
  }

  #lastListener(channel: PushChannel): void {
    this.#running.get(channel)?.()
    this.#running.delete(channel)
  }
}
