import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import type { Socket } from 'node:net'

// linux/tcp.h and linux/in.h, the same on every architecture that Node runs on.
const IPPROTO_TCP = 6
const TCP_INFO = 11
const TCP_QUICKACK = 12
const TCP_CONGESTION = 13

/** Offsets in `struct tcp_info`; later kernels only add to its end. */
const OFFSET = {
  segmentBytes: 16,
  lastDataSentMs: 44,
  rttUs: 68,
  windowSegments: 80,
  retransmits: 100,
  leastRttUs: 148,
  receiverLimitedUs: 176,
  duplicates: 216
} as const
/** What this reads to: a kernel of 2016 (4.6) has it all. */
const LEAST_BYTES = 152
const MOST_BYTES = 512
const LONGEST_NAME = 16

type SocketOption = (fd: number, level: number, name: number, value: Uint8Array, length: unknown) => number

/** What the kernel says of the TCP connection below a socket. Filled in anew by each {@link TcpInfo.read}. */
export class TcpInfo {
  /** Since the last segment with payload left, one sent again among them; in ticks of the kernel's clock (1 to 10 ms), ms. */
  lastDataSentMs = 0
  /** Smoothed and least round trip, µs. A peer's delayed acknowledgement is in the first one. */
  rttUs = 0
  leastRttUs = 0
  /** Congestion window, in segments of `segmentBytes`. */
  windowSegments = 0
  segmentBytes = 0
  /** Segments sent again since the connection was opened, SYN included. */
  retransmits = 0
  /** Segments that the peer said it had twice (DSACK): sent again for nothing. 0 with kernels before 2019 (5.4). */
  duplicates = 0
  /**
   * How long what was to be sent waited for room in the peer's receive window since the connection was opened, in ticks of
   * the kernel's clock, µs. 0 with kernels before 2016 (4.10).
   */
  receiverLimitedUs = 0
  readonly #get: SocketOption
  readonly #set: SocketOption
  readonly #bytes = Buffer.alloc(MOST_BYTES)
  readonly #length = new Uint32Array(1)

  private constructor(get: SocketOption, set: SocketOption) {
    this.#get = get
    this.#set = set
  }

  /** Ready to ask, or null where the system does not tell: not Linux, or the library that makes the call does not load. */
  static open(): TcpInfo | null {
    if (process.platform !== 'linux' || endianness() !== 'LE') return null
    try {
      const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
      // The program itself: libc is in it, whatever its name.
      const library = koffi.load(null)
      const get = library.func('int getsockopt(int fd, int level, int name, void *value, void *length)')
      const set = library.func('int setsockopt(int fd, int level, int name, void *value, uint32_t length)')
      return new TcpInfo(get as SocketOption, set as SocketOption)
    } catch {
      return null
    }
  }

  /** Asks about a socket, a TLS one too; false when the kernel does not tell (closed, no TCP, too old). Takes 2 to 20 µs. */
  read(socket: Socket): boolean {
    const fd = descriptor(socket)
    if (fd < 0) return false
    this.#length[0] = MOST_BYTES
    if (this.#get(fd, IPPROTO_TCP, TCP_INFO, this.#bytes, this.#length) !== 0) return false
    const toldBytes = this.#length[0]
    if (toldBytes < LEAST_BYTES) return false
    this.segmentBytes = this.#bytes.readUInt32LE(OFFSET.segmentBytes)
    this.lastDataSentMs = this.#bytes.readUInt32LE(OFFSET.lastDataSentMs)
    this.rttUs = this.#bytes.readUInt32LE(OFFSET.rttUs)
    this.windowSegments = this.#bytes.readUInt32LE(OFFSET.windowSegments)
    this.retransmits = this.#bytes.readUInt32LE(OFFSET.retransmits)
    this.leastRttUs = this.#bytes.readUInt32LE(OFFSET.leastRttUs)
    this.receiverLimitedUs =
      toldBytes < OFFSET.receiverLimitedUs + 8 ? 0 : this.#bytes.readUIntLE(OFFSET.receiverLimitedUs, 6)
    this.duplicates = toldBytes < OFFSET.duplicates + 4 ? 0 : this.#bytes.readUInt32LE(OFFSET.duplicates)
    return true
  }

  /** Name of the connection's congestion control; null when the kernel does not tell. */
  congestionControl(socket: Socket): string | null {
    const fd = descriptor(socket)
    this.#length[0] = LONGEST_NAME
    if (fd < 0 || this.#get(fd, IPPROTO_TCP, TCP_CONGESTION, this.#bytes, this.#length) !== 0) return null
    return this.#bytes.toString('latin1', 0, this.#length[0]).replace(/\0.*$/s, '')
  }

  /** Has the kernel acknowledge at once from here on; it goes back to delaying by itself. */
  acknowledgeAtOnce(socket: Socket): void {
    const fd = descriptor(socket)
    if (fd >= 0) this.#set(fd, IPPROTO_TCP, TCP_QUICKACK, ONE, ONE.length)
  }
}

/** An int of 1. */
const ONE = Uint8Array.of(1, 0, 0, 0)

/** Node has no public way to a socket's descriptor; its handle has carried it since 0.12. */
export function descriptor(socket: Socket): number {
  return (socket as unknown as { _handle?: { fd?: number } | null })._handle?.fd ?? -1
}
