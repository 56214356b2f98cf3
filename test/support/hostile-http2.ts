import { createServer, type AddressInfo, type Socket } from 'node:net'

const PREFACE_BYTES = 24
const FRAME_HEADER_BYTES = 9
const ACK = 1
const END_STREAM = 1
const END_HEADERS = 4

/** Frame types of RFC 9113, section 6. */
export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, goAway: 7, continuation: 9 } as const

/** What happens when the whole head of a request has been heard; `count` is its number on this server, from 1. */
export type OnRequest = (socket: Socket, streamId: number, count: number) => void

export interface HostileHttp2Server extends AsyncDisposable {
  readonly port: number
  readonly open: ReadonlySet<Socket>
  /** Streams that the client has reset. */
  readonly resets: readonly number[]
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

/** An error code as RST_STREAM has it. */
export function errorCode(code: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(code)
  return payload
}

/** `:status: 200` of HPACK's static table (RFC 7541, appendix A). */
const STATUS_200 = Buffer.from([0x88])

/** The head of a good answer, its end still to come. */
export function goodHead(streamId: number): Buffer {
  return frame(FRAME.headers, END_HEADERS, streamId, STATUS_200)
}

/** A good answer. */
export function goodAnswer(streamId: number): Buffer {
  const body = Buffer.from('{"id":"<1@example.com>","message":"Queued. Thank you."}')
  return Buffer.concat([goodHead(streamId), frame(FRAME.data, END_STREAM, streamId, body)])
}

/** A TCP server that speaks HTTP/2 in the clear (prior knowledge) only as far as `onRequest` lets it. */
export async function startHostileHttp2Server(
  onRequest: OnRequest,
  limits: { maxConcurrentStreams?: number } = {}
): Promise<HostileHttp2Server> {
  const open = new Set<Socket>()
  const resets: number[] = []
  const settings = streamLimit(limits.maxConcurrentStreams)
  let requests = 0
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    socket.write(frame(FRAME.settings, 0, 0, settings))
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
        heard = heard.subarray(length)
        if (type === FRAME.settings && (flags & ACK) === 0) socket.write(frame(FRAME.settings, ACK, 0))
        if (type === FRAME.reset) resets.push(streamId)
        if (type === FRAME.headers) onRequest(socket, streamId, ++requests)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    open,
    resets,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    }
  }
}

/** SETTINGS_MAX_CONCURRENT_STREAMS as a frame of settings carries it; nothing when there is no limit. */
function streamLimit(streams: number | undefined): Buffer {
  if (streams === undefined) return Buffer.alloc(0)
  const setting = Buffer.alloc(6)
  setting.writeUInt16BE(3)
  setting.writeUInt32BE(streams, 2)
  return setting
}
