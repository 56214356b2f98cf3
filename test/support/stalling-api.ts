import { createServer, type Socket } from 'node:net'
import { parentPort, Worker, workerData } from 'node:worker_threads'

interface Options {
  /** The stall comes when so many requests have arrived; never when 0. */
  stallAtRequest: number
  stallMs: number
  /** What an answer takes; by default it comes at once. */
  thinkMs?: number
}

/** A bare HTTP API in a thread of its own that answers evenly, and once not at all for a while. */
export interface StallingApi {
  url: string
  /** When each request was complete, ms since the epoch, with fractions. */
  arrivals(): Promise<number[]>
  stop(): Promise<void>
}

const ANSWER = Buffer.from(
  'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 43\r\n\r\n{"id":"<1@example.com>","message":"Queued"}'
)

/** Starts the server on a free port. */
export async function startStallingApi(options: Options): Promise<StallingApi> {
  const worker = new Worker(new URL(import.meta.url), { workerData: options })
  const answer = (): Promise<unknown> =>
    new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  const port = (await answer()) as number
  return {
    url: `http://127.0.0.1:${port}`,
    arrivals: () => {
      worker.postMessage('arrivals')
      return answer() as Promise<number[]>
    },
    stop: async () => {
      await worker.terminate()
    }
  }
}

function serve({ stallAtRequest, stallMs, thinkMs }: Options): void {
  const arrivals: number[] = []
  const server = createServer({ noDelay: true }, (socket: Socket) => {
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', (piece) => {
      text += piece.toString('latin1')
      for (let length = requestLength(text); length !== null; length = requestLength(text)) {
        text = text.slice(length)
        arrivals.push(performance.timeOrigin + performance.now())
        // The whole thread stands still: nothing is read, accepted or answered.
        if (arrivals.length === stallAtRequest) {
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, stallMs)
        }
        if (thinkMs === undefined) socket.write(ANSWER)
        else setTimeout(() => socket.write(ANSWER), thinkMs)
      }
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    parentPort?.postMessage(typeof address === 'object' ? address?.port : null)
  })
  parentPort?.on('message', () => parentPort?.postMessage(arrivals))
}

/** Length of the first whole request in a text; null when it is not whole. */
function requestLength(text: string): number | null {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const bodyBytes = Number(/^content-length: *(\d+)/im.exec(text.slice(0, headEnd))?.[1] ?? 0)
  const length = headEnd + 4 + bodyBytes
  return text.length < length ? null : length
}

if (parentPort !== null && workerData !== null) serve(workerData as Options)
