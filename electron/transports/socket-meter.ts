import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Phase } from '../../shared/words.ts'
import { nowUs } from './clock.ts'
import type { ConnectionStats } from './client.ts'
import type { SendResult } from './send-result.ts'

/** What a client's bytes mean, for the naming of its waits. */
export interface MeterOptions {
  /** Phase of the wait after the connection is open, when the peer speaks first; never used when the client does. */
  greeting: Phase
  /**
   * Phase of what is being written; null when it is for no send, and nobody waits for its answer.
   * @param before phase of what was written last
   * @param continuing nothing was heard since: both belong to one group
   */
  phaseOf(chunk: Uint8Array | string, before: Phase, continuing: boolean): Phase | null
}

/**
 * Counts a library's turns where they cannot be disputed: at its socket. A turn is spoken (connect, handshake or
 * write) and then heard; its wait runs from the last byte written to the last byte heard before the next is written.
 */
export class SocketMeter {
  /** The send that waits and bytes belong to; null while there is none. */
  result: SendResult | null = null
  readonly options: MeterOptions
  readonly stats: ConnectionStats
  #phase: Phase = 'tcp'
  #spokeUs = 0
  #heardUs = 0
  /** Something was begun or said whose wait has not been booked. */
  #isOpen = false
  /** Turns that the open wait will count. */
  #turns = 0
  #speaking = false
  /** The open wait is an ordinary exchange on an established connection. */
  #exchange = false

  constructor(options: MeterOptions, stats: ConnectionStats) {
    this.options = options
    this.stats = stats
  }

  /**
   * The client begins something other than a write: connecting, a handshake, waiting for a greeting.
   * @param turns 0 when the peer may speak without having heard anything more
   */
  begin(phase: Phase, turns = 1): void {
    this.settle()
    this.#phase = phase
    this.#isOpen = true
    this.#turns = turns
    this.#speaking = true
    this.#exchange = false
    this.#spokeUs = nowUs()
  }

  /** What was begun has ended; it turned out to hold this many turns. */
  ended(turns: number): void {
    this.#turns = turns
    this.#speaking = false
    this.#heardUs = nowUs()
    this.settle()
  }

  wrote(chunk: Uint8Array | string): void {
    const continuing = this.#speaking
    const phase = this.options.phaseOf(chunk, this.#phase, continuing)
    if (this.result !== null) this.result.bytesOut += Buffer.byteLength(chunk)
    if (!continuing) this.settle()
    if (phase === null) return
    this.#phase = phase
    this.#isOpen = true
    this.#turns = 1
    this.#speaking = true
    this.#exchange = true
    this.#spokeUs = nowUs()
  }

  /** What was written last has gone, and the library was not let write on before: it waited, without a turn. */
  unblocked(): void {
    if (!this.#speaking) return
    const now = nowUs()
    this.result?.waited(this.#phase, now - this.#spokeUs, 0)
    this.#spokeUs = now
    // Part of the round trip may have passed before the news of it came.
    this.#exchange = false
  }

  heard(bytes: number): void {
    this.#speaking = false
    if (this.result !== null) this.result.bytesIn += bytes
    this.#heardUs = nowUs()
  }

  /** Closes the open wait, if there is one; to be called when a send has ended. */
  settle(): void {
    if (!this.#isOpen || this.#speaking) return
    const waitedUs = Math.max(0, this.#heardUs - this.#spokeUs)
    this.result?.waited(this.#phase, waitedUs, this.#turns)
    if (this.#exchange && waitedUs < this.stats.leastTurnUs) this.stats.leastTurnUs = waitedUs
    this.#isOpen = false
  }

  /** Closes the open wait of a send that got no answer: its time counts as waited, in the phase that is returned. */
  cut(): Phase {
    if (this.#speaking) {
      this.#heardUs = nowUs()
      this.#speaking = false
      this.#exchange = false
    }
    this.settle()
    return this.#phase
  }
}

/** Turns of a finished TLS handshake: 2 for a full one of TLS 1.2, else 1. */
export function handshakeTurns(socket: TLSSocket): number {
  return socket.getProtocol() === 'TLSv1.3' || socket.isSessionReused() ? 1 : 2
}

/**
 * Watches a socket that is connecting, or (a TLS socket over an open one) shaking hands. To be called right after it
 * was made. What it costs is two timestamps per turn.
 */
export function meterSocket(socket: Socket, meter: SocketMeter): void {
  if (socket.connecting) {
    const startedUs = nowUs()
    meter.begin('tcp')
    // Before the library hears of it: it may write at once.
    socket.prependOnceListener('connect', () => {
      meter.stats.leastConnectUs = Math.min(meter.stats.leastConnectUs, nowUs() - startedUs)
      meter.ended(1)
      meter.begin(socket instanceof TLSSocket ? 'tls' : meter.options.greeting)
    })
  } else {
    meter.begin('tls')
  }
  if (socket instanceof TLSSocket) {
    socket.prependOnceListener('secureConnect', () => {
      const turns = handshakeTurns(socket)
      meter.ended(turns)
      // Behind a full handshake of TLS 1.2 a peer that speaks first may send its greeting along with its last flight.
      meter.begin(meter.options.greeting, 2 - turns)
    })
  }
  meterTraffic(socket, meter)
}

/**
 * Stands in the socket's own way in and out (`push` and `_write`, the methods that the stream documentation gives to
 * implementers): a listener would change the flow that the library has chosen.
 */
function meterTraffic(socket: Socket, meter: SocketMeter): void {
  const push = socket.push.bind(socket)
  socket.push = (chunk: Uint8Array | string | null, encoding?: BufferEncoding) => {
    if (chunk !== null) meter.heard(chunk.length)
    return push(chunk, encoding)
  }
  const gone =
    (done: (error?: Error | null) => void) =>
    (error?: Error | null): void => {
      if (socket.writableNeedDrain) meter.unblocked()
      done(error)
    }
  const write = socket._write.bind(socket)
  socket._write = (chunk: Uint8Array | string, encoding, done) => {
    meter.wrote(chunk)
    write(chunk, encoding, gone(done))
  }
  const writeAll = socket._writev?.bind(socket)
  if (writeAll !== undefined) {
    socket._writev = (chunks: { chunk: Uint8Array | string; encoding: BufferEncoding }[], done) => {
      for (const { chunk } of chunks) meter.wrote(chunk)
      writeAll(chunks, gone(done))
    }
  }
}
