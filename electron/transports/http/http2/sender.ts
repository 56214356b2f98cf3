import type { Socket } from 'node:net'
import { nowUs } from '../../clock.ts'
import { ConnectionFault, errorCode, type ErrorName } from './faults.ts'
import {
  DEFAULT_MAX_FRAME_BYTES,
  DEFAULT_WINDOW_BYTES,
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  MAX_STREAM_ID,
  MAX_WINDOW_BYTES,
  PREFACE,
  uint32,
  writeFrameHeader
} from './frames.ts'
import { Outbox } from './outbox.ts'
import { applySettings, PeerSettings } from './settings.ts'
import type { Http2Stream } from './stream.ts'

/** Streams that were given up here and that the peer may still say something about. */
const MAX_GIVEN_UP = 1000
/** A frame of data that is shorter than this for want of room is worth less than waiting for the room. */
const LEAST_PIECE_BYTES = 4096

/**
 * What a session says, and its streams as far as they are open: requests go out in order, as far as the peer's limits
 * and windows let them, the frames of all in one write.
 */
export class Http2Sender {
  /** Streams that are open, by number. */
  readonly streams = new Map<number, Http2Stream>()
  readonly outbox: Outbox
  /** The last stream that the peer can know of; -1 before the first. */
  lastSaidId = -1
  /** Bytes of frames that belong to no stream, for the session's account. */
  looseBytes = 0
  readonly #peer = new PeerSettings()
  /** Streams with something left to say, in order. */
  #queue: Http2Stream[] = []
  /** Streams whose last byte is in the outbox. */
  readonly #leaving: Http2Stream[] = []
  readonly #givenUp = new Set<number>()
  #nextId = 1
  #window = DEFAULT_WINDOW_BYTES

  constructor(socket: Socket, onWritten: () => void) {
    this.outbox = new Outbox(socket, onWritten)
    this.outbox.at = PREFACE.copy(this.outbox.buffer)
    this.looseBytes = PREFACE.length
  }

  /** Streams that the peer takes at a time. */
  get maxConcurrentStreams(): number {
    return this.#peer.maxConcurrentStreams
  }

  /** No stream is open, and none waits to be. */
  get isSpent(): boolean {
    return this.streams.size === 0 && this.#queue.length === 0
  }

  /** There are no numbers left for the streams that wait. */
  get isOutOfIds(): boolean {
    return this.#nextId > MAX_STREAM_ID && this.#queue.some(({ id }) => id === 0)
  }

  add(stream: Http2Stream): void {
    this.#queue.push(stream)
  }

  /** Takes the requests back that were never begun. */
  takeUnbegun(): Http2Stream[] {
    const unbegun = this.#queue.filter(({ id }) => id === 0)
    if (unbegun.length > 0) this.#queue = this.#queue.filter(({ id }) => id !== 0)
    return unbegun
  }

  /** Takes all streams back that are open. */
  takeOpen(): Http2Stream[] {
    const open = [...this.streams.values()]
    this.streams.clear()
    this.#leaving.length = 0
    this.#queue = this.#queue.filter(({ id }) => id === 0)
    return open
  }

  /** Whether a stream was given up here that the peer may not know of yet. */
  hasGivenUp(id: number): boolean {
    return this.#givenUp.has(id)
  }

  /** Resets a stream. */
  reset(stream: Http2Stream, name: ErrorName): void {
    this.say(FRAME.resetStream, 0, stream.id, uint32(errorCode(name)))
    this.giveUp(stream)
  }

