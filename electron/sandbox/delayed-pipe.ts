import type { Socket } from 'node:net'
import {
  INITIAL_SEGMENTS,
  LEAST_TIMEOUT_US,
  PROBE_TICKS_US,
  SEGMENT_BYTES,
  TcpWindow
} from '../../shared/insight/tcp-window.ts'
import { nowUs } from '../transports/clock.ts'
import type { LinkNetwork } from '../transports/link-network.ts'
import type { PreciseTimer } from './precise-timer.ts'

/**
 * Bytes under way in one direction at most, before the sender is held back: far above rate times delay of
 * any mail load, so that this limits no bandwidth, yet no peer can fill the memory.
 */
const MAX_UNDER_WAY_BYTES = 64 * 1024 * 1024

/**
 * What a passage through the link costs beyond the delay, between the sender's write and the receiver's read;
 * taken off the delay, so that little of it is added to the round trip. Measured: 35 to 90 µs, so a round trip
 * may be short by as much as 30 µs and never by more than this once for each of its two passages.
 */
export const PASSAGE_COST_US = 50

/** Headers of IP and TCP with timestamps, which take bandwidth, too. */
const HEADER_BYTES = 52

/** One direction of the link's wire, which all connections share: with a bandwidth, packets queue before it. */
export class Wire {
  readonly #usPerByte: number
  #freeUs = 0

  constructor(mbitPerSecond: number | null) {
    this.#usPerByte = mbitPerSecond === null ? 0 : 8 / mbitPerSecond
  }

  /** When the last bit of a packet that comes now has gone out. */
  pass(bytes: number, atUs: number): number {
    if (this.#usPerByte === 0) return atUs
    this.#freeUs = Math.max(this.#freeUs, atUs) + (bytes + HEADER_BYTES) * this.#usPerByte
    return this.#freeUs
  }
}

/** What all pipes of one direction have in common. */
export interface PipeShared {
  readonly network: LinkNetwork
  readonly timer: Pick<PreciseTimer, 'schedule'>
  readonly wire: Wire
  /** 0 to 1, seeded. */
  readonly random: () => number
}

/** One direction of a connection: what `source` says reaches the other socket as TCP would bring it there, in order. */
export class DelayedPipe {
  readonly #source: Socket
  readonly #shared: PipeShared
  readonly #heldBackUs: () => number
  readonly #rttUs: number
  readonly #window: TcpWindow | null
  /** What the window has not let go yet: bytes, and what is to happen behind them. */
  #waiting: (Buffer | (() => void))[] = []
  #waitingBytes = 0
  #isTimed = false
  /** How much of what was said is held back, and until when the last of it is. */
  #heldBack = 0
  #heldUntilUs = 0
  #lastDueUs = 0
  #underWayBytes = 0
  #lossRoundEndsUs = 0
  #destination: Socket | null = null
  #delivered: () => void = () => undefined
  #transferred: (us: number, resent: number) => void = () => undefined
  /** What waits was said then, and the latest of it left, or came late as if it had left, then. */
  #saidUs = 0
  #leftUs = 0
  #resent = 0

  /** Reads `source` from now on. @param heldBackUs how long what is said now has to wait before TCP hears of it */
  constructor(source: Socket, shared: PipeShared, rttUs: number, heldBackUs: () => number) {
    this.#source = source
    this.#shared = shared
    this.#rttUs = rttUs
    this.#heldBackUs = heldBackUs
    const { window, congestionControl } = shared.network
    this.#window = window && rttUs > 0 ? new TcpWindow({ rttUs, congestionControl }) : null
    let ended = false
    source.on('data', (bytes: Buffer) => {
      this.#underWayBytes += bytes.length
      this.#say(bytes)
      this.#holdBackOrResume()
    })
    source.on('end', () => {
      ended = true
      this.#say(() => this.#destination?.end())
    })
    // Its close event follows, and that is what travels.
    source.on('error', () => undefined)
    source.on('close', (hadError) => {
      if (!hadError && ended) return
      this.#waiting = []
      this.#waitingBytes = 0
      this.#say(() => this.#destination?.resetAndDestroy())
    })
  }

  /**
   * Calls `listener` when all that was said has left, if that was later than it was said: by how much, µs, and how many
   * segments were sent again.
   */
  onTransfer(listener: (us: number, resent: number) => void): void {
    this.#transferred = listener
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
    this.#shared.timer.schedule(this.#lastDueUs, task)
  }

  /** Hands to TCP what was said, or is to happen behind it. */
  #say(said: Buffer | (() => void)): void {
    const heldBackUs = this.#heldBackUs()
    const now = nowUs()
    // Not the time decides, but whether it was taken: a machine may come to it late.
    if (heldBackUs === 0 && this.#heldBack === 0) return this.#take(said, now)
    const untilUs = Math.max(this.#heldUntilUs, now + heldBackUs)
    this.#heldUntilUs = untilUs
    this.#heldBack++
    this.#shared.timer.schedule(untilUs, () => {
      this.#heldBack--
      this.#take(said, untilUs)
    })
  }

