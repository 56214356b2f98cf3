import { setTimeout as sleep } from 'node:timers/promises'
import type { JetStreamClient } from '@nats-io/jetstream'
import type { PlaceResult } from './contract.ts'

/** Pause before results that were not taken are offered again, ms. */
const AGAIN_MS = 250
/** From this size on a message takes no further result, characters: a server's limit is 1 MB unless it says otherwise. */
const FULL_LENGTH = 250_000

/** Results without their number, which the publisher gives. */
type Numbered<T> = T extends PlaceResult ? Omit<T, 'n' | 'block'> : never
export type BlockResult = Numbered<PlaceResult>

/**
 * Hands the results of a block to the stream, in order, one message after another: each is offered until the stream has
 * taken it, under an id by which a repeated one counts once. What comes up while one is on its way goes with the next, so
 * that a server far away does not hold them up.
 */
export class ResultPublisher {
  readonly #stream: JetStreamClient
  readonly #subject: string
  readonly #block: number
  readonly #queue: string[] = []
  #count = 0
  #isClosed = false
  #draining: Promise<void> | null = null

  constructor(stream: JetStreamClient, subject: string, block: number) {
    this.#stream = stream
    this.#subject = subject
    this.#block = block
  }

  publish(result: BlockResult): void {
    if (this.#isClosed) return
    this.#queue.push(JSON.stringify({ ...result, block: this.#block, n: this.#count++ }))
    this.#draining ??= this.#drain()
  }

  /** Resolves when everything was taken, or {@link close} gave up. */
  async taken(): Promise<void> {
    await this.#draining
  }

  /** Gives up what was not taken. */
  close(): void {
    this.#isClosed = true
    this.#queue.length = 0
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const first = this.#count - this.#queue.length
      const batch = this.#batch()
      const text = `[${batch.join()}]`
      while (!this.#isClosed && !(await this.#isTaken(text, first))) await sleep(AGAIN_MS)
      this.#queue.splice(0, batch.length)
    }
    this.#draining = null
  }

  /** What goes into one message: all that waits, unless that is too much. */
  #batch(): string[] {
    let length = 0
    const fullAt = this.#queue.findIndex((text) => (length += text.length) >= FULL_LENGTH)
    return this.#queue.slice(0, fullAt < 0 ? undefined : fullAt + 1)
  }

  async #isTaken(text: string, first: number): Promise<boolean> {
    try {
      await this.#stream.publish(this.#subject, text, { msgID: `${this.#subject} ${this.#block} ${first}` })
      return true
    } catch {
      return false
    }
  }
}
