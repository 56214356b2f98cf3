import { createTransport } from 'nodemailer'
import type Mail from 'nodemailer/lib/mailer/index.js'

/** Where the sandbox passes on what it took. */
export interface RelayTarget {
  host: string
  port: number
}

/** Tries of a message that the next hop does not take at once, and the pause between them, ms. */
const TRIES = 10
const PAUSE_MS = 1000
/** Connections to the next hop. */
const CONNECTIONS = 4

/** Passes on what the sandbox took, over SMTP: behind its answer, as the queue of a provider does. */
export class Relay {
  readonly #transport

  constructor({ host, port }: RelayTarget) {
    this.#transport = createTransport({
      ...{ host, port, pool: true, maxConnections: CONNECTIONS, maxMessages: Infinity },
      ...{ ignoreTLS: true, disableFileAccess: true, disableUrlAccess: true }
    })
  }

  pass(mail: Mail.Options): void {
    void this.#try(mail, 1)
  }

  async #try(mail: Mail.Options, attempt: number): Promise<void> {
    try {
      await this.#transport.sendMail(mail)
    } catch (error) {
      const { responseCode = 0 } = error as { responseCode?: number }
      if (responseCode >= 500 || attempt === TRIES) return
      setTimeout(() => void this.#try(mail, attempt + 1), PAUSE_MS).unref()
    }
  }
}
