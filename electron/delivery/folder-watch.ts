import { setTimeout as sleep } from 'node:timers/promises'
import type { FetchMessageObject, ImapFlow } from 'imapflow'
import { sharedNowUs } from './smtp-sink.ts'
import { OUT_OF_REACH_MS } from './source.ts'

/** Pause before a connection that broke is opened anew, ms. */
const RECONNECT_MS = 1000

export interface FolderWatchOptions {
  path: string
  connect: () => Promise<ImapFlow>
  checkMs: number
  /** Fields of the header that are asked for. */
  headers: string[]
}

/**
 * Hears of each message that comes into the folder.
 * @param atUs by when it was there, on the clock that processes of this machine share
 * @param sinceUs when it was known not to be there yet
 */
export type OnMessage = (message: FetchMessageObject, atUs: number, sinceUs: number) => void

/** How many messages were there at a time. */
interface Sight {
  messages: number
  atUs: number
}

/**
 * Looks at one folder over a connection of its own. The server's news (IDLE) say by when a message was there, and
 * questions (NOOP) in between when it was not yet: the time of an arrival is known to lie between the two.
 */
export class FolderWatch {
  /** Up to when nothing can have been missed, µs. */
  checkedUs = 0
  /** Why it cannot be looked at any more. */
  failure: Error | null = null
  readonly #options: FolderWatchOptions
  readonly #onMessage: OnMessage
  #client: ImapFlow | null = null
  #isClosed = false
  #watching: Promise<void> | null = null
  /** What identifies the folder's messages, and the first that is not known. */
  #uidValidity: bigint | null = null
  #nextUid = 1
  /** Questions and what the folder held then at the latest; oldest first. */
  #checks: Sight[] = []
  /** News of what it held by then. */
  #news: Sight[] = []
  #wake = (): void => undefined

  constructor(options: FolderWatchOptions, onMessage: OnMessage) {
    this.#options = options
    this.#onMessage = onMessage
  }

  /**
   * From now on messages are told of.
   * @throws {Error} when the folder cannot be opened
   */
  async open(): Promise<void> {
    await this.#select()
    this.#watching = this.#watch()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#wake()
    await this.#watching
    await this.#client?.logout().catch(() => undefined)
    this.#client?.close()
  }

  async #watch(): Promise<void> {
    let reachedMs = performance.now()
    while (!this.#isClosed) {
      try {
        if (this.#client?.usable !== true) await this.#select()
        await this.#check()
        reachedMs = performance.now()
        await this.#idle()
      } catch (error) {
        this.#client?.close()
        this.#client = null
        if (error instanceof Renumbered || performance.now() - reachedMs > OUT_OF_REACH_MS) {
          this.failure = error instanceof Error ? error : new Error(String(error))
          return
        }
        await this.#pause(RECONNECT_MS)
      }
    }
  }

  /** Opens the folder, to be read only; what has come since a connection broke is told of. */
  async #select(): Promise<void> {
    const { connect, path } = this.#options
    const client = await connect()
    this.#client = client
    const askedUs = sharedNowUs()
    const mailbox = await client.mailboxOpen(path, { readOnly: true })
    if (this.#uidValidity !== null && mailbox.uidValidity !== this.#uidValidity) {
      throw new Renumbered(`the folder ${path} was made anew or renumbered meanwhile`)
    }
    if (this.#uidValidity === null) this.#nextUid = mailbox.uidNext
    this.#uidValidity = mailbox.uidValidity
    const sinceUs = this.checkedUs
    // What it held when it was opened: the mailbox goes on counting.
    const opened: Sight = { messages: mailbox.exists, atUs: sharedNowUs() }
    this.#checks = [{ messages: 0, atUs: sinceUs }]
    this.#news = [opened]
    client.on('exists', ({ count }: { count: number }) => {
      this.#news.push({ messages: count, atUs: sharedNowUs() })
      this.#wake()
    })
    client.on('expunge', ({ seq }: { seq?: number }) => {
      if (seq === undefined) return
      for (const sight of [...this.#checks, ...this.#news]) if (sight.messages >= seq) sight.messages--
    })
    client.once('close', () => {
      this.#wake()
    })
    if (sinceUs > 0) await this.#fetch(client)
    this.#known({ messages: opened.messages, atUs: askedUs })
  }

  /** Asks, and fetches what is new. */
  async #check(): Promise<void> {
    const client = this.#usable()
    const askedUs = sharedNowUs()
    await client.noop()
    if (!client.usable || client.mailbox === false) throw new Error('the connection broke')
    // What it held then or, where news came since, a little later: never less than when it was asked.
    const asked: Sight = { messages: client.mailbox.exists, atUs: askedUs }
    this.#checks.push(asked)
    if (asked.messages > (this.#checks[0]?.messages ?? 0)) await this.#fetch(client)
    this.#known(asked)
  }

  /** All that the folder held then has been told of; what came since is still news. */
  #known(sight: Sight): void {
    this.#checks = [sight]
    this.#news = this.#news.filter(({ messages }) => messages > sight.messages)
    this.checkedUs = sight.atUs
  }

  async #fetch(client: ImapFlow): Promise<void> {
    const query = { uid: true, internalDate: true, headers: this.#options.headers }
    const messages: FetchMessageObject[] = []
    for await (const message of client.fetch(`${this.#nextUid}:*`, query, { uid: true }))
      messages.push(message)
    const fetchedUs = sharedNowUs()
    for (const message of messages) {
      // The star means the last message, even where that is an old one.
      if (message.uid < this.#nextUid) continue
      const since = this.#checks.findLast((sight) => sight.messages < message.seq)
      const by = this.#news.find((sight) => sight.messages >= message.seq)
      const atUs = by?.atUs ?? fetchedUs
      this.#onMessage(message, atUs, Math.min(since?.atUs ?? this.checkedUs, atUs))
    }
    this.#nextUid = Math.max(this.#nextUid, ...messages.map(({ uid }) => uid + 1))
  }

  /** Lets the server speak until it has news, or it is time to ask again. */
  async #idle(): Promise<void> {
    if (this.#news.length > 0) return
    const client = this.#usable()
    client.idle().catch(() => undefined)
    await this.#pause(this.#options.checkMs)
  }

  #usable(): ImapFlow {
    if (this.#client === null) throw new Error('the connection is gone')
    return this.#client
  }

  /** Ends early when there is news, or this watch is closed. */
  async #pause(ms: number): Promise<void> {
    if (this.#isClosed) return
    const waking = new AbortController()
    this.#wake = () => waking.abort()
    await sleep(ms, null, { signal: waking.signal }).catch(() => undefined)
  }
}

/** What was known of a folder's messages holds no more. */
class Renumbered extends Error {}
