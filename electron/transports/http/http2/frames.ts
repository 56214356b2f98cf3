/** Frame types of RFC 9113, section 6. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9
} as const

/** Flags of RFC 9113, section 6. ACK is END_STREAM's bit, on other frames. */
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const

/** Bytes before the payload of every frame (RFC 9113, section 4.1). */
export const FRAME_HEADER_BYTES = 9
/** Bytes that the payload of a frame may have as long as nobody has agreed to more. */
export const DEFAULT_MAX_FRAME_BYTES = 16_384
/** Send and receive windows before any setting (RFC 9113, section 6.9.2). */
export const DEFAULT_WINDOW_BYTES = 65_535
/** What no window may exceed (RFC 9113, section 6.9.1). */
export const MAX_WINDOW_BYTES = 2 ** 31 - 1
/** The greatest number of a stream (RFC 9113, section 5.1.1). */
export const MAX_STREAM_ID = 2 ** 31 - 1

/** What a client says before anything else (RFC 9113, section 3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

/** Writes the header of a frame; returns where its payload goes. */
export function writeFrameHeader(
  target: Uint8Array,
  at: number,
  payloadBytes: number,
  type: number,
  flags: number,
  streamId: number
): number {
  target[at] = payloadBytes >>> 16
  target[at + 1] = payloadBytes >>> 8
  target[at + 2] = payloadBytes
  target[at + 3] = type
  target[at + 4] = flags
  return writeUint32(target, at + 5, streamId)
}

/** Writes a number of four bytes, most significant first; returns where the next byte goes. */
export function writeUint32(target: Uint8Array, at: number, value: number): number {
  target[at] = value >>> 24
  target[at + 1] = value >>> 16
  target[at + 2] = value >>> 8
  target[at + 3] = value
  return at + 4
}

/** Reads a number of four bytes; of 31 bits where the first is reserved. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) & 0x7fffffff
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** A number of four bytes as a payload of its own. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  writeUint32(bytes, 0, value)
  return bytes
}
