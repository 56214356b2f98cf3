import { connect, createServer, type Socket } from 'node:net'
import { parentPort, Worker, workerData } from 'node:worker_threads'

/** An address of this machine that answers no connection: its packets are dropped. */
export interface BlackHole extends AsyncDisposable {
  readonly port: number
  /** Takes connections from now on: one that has been waiting is open with the kernel's next try, a second or so later. */
  wake(): void
}

/**
 * A listener whose queue is full and whose thread stands still, so that the kernel drops what else comes (Linux).
 * @param port 0 for any
 */
export async function openBlackHole(host: string, port = 0): Promise<BlackHole> {
  const gate = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL(import.meta.url), { workerData: { host, port, gate } })
  const listening = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  const sockets: Socket[] = []
  while (await connects(host, listening, sockets));
  const wake = (): void => {
    Atomics.store(gate, 0, 1)
    Atomics.notify(gate, 0)
  }
  return {
    port: listening,
    wake,
    async [Symbol.asyncDispose]() {
      wake()
      for (const socket of sockets) socket.destroy()
      await worker.terminate()
    }
  }
}

/** Longer than any connect to this machine takes. */
const DROPPED_MS = 100

function connects(host: string, port: number, sockets: Socket[]): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port })
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.once('connect', () => resolve(true))
    // Behind a look at the sockets: a thread that stood still has its timers served first.
    setTimeout(() => setImmediate(() => resolve(false)), DROPPED_MS)
  })
}

interface Start {
  host: string
  port: number
  gate: Int32Array
}

function serve({ host, port, gate }: Start): void {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.resume()
  })
  server.listen({ host, port, backlog: 1 }, () => {
    const address = server.address()
    parentPort?.postMessage(typeof address === 'object' ? address?.port : null)
    setImmediate(() => Atomics.wait(gate, 0, 0))
  })
}

if (parentPort !== null && workerData !== null) serve(workerData as Start)
