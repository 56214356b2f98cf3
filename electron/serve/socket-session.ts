import type { WebSocket } from 'ws'
import { socketRequestSchema, type SocketReply } from '../../shared/page/socket.ts'
import type { PushChannel } from '../../shared/page/ipc.ts'
import { jsonOrNull } from '../../shared/text/json.ts'
import type { Api } from '../api/create-api.ts'

/** Bytes that may wait for a slow page; above that only answers are still queued, and of states the newest alone. */
const BACKLOG_BYTES = 256 * 1024
/** Pushes that each tell the whole state, so that the next one takes the place of one that was not sent. */
const STATES: ReadonlySet<PushChannel> = new Set(['run.snapshot', 'run.study'])
/** How often a held-back state looks whether the socket has drained, ms. */
const RETRY_MS = 100
/** WebSocket close codes (RFC 6455 section 7.4.1). */
const UNSUPPORTED_DATA = 1003
const POLICY_VIOLATION = 1008

/** Serves the API to one connected page until its socket closes. */
export function serveSocket(socket: WebSocket, api: Api): void {
  const subscriptions = new Map<PushChannel, () => void>()
  const heldBack = new Map<PushChannel, SocketReply>()
  let retry: NodeJS.Timeout | undefined

  const send = (reply: SocketReply): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(reply))
  }
  const push = (reply: SocketReply & { kind: 'push' }): void => {
    const { channel } = reply
    if (!STATES.has(channel)) {
      flush()
      send(reply)
    } else if (socket.bufferedAmount <= BACKLOG_BYTES) {
      heldBack.delete(channel)
      send(reply)
    } else {
      heldBack.set(channel, reply)
      retry ??= setInterval(drain, RETRY_MS)
    }
  }
  /** Sends the states that wait, so that what follows them arrives after them. */
  const flush = (): void => {
    for (const state of heldBack.values()) send(state)
    heldBack.clear()
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
    const request = socketRequestSchema.safeParse(jsonOrNull((data as Buffer).toString('utf8'))).data
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
