import type { TLSSocket } from 'node:tls'
import type { Phase } from '../../../shared/record/words.ts'
import type { ConnectionStats } from '../client.ts'
import { nowUs } from '../clock.ts'
import type { SendResult } from '../send-result.ts'
import { type Chunk, type SocketTap, tapSocket } from './socket-tap.ts'
import type { TcpWatch } from './tcp-sight.ts'
import { handshakeTurns } from './tls.ts'

/**
 * Names what is being written; null when it is for no send, and nobody waits for its answer.
 * @param before phase of what was written last
 * @param continuing nothing was heard since: both belong to one group
 */
export type PhaseOf = (chunk: Chunk, before: Phase, continuing: boolean) => Phase | null

/**
 * Counts a library's turns where they cannot be disputed: at its socket. A turn is spoken (connect, handshake or
 * write) and then heard; its wait runs from the last byte written to the last byte heard before the next is written.
 */
export class SocketMeter implements SocketTap {
  /** The send that waits and bytes belong to; null while there is none. */
  result: SendResult | null = null
  /** When something was begun, said or heard last, or moved. */
  progressUs = nowUs()
  /** What TCP does below the socket; null until it is connected. */
  tcp: TcpWatch | null = null
  /** A part of what was written last has not left. */
  isWriting = false
  readonly #phaseOf: PhaseOf
  readonly #stats: ConnectionStats
  #phase: Phase = 'tcp'
  #spokeUs = 0
  /** When the group that is waited for began to be said, and its bytes. */
  #saidUs = 0
  #saidBytes = 0
  #heardUs = 0
  /** Something was begun or said whose wait has not been booked. */
  #isOpen = false
  /** Turns that the open wait will count. */
  #turns = 0
  #speaking = false
  /** The open wait is an ordinary exchange on an established connection. */
  #exchange = false

  constructor(phaseOf: PhaseOf, stats: ConnectionStats) {
    this.#phaseOf = phaseOf
    this.#stats = stats
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
    this.#saidBytes = 0
    this.#spokeUs = this.#saidUs = this.progressUs = nowUs()
  }

  /** What was begun has ended; it turned out to hold this many turns. */
  ended(turns: number): void {
    this.#turns = turns
    this.#speaking = false
    this.#heardUs = nowUs()
    this.settle()
  }

  wrote(chunks: readonly Chunk[]): void {
    this.isWriting = true
    for (const chunk of chunks) this.#wrote(chunk)
  }

  /** A library that was not let write on before has waited, without a turn. */
  left(isFull: boolean): void {
    this.isWriting = false
    const now = (this.progressUs = nowUs())
    if (!isFull || !this.#speaking) return
    this.result?.waited(this.#phase, now - this.#spokeUs, 0)
    this.#spokeUs = now
    // Part of the round trip may have passed before the news of it came.
    this.#exchange = false
  }

  moved(): void {
    this.progressUs = nowUs()
  }

  heard(chunk: Chunk): void {
    this.#speaking = false
    this.#heardUs = this.progressUs = nowUs()
    this.tcp?.partHeard(this.#heardUs, false)
    if (this.result === null) return
    this.result.bytesIn += chunk.length
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk
    this.result.conversation?.heard(this.#phase, this.#heardUs, bytes, 0, bytes.length)
  }

  /** Closes the open wait, if there is one; to be called when a send has ended. */
  settle(): void {
    if (!this.#isOpen || this.#speaking) return
    const waitedUs = Math.max(0, this.#heardUs - this.#spokeUs)
    this.result?.waited(this.#phase, waitedUs, this.#turns)
    this.result?.conversation?.waited(this.#phase, this.#heardUs, waitedUs, this.#turns)
    this.tcp?.waited(this.result, this.#saidUs, this.#heardUs, this.#saidBytes)
    if (this.result !== null) this.tcp?.answered(this.result, this.#phase, this.#saidUs, this.#heardUs)
    if (this.#exchange && waitedUs < this.#stats.leastTurnUs) this.#stats.leastTurnUs = waitedUs
    this.#isOpen = false
  }

  /**
   * Closes the open wait of a send that got no answer: its time counts as waited, in the phase that is returned.
   * @param endUs when the send ended
   */
  cut(endUs = nowUs()): Phase {
    if (this.#isOpen) {
      this.#heardUs = endUs
      this.#speaking = false
      this.#exchange = false
    }
    this.settle()
    return this.#phase
  }

  #wrote(chunk: Chunk): void {
    const continuing = this.#speaking
    const phase = this.#phaseOf(chunk, this.#phase, continuing)
    if (this.result !== null) this.result.bytesOut += Buffer.byteLength(chunk)
    if (!continuing) {
      this.settle()
      this.#saidBytes = 0
      this.#saidUs = nowUs()
    }
    this.#saidBytes += Buffer.byteLength(chunk)
    if (phase === null) return
    this.result?.conversation?.said(phase, nowUs(), chunk, Buffer.byteLength(chunk))
    this.#phase = phase
    this.#isOpen = true
    this.#turns = 1
    this.#speaking = true
    this.#exchange = true
    this.#spokeUs = this.progressUs = nowUs()
  }
}

/** Watches a TLS socket that shakes hands over an open one: to be called right after it was made. */
export function meterHandshake(socket: TLSSocket, meter: SocketMeter): void {
  meter.begin('tls')
  socket.prependOnceListener('secureConnect', () => {
    meter.ended(handshakeTurns(socket))
  })
  socket.on('session', () => meter.tcp?.partHeard(nowUs(), false))
  tapSocket(socket, meter)
}
