import { createServer, type AddressInfo, type Socket } from 'node:net'

/** What a hostile server does on each connection once a whole request has been heard on it. */
export interface Behaviour {
  /** Runs at once, before anything was heard. */
  onConnect?: (socket: Socket) => void
  /** Runs for every whole request; `count` is its number on this server, from 1. */
  onRequest?: (socket: Socket, count: number) => void
  /** Reads nothing at all. */
  deaf?: boolean
}

export interface HostileServer extends AsyncDisposable {
  readonly port: number
  readonly open: ReadonlySet<Socket>
  /** Stops and comes back on the same port with nothing but good answers. */
  restart(): Promise<void>
}

export const GOOD_BODY = '{"id":"<1@example.com>","message":"Queued. Thank you."}'
export const GOOD = `HTTP/1.1 200 OK\r\nContent-Length: ${GOOD_BODY.length}\r\n\r\n${GOOD_BODY}`

/** A TCP server on loopback that speaks HTTP only as far as its behaviour lets it. */
export async function startHostileServer(behaviour: Behaviour): Promise<HostileServer> {
  const open = new Set<Socket>()
  let current = behaviour
  let requests = 0
  const server = createServer({ noDelay: true }, (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('error', () => undefined)
    current.onConnect?.(socket)
    if (current.deaf === true) return
    let heard = ''
    socket.on('data', (chunk: Buffer) => {
      heard += chunk.toString('latin1')
      for (let length = wholeRequest(heard); length > 0; length = wholeRequest(heard)) {
        heard = heard.slice(length)
        current.onRequest?.(socket, ++requests)
      }
    })
  })
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', resolve))
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of open) socket.destroy()
    await closed
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    port,
    open,
    async restart() {
      await stop()
      current = { onRequest: (socket) => socket.write(GOOD) }
      await listen(port)
    },
    [Symbol.asyncDispose]: stop
  }
}

/** Writes a text or bytes one byte at a time, each in a packet of its own; stops when the peer has gone. */
export function trickle(socket: Socket, content: string | Buffer): void {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content
  let at = 0
  const next = (): void => {
    if (at >= bytes.length || socket.destroyed) return
    socket.write(bytes.subarray(at, ++at), () => setImmediate(next))
  }
  next()
}

/** Writes the same text for ever, as fast as the peer takes it. */
export function flood(socket: Socket, start: string, more: string): void {
  socket.write(start)
  const chunk = more.repeat(Math.ceil(16_384 / more.length))
  const next = (): void => {
    if (!socket.destroyed) socket.write(chunk, () => setImmediate(next))
  }
  next()
}

/** Length of the whole request at the start of what was heard; 0 when it is not whole yet. */
function wholeRequest(heard: string): number {
  const head = heard.indexOf('\r\n\r\n')
  if (head === -1) return 0
  const length = head + 4 + Number(/content-length: *(\d+)/i.exec(heard.slice(0, head))?.[1] ?? 0)
  return heard.length >= length ? length : 0
}
