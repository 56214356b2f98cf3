import type { Socket } from 'node:net'

/** Bytes that go to a socket in one write. */
const BUFFER_BYTES = 64 * 1024
/** Room that requests leave for what the connection itself must say. */
const RESERVED_BYTES = 4096
/** Buffers that are kept for the next write of any connection of this thread. */
const MAX_FREE_BUFFERS = 64

const free: Buffer[] = []

/**
 * Gathers the frames of all streams of a connection and writes them at once. One write is under way at a time: what
 * comes meanwhile waits for it, in one more buffer.
 */
export class Outbox {
  readonly #socket: Socket
  readonly #onWritten: () => void
  #filling: Buffer | null = null
  #at = 0
  #writing: Buffer | null = null

  /** @param onWritten is called when a write is done and the next may begin, never from inside {@link Outbox.write} */
  constructor(socket: Socket, onWritten: () => void) {
    this.#socket = socket
    this.#onWritten = onWritten
  }

  /** Nothing can be written now: either there is nothing, or a write is under way. */
  get isIdle(): boolean {
    return this.#at === 0 || this.#writing !== null
  }

  /** Everything has left. */
  get isEmpty(): boolean {
    return this.#at === 0 && this.#writing === null
  }

  /** Bytes that a request may still add. */
  get room(): number {
    return BUFFER_BYTES - RESERVED_BYTES - this.#at
  }

  /** Where frames are put: into {@link Outbox.buffer} at this place, which whoever adds some moves on. */
  get at(): number {
    return this.#at
  }
  set at(at: number) {
    this.#at = at
  }

  get buffer(): Buffer {
    this.#filling ??= free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)
    return this.#filling
  }

  /** Whether a frame goes in that the connection itself has to say. */
  hasRoomFor(bytes: number): boolean {
    return this.#at + bytes <= BUFFER_BYTES
  }

  /** Writes what was gathered. */
  write(): void {
    const filled = this.#filling
    if (filled === null || this.isIdle) return
    this.#filling = null
    this.#writing = filled
    this.#socket.write(filled.subarray(0, this.#at), this.#done)
    this.#at = 0
  }

  readonly #done = (): void => {
    if (this.#writing !== null && free.length < MAX_FREE_BUFFERS) free.push(this.#writing)
    this.#writing = null
    this.#onWritten()
  }
}