  #take(said: Buffer | (() => void), now: number): void {
    if (this.#waitingBytes === 0) this.#saidUs = this.#leftUs = now
    this.#waiting.push(said)
    if (Buffer.isBuffer(said)) this.#waitingBytes += said.length
    this.#send(now)
  }

  /** Lets go what may go, and comes back when more may. TCP's clock is the time that was meant, however late this comes. */
  #send(now: number): void {
    if (this.#isTimed) return
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (typeof next === 'function') {
        this.#waiting.shift()
        this.#arriveAt(now + this.#rttUs / 2, next)
        continue
      }
      const leave = this.#leave(now)
      if ('segments' in leave) {
        this.#go(now, leave.segments)
      } else if (leave.atUs <= nowUs()) {
        now = leave.atUs
      } else {
        this.#isTimed = true
        this.#shared.timer.schedule(leave.atUs, () => {
          this.#isTimed = false
          this.#send(leave.atUs)
        })
        return
      }
    }
  }

  #leave(now: number): ReturnType<TcpWindow['leave']> {
    const wanted = Math.ceil(this.#waitingBytes / SEGMENT_BYTES)
    const asked = this.#window?.leave(wanted, now) ?? { segments: wanted }
    const leave = 'atUs' in asked && this.#isSmall(wanted, now) ? { segments: wanted } : asked
    const { mbitPerSecond, lossPercent } = this.#shared.network
    // Where packets queue or get lost, each goes its own way.
    return 'segments' in leave && (mbitPerSecond !== null || lossPercent > 0) ? { segments: 1 } : leave
  }

  /** A simplification: what fits one flight is not paced, so that a small message costs its turns alone. */
  #isSmall(wanted: number, now: number): boolean {
    const free = (this.#window?.segments ?? Infinity) - (this.#window?.inFlight ?? 0)
    return now === this.#saidUs && wanted <= Math.min(free, INITIAL_SEGMENTS)
  }

  #go(now: number, segments: number): void {
    const chunks = this.#cut(segments * SEGMENT_BYTES)
    const bytes = chunks.reduce((sum, { length }) => sum + length, 0)
    const passedUs = this.#shared.wire.pass(bytes, now)
    const leftUs = passedUs + this.#recoveryUs(now)
    const arrivesUs = leftUs + this.#rttUs / 2
    this.#leftUs = Math.max(this.#leftUs, leftUs)
    this.#window?.left(segments, now, arrivesUs + this.#rttUs / 2)
    if (this.#waitingBytes === 0) this.#told()
    this.#arriveAt(arrivesUs, () => {
      this.#underWayBytes -= bytes
      const destination = this.#destination
      if (destination?.writable === true) {
        this.#delivered()
        for (const chunk of chunks) destination.write(chunk)
      }
      this.#holdBackOrResume()
    })
  }

  #told(): void {
    const us = this.#leftUs - this.#saidUs
    if (us > 0) this.#transferred(us, this.#resent)
    this.#resent = 0
  }

  /**
   * How much later a segment arrives because it, and perhaps what replaced it, was lost: a round trip where later ones
   * show that it is missing, a probe or a timeout where none do (RFC 6675, 8985, 6298).
   */
  #recoveryUs(now: number): number {
    const { network, random } = this.#shared
    const share = network.lossPercent / 100
    if (share === 0 || random() >= share) return 0
    if (now >= this.#lossRoundEndsUs) {
      this.#lossRoundEndsUs = now + this.#rttUs
      this.#window?.lost()
    }
    const isLone = (this.#window?.inFlight ?? 0) === 0
    const probeUs = 2 * this.#rttUs + (isLone ? LEAST_TIMEOUT_US : PROBE_TICKS_US)
    let lateUs = this.#waitingBytes > 0 ? this.#rttUs : probeUs
    this.#resent++
    for (let timeoutUs = this.#rttUs + LEAST_TIMEOUT_US; random() < share; timeoutUs *= 2) {
      this.#resent++
      lateUs += timeoutUs
    }
    return lateUs
  }

  #cut(most: number): Buffer[] {
    const taken: Buffer[] = []
    for (let left = most; left > 0;) {
      const [first] = this.#waiting
      if (!Buffer.isBuffer(first)) break
      const piece = first.subarray(0, left)
      if (piece.length === first.length) this.#waiting.shift()
      else this.#waiting[0] = first.subarray(left)
      left -= piece.length
      this.#waitingBytes -= piece.length
      taken.push(piece)
    }
    return taken
  }

  #arriveAt(arrivesUs: number, task: () => void): void {
    this.at(arrivesUs - PASSAGE_COST_US, task)
  }

  #holdBackOrResume(): void {
    const bytes = this.#underWayBytes + (this.#destination?.writableLength ?? 0)
    if (bytes > MAX_UNDER_WAY_BYTES) this.#source.pause()
    else if (this.#source.isPaused()) this.#source.resume()
  }
}
