import { readSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { descriptor } from './tcp-info.ts'

/** Bytes of one look at what has not been read. */
const READ_BYTES = 64 * 1024

/** What an emulated link told of a connection: how much longer its content took than one flight, and segments sent again. */
export interface Told {
  us: number
  resent: number
}

/** Listens to an emulated link's account: what contents took to leave it, by the port that they came from. */
export class LinkAccountReader {
  readonly #socket: Socket
  readonly #told = new Map<number, Told>()
  readonly #ahead = Buffer.allocUnsafe(READ_BYTES)
  #rest = ''

  constructor(accountPort: number) {
    this.#socket = connect({ host: '127.0.0.1', port: accountPort, noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (text: string) => this.#read(text))
    // Without an account its figures are lacking, and a link that ended has told the run already.
    this.#socket.on('error', () => undefined)
    this.#socket.unref()
  }

  /**
   * What was told of a connection since this was asked last.
   * @param isExpected something may have been told that the loop has not come to: of two sockets that are ready at
   *   once it may serve the answer's first
   */
  take(port: number, isExpected: boolean): Told | null {
    if (isExpected && !this.#told.has(port)) this.#readAhead()
    const told = this.#told.get(port)
    if (told === undefined) return null
    this.#told.delete(port)
    return told
  }

  /** A connection is gone; its port may come again. */
  forget(port: number): void {
    this.#told.delete(port)
  }

  close(): void {
    this.#socket.destroy()
  }

  #readAhead(): void {
    const fd = descriptor(this.#socket)
    if (fd < 0) return
    try {
      let length: number
      do {
        length = readSync(fd, this.#ahead)
        this.#read(this.#ahead.toString('latin1', 0, length))
      } while (length === READ_BYTES)
    } catch {
      // There is nothing, or no account any more.
    }
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop() ?? ''
    for (const line of lines) {
      const [port = 0, us = 0, resent = 0] = line.split(' ').map(Number)
      const known = this.#told.get(port)
      if (known === undefined) this.#told.set(port, { us, resent })
      else {
        known.us += us
        known.resent += resent
      }
    }
  }
}
