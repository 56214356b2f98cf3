import { setTimeout as sleep } from 'node:timers/promises'
import type { DeliveryPlan, Plan } from '../../shared/plan/plan.ts'
import { startReceiver, type Receiver } from '../delivery/receiver.ts'
import { sentOf, type DeliveryBook, type DeliveryNews } from '../record/delivery-book.ts'
import { messageOf, RunError } from '../record/run-error.ts'
import type { SendRows } from '../record/send-log.ts'
import type { ForkProcess } from '../sandbox/fork.ts'
import type { Crew } from './crew.ts'
import type { Keychain } from './read-secret.ts'
import { receiverSettings } from './receiver-settings.ts'

/** How often the receiver is asked, ms. */
const ASK_MS = 200
/** How long a second copy of a message is looked for when all have arrived, µs. */
const COPIES_US = 1e6

export interface DeliveryWatchOptions {
  plan: Plan
  delivery: DeliveryPlan
  keychain: Keychain
  crew: Crew
  book: DeliveryBook
  fork: ForkProcess | undefined
  /** Hears what the book heard, for the journal. */
  onNews: (news: DeliveryNews) => void
}

/** Brings together what was accepted and what arrived, while a run sends and after. */
export class DeliveryWatch {
  readonly #receiver: Receiver
  readonly #options: DeliveryWatchOptions
  readonly #timer: NodeJS.Timeout
  #asking: Promise<void> | null = null
  #failure: string | null = null
  /** Up to when nothing can have been missed, on the clock that processes share, µs. */
  #askedUs = 0
  /** Names of hops that the book has not been told. */
  #hopNames: string[] | undefined

  /** @throws {RunError} when the receiver cannot start */
  static async open(options: DeliveryWatchOptions): Promise<DeliveryWatch> {
    const { plan, delivery, keychain, crew, fork } = options
    const tags = crew.marks?.tags ?? []
    const settings = await receiverSettings(delivery, plan, tags, keychain)
    try {
      return new DeliveryWatch(await startReceiver(settings, fork), options)
    } catch (error) {
      throw new RunError(`delivery: ${messageOf(error)}; nothing was sent`)
    }
  }

  private constructor(receiver: Receiver, options: DeliveryWatchOptions) {
    this.#receiver = receiver
    this.#options = options
    this.#timer = setInterval(() => void this.#ask(), ASK_MS)
  }

  addSends(rows: SendRows): void {
    this.#tell({ transport: rows.transport, sent: sentOf(rows), arrived: [], askedUs: null })
  }

  /**
   * Waits until every accepted message has arrived or is past its deadline.
   * @param isOver ends the waiting: what is still due stays pending
   * @throws {RunError} when the receiver has died
   */
  async settle(isOver: () => boolean): Promise<void> {
    const { book } = this.#options
    await this.#ask()
    let settledUs = this.#askedUs
    while (this.#failure === null && !isOver() && this.#askedUs - settledUs < COPIES_US) {
      await sleep(ASK_MS / 4)
      await this.#ask()
      if (book.due() > 0) settledUs = this.#askedUs
    }
    if (this.#failure !== null) throw new RunError(`delivery: ${this.#failure}`)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#receiver.close()
  }

  /** A question at a time; a failure is told when the sending is over. */
  #ask(): Promise<void> {
    this.#asking ??= this.#take()
      .catch((error: unknown) => {
        this.#failure ??= messageOf(error)
      })
      .finally(() => {
        this.#asking = null
      })
    return this.#asking
  }

  async #take(): Promise<void> {
    const { arrivals, askedUs, hopNames, clock } = await this.#receiver.take()
    this.#askedUs = askedUs
    this.#hopNames = hopNames ?? this.#hopNames
    const originUs = this.#options.crew.marks?.originUs() ?? null
    // Before the first block begins there is nothing of the run that could arrive.
    if (originUs === null) return
    const since = (us: number): number => Math.round(us - originUs)
    const byTransport = Map.groupBy(arrivals, ({ tag }) => tag)
    for (const [transport, copies] of byTransport) {
      const arrived = copies.map(({ seq, atUs, resolutionUs, isJunk, serverDateUs, hops }) => ({
        ...{ seq, atUs: atUs - originUs, resolutionUs, isJunk },
        serverDateUs: serverDateUs === null ? null : since(serverDateUs),
        hops: hops.map(([name, us]): [number, number] => [name, since(us)])
      }))
      this.#tell({ transport, sent: [], arrived, askedUs: null })
    }
    this.#tell({
      ...{ transport: 0, sent: [], arrived: [], askedUs: askedUs - originUs },
      ...(this.#hopNames === undefined ? {} : { hopNames: this.#hopNames }),
      ...(clock === undefined ? {} : { clock })
    })
    this.#hopNames = undefined
  }

  #tell(news: DeliveryNews): void {
    this.#options.book.add(news)
    this.#options.onNews(news)
  }
}
