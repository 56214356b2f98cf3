import { ConnectionFault } from './faults.ts'
import { DEFAULT_MAX_FRAME_BYTES, FRAME_HEADER_BYTES, readUint31 } from './frames.ts'

/**
 * Takes one whole frame; its payload is what stands in `bytes` from `from` up to `to`, and there only until it returns.
 * @throws {ConnectionFault} to read no further
 */
export type OnFrame = (
  type: number,
  flags: number,
  streamId: number,
  bytes: Buffer,
  from: number,
  to: number
) => void

/**
 * Cuts what is read from a socket into frames (RFC 9113, section 4.1), whatever the pieces it comes in. A frame that
 * comes in one piece is not copied.
 */
export class FrameReader {
  readonly #onFrame: OnFrame
  /** The start of a frame whose end is still to come; made when one is cut for the first time. */
  #kept: Buffer = Buffer.alloc(0)
  #keptBytes = 0

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame
  }

  /** A frame has begun and not ended. */
  get isMidFrame(): boolean {
    return this.#keptBytes > 0
  }

  /** @throws {ConnectionFault} when a frame is longer than agreed, and what `onFrame` throws */
  feed(bytes: Buffer, length: number): void {
    let at = this.#keptBytes === 0 ? 0 : this.#complete(bytes, length)
    while (length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + payloadBytes(bytes, at)
      if (end > length) break
      this.#emit(bytes, at, end)
      at = end
    }
    if (at < length) this.#keep(bytes, at, length)
  }

  /** Adds to the frame that was cut, and emits it once it is whole; returns how many bytes went into it. */
  #complete(bytes: Buffer, length: number): number {
    let at = 0
    if (this.#keptBytes < FRAME_HEADER_BYTES) {
      at = this.#keep(bytes, 0, Math.min(length, FRAME_HEADER_BYTES - this.#keptBytes))
      if (this.#keptBytes < FRAME_HEADER_BYTES) return at
    }
    const frameBytes = FRAME_HEADER_BYTES + payloadBytes(this.#kept, 0)
    at = this.#keep(bytes, at, Math.min(length, at + frameBytes - this.#keptBytes))
    if (this.#keptBytes === frameBytes) {
      this.#keptBytes = 0
      this.#emit(this.#kept, 0, frameBytes)
    }
    return at
  }

  #keep(bytes: Buffer, from: number, to: number): number {
    if (this.#kept.length === 0) {
      this.#kept = Buffer.allocUnsafe(FRAME_HEADER_BYTES + DEFAULT_MAX_FRAME_BYTES)
    }
    bytes.copy(this.#kept, this.#keptBytes, from, to)
    this.#keptBytes += to - from
    return to
  }

  #emit(bytes: Buffer, from: number, end: number): void {
    this.#onFrame(
      bytes[from + 3]!,
      bytes[from + 4]!,
      readUint31(bytes, from + 5),
      bytes,
      from + FRAME_HEADER_BYTES,
      end
    )
  }
}

/** @throws {ConnectionFault} when it is more than was agreed: this side never asks for more than the least */
function payloadBytes(bytes: Buffer, at: number): number {
  const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
  if (length > DEFAULT_MAX_FRAME_BYTES) {
    throw new ConnectionFault('FRAME_SIZE_ERROR', `a frame of ${length} bytes is longer than agreed`)
  }
  return length
}