  /** Forgets a stream that the peer may still say something about. */
  giveUp(stream: Http2Stream): void {
    this.forget(stream)
    this.#givenUp.add(stream.id)
    const [oldest] = this.#givenUp
    if (this.#givenUp.size > MAX_GIVEN_UP && oldest !== undefined) this.#givenUp.delete(oldest)
  }

  /** Forgets a stream that is over, or was never begun. */
  forget(stream: Http2Stream): void {
    this.streams.delete(stream.id)
    if (!stream.isSaid) remove(this.#queue, stream)
    else if (this.#leaving.length > 0) remove(this.#leaving, stream)
  }

  /**
   * Takes in the peer's settings (RFC 9113, section 6.5) and says so.
   * @throws {ConnectionFault}
   */
  setPeer(bytes: Uint8Array, from: number, to: number, isFirst: boolean): void {
    const before = this.#peer.initialWindowBytes
    if (isFirst) this.#peer.maxConcurrentStreams = Infinity
    applySettings(this.#peer, bytes, from, to)
    const grown = this.#peer.initialWindowBytes - before
    for (const stream of this.streams.values()) {
      stream.sendWindow += grown
      if (stream.sendWindow > MAX_WINDOW_BYTES) {
        throw new ConnectionFault('FLOW_CONTROL_ERROR', `the window of stream ${stream.id} overflows`)
      }
    }
    this.say(FRAME.settings, FLAG.ack, 0, NOTHING)
  }

  /**
   * Opens the window of the connection (RFC 9113, section 6.9).
   * @throws {ConnectionFault}
   */
  growWindow(increment: number): void {
    this.#window += increment
    if (this.#window > MAX_WINDOW_BYTES) {
      throw new ConnectionFault('FLOW_CONTROL_ERROR', 'the window of the connection overflows')
    }
  }

  /**
   * Says what belongs to the connection itself, or resets a stream.
   * @throws {ConnectionFault} when the peer makes this side talk without listening
   */
  say(type: number, flags: number, id: number, payload: Uint8Array): void {
    const { outbox } = this
    const bytes = FRAME_HEADER_BYTES + payload.length
    if (!outbox.hasRoomFor(bytes)) this.write()
    if (!outbox.hasRoomFor(bytes)) {
      throw new ConnectionFault('ENHANCE_YOUR_CALM', 'it demands answers that it does not read')
    }
    const at = writeFrameHeader(outbox.buffer, outbox.at, payload.length, type, flags, id)
    outbox.buffer.set(payload, at)
    outbox.at = at + payload.length
    this.looseBytes += bytes
  }

  /** Puts what the streams have to say into the outbox, as far as limits and windows go; tells whether any data went. */
  fill(): boolean {
    const queue = this.#queue
    const windowBefore = this.#window
    let kept = 0
    for (const stream of queue) {
      const { bodySent } = stream
      if (this.#put(stream)) this.#leaving.push(stream)
      else {
        stream.wasHeld = true
        queue[kept++] = stream
        if (stream.bodySent > bodySent) stream.user.moved(nowUs())
      }
    }
    queue.length = kept
    return this.#window < windowBefore
  }

  /** Writes the outbox to the socket. Those whose requests have left by that hear when. */
  write(): void {
    if (this.outbox.isIdle) return
    const writeUs = nowUs()
    this.outbox.write()
    this.lastSaidId = this.#nextId - 2
    for (const stream of this.#leaving) stream.user.sent(writeUs)
    this.#leaving.length = 0
  }

  /** Returns whether all of a request has been put into the outbox. */
  #put(stream: Http2Stream): boolean {
    if (stream.id === 0 && !this.#putHeaders(stream)) return false
    const { outbox } = this
    while (stream.bodyLeft > 0) {
      const left = stream.bodyLeft
      const room = outbox.room - FRAME_HEADER_BYTES
      if (room < Math.min(left, LEAST_PIECE_BYTES)) return false
      const bytes = Math.min(left, room, this.#peer.maxFrameBytes, this.#window, stream.sendWindow)
      if (bytes <= 0) return false
      const flags = bytes === left ? FLAG.endStream : 0
      const at = writeFrameHeader(outbox.buffer, outbox.at, bytes, FRAME.data, flags, stream.id)
      stream.copyBody(outbox.buffer, at, bytes)
      outbox.at = at + bytes
      stream.bytesOut += FRAME_HEADER_BYTES + bytes
      stream.sendWindow -= bytes
      this.#window -= bytes
    }
    stream.isSaid = true
    return true
  }

  /** Opens a stream, unless the peer takes no more for now. */
  #putHeaders(stream: Http2Stream): boolean {
    const { outbox } = this
    const { block } = stream
    if (this.streams.size >= this.#peer.maxConcurrentStreams || this.#nextId > MAX_STREAM_ID) return false
    if (outbox.room < block.length + 4 * FRAME_HEADER_BYTES) return false
    stream.id = this.#nextId
    this.#nextId += 2
    stream.sendWindow = this.#peer.initialWindowBytes
    this.streams.set(stream.id, stream)
    const startAt = outbox.at
    for (let from = 0; from < block.length; from += DEFAULT_MAX_FRAME_BYTES) {
      const to = Math.min(block.length, from + DEFAULT_MAX_FRAME_BYTES)
      const isFirst = from === 0
      const flags =
        (to === block.length ? FLAG.endHeaders : 0) | (isFirst && stream.bodyLeft === 0 ? FLAG.endStream : 0)
      const type = isFirst ? FRAME.headers : FRAME.continuation
      const at = writeFrameHeader(outbox.buffer, outbox.at, to - from, type, flags, stream.id)
      outbox.buffer.set(to - from === block.length ? block : block.subarray(from, to), at)
      outbox.at = at + to - from
    }
    stream.bytesOut += outbox.at - startAt
    return true
  }
}

const NOTHING = Buffer.alloc(0)

function remove(streams: Http2Stream[], stream: Http2Stream): void {
  const index = streams.indexOf(stream)
  if (index !== -1) streams.splice(index, 1)
}
