import type { Socket } from 'node:net'

/** A large rest goes out in slices of this size, the next when the last has left. */
const SLICE_BYTES = 256 * 1024

/** Writes what may be large, so that it is seen to move, and can be given up half-way. */
export class SliceWriter {
  readonly #onMoved: () => void
  #rest: Buffer | null = null

  /** @param onMoved is called when a slice has left and others are still to go */
  constructor(onMoved: () => void) {
    this.#onMoved = onMoved
  }

  /** Bytes that have not been handed to the socket. */
  get unwrittenBytes(): number {
    return this.#rest?.length ?? 0
  }

  /**
   * Writes pieces in one go, as far as they are not large.
   * @param onWritten is called when the last byte has left
   */
  write(socket: Socket, pieces: readonly Buffer[], onWritten?: () => void): void {
    const last = pieces.at(-1)
    if (last === undefined) return
    if (pieces.length === 1 && last.length <= SLICE_BYTES) {
      socket.write(last, onWritten)
      return
    }
    socket.cork()
    for (const piece of pieces) if (piece !== last) socket.write(piece)
    this.#rest = last
    this.#writeOn(socket, onWritten)
    socket.uncork()
  }

  /** What has not been handed to the socket stays unsaid. */
  drop(): void {
    this.#rest = null
  }

  #writeOn(socket: Socket, onWritten: (() => void) | undefined): void {
    for (let rest = this.#rest; rest !== null; rest = this.#rest) {
      if (rest.length <= SLICE_BYTES) {
        this.#rest = null
        socket.write(rest, onWritten)
        return
      }
      this.#rest = rest.subarray(SLICE_BYTES)
      if (!socket.write(rest.subarray(0, SLICE_BYTES))) {
        socket.once('drain', () => {
          if (this.#rest === null) return
          this.#onMoved()
          this.#writeOn(socket, onWritten)
        })
        return
      }
    }
  }
}
