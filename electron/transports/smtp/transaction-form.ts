import type { Template } from '../content.ts'
import type { ClientOptions } from '../client.ts'
import type { SmtpTransport } from '../../../shared/plan.ts'
import { buildCommands, type Commands } from './commands.ts'
import type { Dialect } from './dialect.ts'
import { dotStuff } from './dot-stuffing.ts'
import { Payload, sharedPayload, type SharedPayload } from './payload.ts'

const NOTHING = Buffer.alloc(0)

/** How transactions are said to a server of one dialect. */
interface SharedForm {
  readonly dialect: Dialect
  /** MAIL, RCPT and what may follow go out in one group. */
  readonly isPipelined: boolean
  /** The content goes out with BDAT, not DATA. */
  readonly isChunked: boolean
  /** The next envelope may stand behind the content. */
  readonly isOverlapped: boolean
  readonly commands: Commands
}

/** The same with one lane's own copy of the content. */
export interface TransactionForm extends SharedForm {
  readonly payload: Payload
}

/** Makes the bytes of transactions: once for a dialect, and once more for each lane. */
export class TransactionForms {
  readonly #options: ClientOptions<SmtpTransport>
  #shared: { form: SharedForm; payload: SharedPayload } | null = null
  #stuffed: Template | null = null

  constructor(options: ClientOptions<SmtpTransport>) {
    this.#options = options
  }

  /** @param current the lane's form so far; kept while the dialect stays the same */
  lane(dialect: Dialect, current: TransactionForm | null): TransactionForm {
    if (current?.dialect === dialect) return current
    if (this.#shared?.form.dialect !== dialect) this.#shared = this.#make(dialect)
    return { ...this.#shared.form, payload: new Payload(this.#shared.payload) }
  }

  #make(dialect: Dialect): { form: SharedForm; payload: SharedPayload } {
    const { transport, content } = this.#options
    const isPipelined = transport.pipelining === 'auto' && dialect.pipelining
    const isChunked = transport.chunking === 'auto' && dialect.chunking
    const isOverlapped = transport.overlap && isPipelined && !isChunked
    const commands = buildCommands(content.message, dialect, content.mime.bytes.length)
    const form = { dialect, isPipelined, isChunked, isOverlapped, commands }
    if (isChunked) {
      const before = isPipelined ? Buffer.concat([commands.envelope, commands.bdat]) : commands.bdat
      return { form, payload: sharedPayload(before, content.mime, NOTHING) }
    }
    this.#stuffed ??= dotStuff(content.mime)
    return {
      form,
      payload: sharedPayload(NOTHING, this.#stuffed, isOverlapped ? commands.envelopeAndData : NOTHING)
    }
  }
}
