import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** A hand-driven SMTP conversation: says bytes as they are, and waits for whole replies. */
export class Conversation {
  #socket: Socket
  #heard = ''
  #ended = false
  #wake: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = this.#listen(socket)
  }

  static async open(port: number, host = '127.0.0.1'): Promise<Conversation> {
    const socket = connect({ port, host, noDelay: true })
    await once(socket, 'connect')
    return new Conversation(socket)
  }

  say(text: string): void {
    this.#socket.write(text)
  }

  /** The next `count` replies, each with all its lines. */
  async hear(count = 1): Promise<string[]> {
    const replies: string[] = []
    while (replies.length < count) {
      const reply = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(this.#heard)?.[0]
      if (reply !== undefined) {
        this.#heard = this.#heard.slice(reply.length)
        replies.push(reply.trimEnd())
      } else if (this.#ended) {
        throw new Error(`the server closed after ${replies.length} of ${count} replies`)
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    }
    return replies
  }

  async ask(text: string): Promise<string> {
    this.say(text)
    const [reply] = await this.hear()
    return reply ?? ''
  }

  async startTls(ca: string): Promise<void> {
    this.#socket.removeAllListeners('data')
    const secure = connectTls({ socket: this.#socket, ca, servername: 'localhost' })
    await once(secure, 'secureConnect')
    this.#socket = this.#listen(secure)
  }

  close(): void {
    this.#socket.destroy()
  }

  #listen(socket: Socket): Socket {
    socket.on('data', (bytes: Buffer) => {
      this.#heard += bytes.toString('latin1')
      this.#wake()
    })
    socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
    socket.on('error', () => undefined)
    return socket
  }
}
