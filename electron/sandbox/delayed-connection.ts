import { connect, type Socket } from 'node:net'
import { nowUs } from '../transports/clock.ts'
import type { Endpoint } from './delay-link-calls.ts'
import type { PreciseTimer } from './precise-timer.ts'

/**
 * Bytes under way in one direction at most, before the sender is held back: far above rate times delay of
 * any mail load, so that the link limits no bandwidth, yet no peer can fill the memory.
 */
const MAX_UNDER_WAY_BYTES = 64 * 1024 * 1024

/**
 * What a passage through the link costs beyond the delay, between the sender's write and the receiver's read;
 * taken off the delay, so that little of it is added to the round trip. Measured: 35 to 90 µs, so a round trip
 * may be short by as much as 30 µs and never by more than this once for each of its two passages.
 */
export const PASSAGE_COST_US = 50

/** Carries one connection to its target and back, as if both were `rttUs` apart. */
export function delayConnection(client: Socket, target: Endpoint, rttUs: number, timer: PreciseTimer): void {
  const openedUs = nowUs()
  const halfUs = rttUs / 2
  let answered = false

  const toServer = new DelayedPipe(client, timer, () => {
    // Until it has heard something, all that the client says would have waited for the handshake first.
    return answered ? halfUs : halfUs + rttUs
  })
  // The server sees the connection when the last packet of a real handshake would reach it.
  toServer.at(openedUs + rttUs + halfUs, () => {
    // A client that gave up before its target was reached leaves nothing to carry.
    if (client.destroyed) return
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true })
    toServer.deliverTo(server)
    const toClient = new DelayedPipe(server, timer, () => halfUs)
    toClient.onDelivery(() => (answered = true))
    toClient.deliverTo(client)
  })
}

/** One direction of a connection: what `source` says reaches the other socket after a delay, in order. */
class DelayedPipe {
  readonly #source: Socket
  readonly #timer: PreciseTimer
  readonly #delayUs: () => number
  #lastDueUs = 0
  #underWayBytes = 0
  #destination: Socket | null = null
  #delivered: () => void = () => undefined

  /** Reads `source` from now on. */
  constructor(source: Socket, timer: PreciseTimer, delayUs: () => number) {
    this.#source = source
    this.#timer = timer
    this.#delayUs = delayUs
    let ended = false
    source.on('data', (bytes: Buffer) => this.#carry(bytes))
    source.on('end', () => {
      ended = true
      this.#later(() => this.#destination?.end())
    })
    // Its close event follows, and that is what travels.
    source.on('error', () => undefined)
    source.on('close', (hadError) => {
      if (hadError || !ended) this.#later(() => this.#destination?.resetAndDestroy())
    })
  }

  /** Sets where to deliver; what is due has to wait until then. */
  deliverTo(destination: Socket): void {
    this.#destination = destination
    destination.on('drain', () => this.#holdBackOrResume())
  }

  /** Calls `listener` just before bytes are delivered. */
  onDelivery(listener: () => void): void {
    this.#delivered = listener
  }

  /** Runs `task` at a time, before anything that is due later. */
  at(dueUs: number, task: () => void): void {
    this.#lastDueUs = Math.max(this.#lastDueUs, dueUs)
    this.#timer.schedule(this.#lastDueUs, task)
  }

  #carry(bytes: Buffer): void {
    this.#underWayBytes += bytes.length
    this.#later(() => {
      this.#underWayBytes -= bytes.length
      const destination = this.#destination
      if (destination?.writable === true) {
        this.#delivered()
        destination.write(bytes)
      }
      this.#holdBackOrResume()
    })
    this.#holdBackOrResume()
  }

  #later(task: () => void): void {
    this.at(nowUs() + this.#delayUs() - PASSAGE_COST_US, task)
  }

  #holdBackOrResume(): void {
    const bytes = this.#underWayBytes + (this.#destination?.writableLength ?? 0)
    if (bytes > MAX_UNDER_WAY_BYTES) this.#source.pause()
    else if (this.#source.isPaused()) this.#source.resume()
  }
}
