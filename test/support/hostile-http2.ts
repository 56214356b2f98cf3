import { createServer, type AddressInfo, type Socket } from 'node:net'

const PREFACE_BYTES = 24
const FRAME_HEADER_BYTES = 9
const ACK = 1
const END_STREAM = 1
const END_HEADERS = 4

/** Frame types of RFC 9113, section 6. */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9
} as const

/** What happens when the whole head of a request has been heard; `count` is its number on this server, from 1. */
export type OnRequest = (socket: Socket, streamId: number, count: number) => void

/** A frame that the client has sent. */
export interface HeardFrame {
  type: number
  flags: number
  streamId: number
  payload: Buffer
}

export interface HostileHttp2Server extends AsyncDisposable {
  readonly port: number
  readonly open: ReadonlySet<Socket>
  /** Everything that clients have said, but for their DATA. */
  readonly heard: readonly HeardFrame[]
}

/** Bytes of one frame. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer = Buffer.alloc(0)
): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  header.writeUIntBE(payload.length, 0, 3)
  header.writeUInt8(type, 3)
  header.writeUInt8(flags, 4)
  header.writeUInt32BE(streamId, 5)
  return Buffer.concat([header, payload])
}

/** A number of four bytes, as RST_STREAM, GOAWAY and WINDOW_UPDATE have it. */
export function uint32(value: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(value)
  return payload
}

/** One setting as a frame of settings carries it (RFC 9113, section 6.5.1). */
export function setting(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(6)
  bytes.writeUInt16BE(number)
  bytes.writeUInt32BE(value, 2)
  return bytes
}

/** `:status: 200` of HPACK's static table (RFC 7541, appendix A). */
export const STATUS_200 = Buffer.from([0x88])

/** A header that stands in no table, nor shall (RFC 7541, section 6.2.2). */
export function literal(name: string, value: string): Buffer {
  return Buffer.from(
    `\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`,
    'latin1'
  )
}

/** The head of a good answer, its end still to come. */
export function goodHead(streamId: number): Buffer {
  return frame(FRAME.headers, END_HEADERS, streamId, STATUS_200)
}

/** A good answer. */
export function goodAnswer(streamId: number): Buffer {
  const body = Buffer.from('{"id":"<1@example.com>","message":"Queued. Thank you."}')
  return Buffer.concat([goodHead(streamId), frame(FRAME.data, END_STREAM, streamId, body)])
}

/**
 * A TCP server that speaks HTTP/2 in the clear (prior knowledge) only as far as `onRequest` lets it.
 * @param settings the payload of its first frame; null when it has none
 */
export async function startHostileHttp2Server(
  onRequest: OnRequest,
  settings: Buffer | null = Buffer.alloc(0)
): Promise<HostileHttp2Server> {
  const open = new Set<Socket>()
  const frames: HeardFrame[] = []
  let requests = 0
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    if (settings !== null) socket.write(frame(FRAME.settings, 0, 0, settings))
    let heard = Buffer.alloc(0)
    let isOpened = false
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk])
      if (!isOpened && heard.length < PREFACE_BYTES) return
      if (!isOpened) heard = heard.subarray(PREFACE_BYTES)
      isOpened = true
      while (heard.length >= FRAME_HEADER_BYTES) {
        const length = FRAME_HEADER_BYTES + heard.readUIntBE(0, 3)
        if (heard.length < length) return
        const [type, flags, streamId] = [heard.readUInt8(3), heard.readUInt8(4), heard.readUInt32BE(5)]
        const payload = Buffer.from(heard.subarray(FRAME_HEADER_BYTES, length))
        heard = heard.subarray(length)
        if (type !== FRAME.data) frames.push({ type, flags, streamId, payload })
        if (type === FRAME.settings && (flags & ACK) === 0) socket.write(frame(FRAME.settings, ACK, 0))
        if (type === FRAME.headers) onRequest(socket, streamId, ++requests)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    open,
    heard: frames,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    }
  }
}
