import type { WebSocket } from 'ws'
import { socketRequestSchema, type SocketReply, type SocketRequest } from '../../shared/socket.ts'
import type { PushChannel } from '../../shared/ipc.ts'
import type { Api } from '../api/create-api.ts'

/** Bytes that may wait for a slow page; above that only answers are still queued, and of snapshots the newest alone. */
const BACKLOG_BYTES = 256 * 1024
/** How often a held-back snapshot looks whether the socket has drained, ms. */
const RETRY_MS = 100
/** WebSocket close codes (RFC 6455 section 7.4.1). */
const UNSUPPORTED_DATA = 1003
const POLICY_VIOLATION = 1008

/** Serves the API to one connected page until its socket closes. */
export function serveSocket(socket: WebSocket, api: Api): void {
  const subscriptions = new Map<PushChannel, () => void>()
  let heldBack: SocketReply | null = null
  let retry: NodeJS.Timeout | undefined

  const send = (reply: SocketReply): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(reply))
  }
  const push = (reply: SocketReply & { kind: 'push' }): void => {
    if (reply.channel !== 'run.snapshot') {
      flush()
      send(reply)
    } else if (socket.bufferedAmount <= BACKLOG_BYTES) {
      heldBack = null
      send(reply)
    } else {
      heldBack = reply
      retry ??= setInterval(drain, RETRY_MS)
    }
  }
  /** Sends the snapshot that waits, so that what follows it arrives after it. */
  const flush = (): void => {
    if (heldBack !== null) send(heldBack)
    heldBack = null
  }
  const drain = (): void => {
    if (socket.bufferedAmount > BACKLOG_BYTES) return
    flush()
    clearInterval(retry)
    retry = undefined
  }
  const subscribe = (channel: PushChannel): void => {
    if (subscriptions.has(channel)) return
    subscriptions.set(
      channel,
      api.subscribe(channel, (payload) => {
        push({ kind: 'push', channel, payload })
      })
    )
  }
  const unsubscribe = (channel: PushChannel): void => {
    subscriptions.get(channel)?.()
    subscriptions.delete(channel)
  }

  socket.on('message', (data, isBinary) => {
    if (isBinary) {
      socket.close(UNSUPPORTED_DATA, 'text frames only')
      return
    }
    const request = parseRequest((data as Buffer).toString('utf8'))
    switch (request?.kind) {
      case undefined:
        socket.close(POLICY_VIOLATION, 'not a request of this protocol')
        return
      case 'call': {
        const { id } = request
        void api.call(request.channel, request.args).then((answer) => {
          send({ kind: 'answer', id, answer })
        })
        return
      }
      case 'subscribe':
        subscribe(request.channel)
        return
      case 'unsubscribe':
        unsubscribe(request.channel)
    }
  })
  socket.on('close', () => {
    clearInterval(retry)
    for (const channel of [...subscriptions.keys()]) unsubscribe(channel)
  })
  // What a peer does wrong ends in 'close' too; without a listener it would end the program.
  socket.on('error', () => undefined)
}

function parseRequest(text: string): SocketRequest | null {
  try {
    return socketRequestSchema.parse(JSON.parse(text))
  } catch {
    return null
  }
}
