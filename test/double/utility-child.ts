import { EventEmitter } from 'node:events'

/** Electron's `process.parentPort` over Node's channel; the child does not see that channel itself. */
class ParentPort extends EventEmitter {
  readonly #send = process.send?.bind(process)
  /** As in Electron, what comes before anybody listens waits. */
  #waiting: unknown[] = []

  constructor() {
    super()
    this.on('newListener', (name) => {
      if (name === 'message') process.nextTick(() => this.#deliver())
    })
    process.on('message', (data) => {
      this.#waiting.push(data)
      if (this.listenerCount('message') > 0) this.#deliver()
    })
  }

  #deliver(): void {
    for (const data of this.#waiting.splice(0)) this.emit('message', { data, ports: [] })
  }

  postMessage(message: unknown): void {
    this.#send?.(message)
  }
}

const port = new ParentPort()
process.once('disconnect', () => process.exit(0))
Object.assign(process, { parentPort: port, send: undefined })
