import type { Socket } from 'node:net'
import { whenSilent } from '../transports/connect/when-silent.ts'
import { clientName } from '../transports/smtp/client-name.ts'
import { hello, QUIT, STARTTLS } from '../transports/smtp/commands.ts'
import { INCOMPLETE, ReplyParser } from '../transports/smtp/reply-parser.ts'
import { SilenceError } from './open-socket.ts'

/** The peer speaks, but not SMTP (RFC 5321 section 4.2). */
export class NotSmtpError extends Error {}

export interface Reply {
  code: number
  /** Without the codes. */
  lines: string[]
}

/** Everything that a probe ever says. */
type Verb = 'EHLO' | 'HELO' | 'STARTTLS' | 'QUIT'

/** Characters of a line that go into the transcript. */
const LINE_LIMIT = 500
/** How long the answer to QUIT may take, ms. */
const GOODBYE_MS = 1000

/** A conversation with a mail server over an open socket, one command at a time. */
export class SmtpTalk {
  readonly #socket: Socket
  readonly #ehloName: string | null
  readonly #timeoutMs: number
  readonly #transcript: string[]
  readonly #parser = new ReplyParser()
  readonly #chunks: Buffer[] = []
  /** Read position in the first chunk. */
  #at = 0
  #end: Error | null = null
  /** How long the latest reply was waited for. */
  heardAfterMs = 0
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

  /**
   * @param transcript where every line is noted
   * @param ehloName name given in EHLO; null for this machine's own
   * @param timeoutMs how long each reply may take
   */
  constructor(socket: Socket, transcript: string[], ehloName: string | null, timeoutMs: number) {
    this.#ehloName = ehloName
    this.#timeoutMs = timeoutMs
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

  /** Something of a reply has been heard. */
  get hasBegun(): boolean {
    return this.#chunks.length > 0 || this.#parser.isMidReply
  }

  /** Says a command and waits for the reply. @throws as {@link hear} */
  ask(command: Verb): Promise<Reply> {
    this.#say(command)
    return this.hear(` ${command}`)
  }

  /**
   * The next reply.
   * @param what it answers, for the error's words
   * @throws {NotSmtpError}, {SilenceError}, or an error when the connection is gone
   */
  async hear(what = '', timeoutMs = this.#timeoutMs): Promise<Reply> {
    const sinceMs = performance.now()
    const untilMs = sinceMs + timeoutMs
    for (;;) {
      const chunk = this.#chunks[0]
      if (chunk === undefined) {
        if (this.#end !== null) throw this.#end
        const leftMs = untilMs - performance.now()
        if (leftMs <= 0) throw new SilenceError(timeoutMs, what)
        await this.#woken(leftMs)
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
      if (reply !== null) {
        this.heardAfterMs = performance.now() - sinceMs
        return reply
      }
    }
  }

  /** Lets the connection go without a word. */
  close(): void {
    this.#socket.destroy()
  }

  /** The name given in EHLO. */
  get clientName(): string {
    return clientName(this.#ehloName, this.#socket.localAddress)
  }

  /** Gives the socket away, for TLS to take over. */
  release(): Socket {
    for (const [event, listener] of Object.entries(this.#listeners)) this.#socket.off(event, listener)
    return this.#socket
  }

  /** Says QUIT, hears the answer where one comes in time, and lets the connection go. */
  async quit(): Promise<void> {
    if (this.#end !== null) return
    this.#say('QUIT')
    await this.hear(' QUIT', Math.min(GOODBYE_MS, this.#timeoutMs)).catch(() => undefined)
    this.#socket.destroy()
  }

  /** Until something is heard, or the time is over. */
  async #woken(leftMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const stopWaiting = whenSilent(leftMs, resolve)
      this.#wake = () => {
        stopWaiting()
        resolve()
      }
    })
  }

  #say(command: Verb): void {
    const bytes =
      command === 'STARTTLS' ? STARTTLS : command === 'QUIT' ? QUIT : hello(command, this.clientName)
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
