import type { Socket } from 'node:net'
import { EHLO, HELO, QUIT, STARTTLS } from '../transports/smtp/commands.ts'
import { INCOMPLETE, ReplyParser } from '../transports/smtp/reply-parser.ts'

/** The peer speaks, but not SMTP (RFC 5321 section 4.2). */
export class NotSmtpError extends Error {}

export interface Reply {
  code: number
  /** Without the codes. */
  lines: string[]
}

/** Everything that a probe ever says. */
const COMMANDS = { EHLO, HELO, STARTTLS, QUIT }

/** Characters of a line that go into the transcript. */
const LINE_LIMIT = 500
/** How long the end of a connection may take, ms; nobody waits for it. */
const GOODBYE_MS = 1000

/** A conversation with a mail server over an open socket, one command at a time. */
export class SmtpTalk {
  readonly #socket: Socket
  readonly #transcript: string[]
  readonly #parser = new ReplyParser()
  readonly #chunks: Buffer[] = []
  /** Read position in the first chunk. */
  #at = 0
  #end: Error | null = null
  #wake: () => void = () => undefined
  readonly #listeners = {
    data: (chunk: Buffer): void => {
      this.#chunks.push(chunk)
      this.#wake()
    },
    close: (): void => {
      this.#end ??= new Error('the server closed the connection')
      this.#wake()
    },
    error: (error: Error): void => {
      this.#end ??= error
      this.#wake()
    }
  }

  /** @param transcript where every line is noted */
  constructor(socket: Socket, transcript: string[]) {
    this.#socket = socket
    this.#transcript = transcript
    socket.on('data', this.#listeners.data)
    socket.on('close', this.#listeners.close)
    socket.on('error', this.#listeners.error)
  }

  /** Bytes that came behind the latest reply. */
  get hasMore(): boolean {
    return this.#chunks.length > 0
  }

  /** Says a command and waits for the reply. @throws as {@link hear} */
  ask(command: keyof typeof COMMANDS): Promise<Reply> {
    this.#say(command)
    return this.hear()
  }

  /** The next reply. @throws {NotSmtpError} or an error when the connection is gone */
  async hear(): Promise<Reply> {
    for (;;) {
      const chunk = this.#chunks[0]
      if (chunk === undefined) {
        if (this.#end !== null) throw this.#end
        await new Promise<void>((resolve) => (this.#wake = resolve))
        continue
      }
      const next = this.#parser.next(chunk, this.#at, chunk.length)
      if (next < 0 && next !== INCOMPLETE) {
        this.#note('S', printable(chunk.toString('utf8', this.#at)))
        throw new NotSmtpError('the answer is not SMTP')
      }
      this.#at = next
      const reply = next === INCOMPLETE ? null : this.#reply()
      if (next === INCOMPLETE || next === chunk.length) {
        this.#chunks.shift()
        this.#at = 0
      }
      if (reply !== null) return reply
    }
  }

  /** Gives the socket away, for TLS to take over. */
  release(): Socket {
    for (const [event, listener] of Object.entries(this.#listeners)) this.#socket.off(event, listener)
    return this.#socket
  }

  /** Says QUIT and lets the connection go. */
  quit(): void {
    this.#say('QUIT')
    this.#socket.end()
    setTimeout(() => this.#socket.destroy(), GOODBYE_MS).unref()
  }

  #say(command: keyof typeof COMMANDS): void {
    const bytes = COMMANDS[command]
    this.#note('C', bytes.toString().trimEnd())
    this.#socket.write(bytes)
  }

  #reply(): Reply {
    const lines = this.#parser.lines().map(printable)
    for (const line of lines) this.#note('S', line)
    return { code: this.#parser.code, lines: lines.map((line) => line.slice(4)) }
  }

  #note(speaker: 'C' | 'S', line: string): void {
    this.#transcript.push(`${speaker}: ${line}`)
  }
}

/** One line for a person to read: a server's bytes must not steer a terminal. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- control characters are what is taken out
  return text.replace(/[\x00-\x1f\x7f-\x9f]+/g, ' ').slice(0, LINE_LIMIT)
}
