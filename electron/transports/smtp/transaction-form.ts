import type { Template } from '../numbered-bytes.ts'
import type { ClientOptions } from '../client.ts'
import type { SmtpTransport } from '../../../shared/plan/plan.ts'
import { buildCommands, type Commands } from './commands.ts'
import type { Extensions } from './extensions.ts'
import { dotStuff } from './dot-stuffing.ts'
import { OverlapTrial } from './overlap-trial.ts'
import { Payload, sharedPayload, type SharedPayload } from './payload.ts'

const NOTHING = Buffer.alloc(0)

/** How transactions are said to a server with one set of extensions. */
interface SharedForm {
  readonly extensions: Extensions
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

/** Makes the bytes of transactions: once for a set of extensions, and once more for each lane. */
export class TransactionForms {
  readonly #options: ClientOptions<SmtpTransport>
  /** Shared by all lanes of a client. */
  readonly overlap = new OverlapTrial()
  #shared: { form: SharedForm; payload: SharedPayload } | null = null
  #stuffed: Template | null = null

  constructor(options: ClientOptions<SmtpTransport>) {
    this.#options = options
  }

  /** @param current the lane's form so far; kept while the extensions stays the same */
  lane(extensions: Extensions, current: TransactionForm | null): TransactionForm {
    if (current?.extensions === extensions) return current
    if (this.#shared?.form.extensions !== extensions) this.#shared = this.#make(extensions)
    return { ...this.#shared.form, payload: new Payload(this.#shared.payload) }
  }

  #make(extensions: Extensions): { form: SharedForm; payload: SharedPayload } {
    const { transport, content } = this.#options
    const isPipelined = transport.pipelining === 'auto' && extensions.pipelining
    const isChunked = transport.chunking === 'auto' && extensions.chunking
    const isOverlapped = transport.overlap && isPipelined && !isChunked
    const commands = buildCommands(content.message, extensions, content.mime.bytes.length)
    const form = { extensions, isPipelined, isChunked, isOverlapped, commands }
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
