import { fork } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { generate } from 'selfsigned'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

const DAY_MS = 86_400_000

/** Servers of a test, ended together. */
export class ProbeServers {
  readonly #closers: (() => unknown)[] = []
  readonly #listening: Server[] = []

  async close(): Promise<void> {
    for (const closer of this.#closers.splice(0)) await closer()
  }

  /** Refuses further connections; those that are open stay. */
  stopListening(): void {
    for (const server of this.#listening.splice(0)) server.close()
  }

  async tcp(onConnection: (socket: Socket) => void): Promise<number> {
    return this.#listen(
      createServer((socket) => {
        socket.on('error', () => undefined)
        onConnection(socket)
      })
    )
  }

  /** A mail server by the library; logs every command line into `said`. */
  async smtp(options: SMTPServerOptions, said: string[] = []): Promise<number> {
    const server = new SMTPServer({
      disableReverseLookup: true,
      hideENHANCEDSTATUSCODES: false,
      ...options,
      logger: {
        level: () => undefined,
        trace: () => undefined,
        debug: (entry: { tnx?: string }, _format: string, line?: string) => {
          if (entry.tnx === 'command' && line !== undefined) said.push(line)
        },
        info: () => undefined,
        warn: () => undefined,
        error: () => undefined,
        fatal: () => undefined
      }
    })
    server.on('error', () => undefined)
    return this.#listen(server.server)
  }

  /** A DNS server that gives these MX records to every question; its ADDRESS:PORT. */
  async dns(exchangers: readonly [preference: number, name: string][]): Promise<string> {
    const socket = createSocket('udp4')
    socket.on('message', (query, from) => socket.send(mxAnswer(query, exchangers), from.port, from.address))
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    this.#closers.push(() => socket.close())
    return `127.0.0.1:${socket.address().port}`
  }

  /** A port on which nobody listens. */
  async refused(): Promise<number> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    server.close()
    await once(server, 'close')
    return port
  }

  /** A port whose packets the kernel drops. */
  async filtered(): Promise<number> {
    const child = fork(new URL('./probe-deaf-listener.ts', import.meta.url), { execArgv: [] })
    this.#closers.push(() => child.kill('SIGKILL'))
    const [port] = (await once(child, 'message')) as [number]
    // Fill its queue until a connect gets no answer.
    for (let filler = 0; filler < 20; filler++) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      this.#closers.push(() => socket.destroy())
      const connected = await Promise.race([
        once(socket, 'connect').then(() => true),
        // Behind a look at the sockets: a thread that stood still has its timers served first.
        new Promise<boolean>((resolve) => setTimeout(() => setImmediate(() => resolve(false)), 500))
      ])
      if (!connected) return port
    }
    throw new Error('the queue of the deaf listener does not fill up')
  }

  async #listen(server: Server): Promise<number> {
    const sockets = new Set<Socket>()
    server.on('connection', (socket: Socket) => sockets.add(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    this.#listening.push(server)
    this.#closers.push(() => {
      server.close()
      for (const socket of sockets) socket.destroy()
    })
    return (server.address() as AddressInfo).port
  }
}

/** A certificate for one host name, signed by itself, whose life ends `days` from now. */
export async function certificateFor(
  days: number,
  host = 'localhost'
): Promise<{ key: string; cert: string }> {
  const pems = await generate([{ name: 'commonName', value: 'probe test' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 100 * DAY_MS),
    notAfterDate: new Date(Date.now() + days * DAY_MS),
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: host },
          ...(host === 'localhost' ? [{ type: 7 as const, ip: '127.0.0.1' }] : [])
        ]
      }
    ]
  })
  return { key: pems.private, cert: pems.cert }
}

/** RFC 1035 section 4: the question comes back with its answers. */
function mxAnswer(query: Buffer, exchangers: readonly [preference: number, name: string][]): Buffer {
  const questionEnd = query.indexOf(0, 12) + 5
  const header = Buffer.from(query.subarray(0, 12))
  header.writeUInt16BE(0x8180, 2)
  header.writeUInt16BE(exchangers.length, 6)
  header.writeUInt16BE(0, 10)
  const answers = exchangers.map(([preference, name]) => {
    const labels = name.split('.').flatMap((label) => [label.length, ...Buffer.from(label)])
    const data = [preference >> 8, preference & 255, ...labels, 0]
    // Name by pointer to the question, type MX, class IN, a minute to live.
    return Buffer.from([0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 60, 0, data.length, ...data])
  })
  return Buffer.concat([header, query.subarray(12, questionEnd), ...answers])
}
