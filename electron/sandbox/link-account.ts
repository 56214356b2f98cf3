import { createServer, type AddressInfo, type Socket } from 'node:net'

/** What asks for a round trip, in place of listening. */
const QUESTION = '?'.charCodeAt(0)

/** Tells all who listen what the contents of a link's connections took, a line each: client port, µs, segments sent again. */
export class LinkAccount {
  readonly #listeners = new Set<Socket>()
  readonly #roundTrip: (done: () => void) => void

  /** @param roundTrip carries a packet without content to the peer's side and back, and then calls what it is given */
  constructor(roundTrip: (done: () => void) => void) {
    this.#roundTrip = roundTrip
  }

  /** @returns the local port to listen at */
  listen(): Promise<number> {
    const server = createServer({ noDelay: true }, (socket) => {
      this.#listeners.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => this.#listeners.delete(socket))
      socket.on('data', (bytes: Buffer) => {
        if (bytes[0] !== QUESTION) return
        this.#listeners.delete(socket)
        this.#roundTrip(() => socket.write('!\n'))
      })
    })
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    })
  }

  tell(clientPort: number, us: number, resent: number): void {
    if (this.#listeners.size === 0) return
    const line = `${clientPort} ${Math.round(us)} ${resent}\n`
    for (const listener of this.#listeners) listener.write(line)
  }
}
