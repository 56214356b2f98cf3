import type { Answer, Bridge, PushChannel } from '../shared/page/ipc.ts'
import { SOCKET_PATH, type SocketReply, type SocketRequest } from '../shared/page/socket.ts'

const FIRST_RETRY_MS = 250
const LONGEST_RETRY_MS = 4000
const LOST: Answer<never> = {
  ok: false,
  error: {
    message: 'Chattermark cannot be reached.',
    hint: 'Is "chattermark serve" still running? Started anew, it prints a new address.'
  }
}

type Listener = (payload: never) => void

/** A bridge over a WebSocket that connects again by itself and then subscribes again. */
export interface SocketBridge extends Bridge {
  /** Hears whether there is a connection, now and at every change. After a gap the page asks anew for what it shows. */
  onConnection(listener: (connected: boolean) => void): () => void
}

/** Connects to the server that the page came from. */
export function connectSocketBridge(page: Location): SocketBridge {
  const url = new URL(SOCKET_PATH + page.search, page.href)
  url.protocol = 'ws:'
  const listeners = new Map<PushChannel, Set<Listener>>()
  const connectionListeners = new Set<(connected: boolean) => void>()
  const pending = new Map<number, (answer: Answer<never>) => void>()
  let unsent: SocketRequest[] = []
  let nextId = 0
  let connected = false
  let retryMs = FIRST_RETRY_MS
  let retry: number | undefined
  let socket = connect()

  function connect(): WebSocket {
    const fresh = new WebSocket(url)
    fresh.addEventListener('open', () => {
      retryMs = FIRST_RETRY_MS
      const requests = unsent
      unsent = []
      for (const channel of listeners.keys()) send({ kind: 'subscribe', channel })
      for (const request of requests) send(request)
      setConnected(true)
    })
    fresh.addEventListener('message', ({ data }) => {
      receive(JSON.parse(String(data)) as SocketReply)
    })
    fresh.addEventListener('close', () => {
      unsent = []
      const answers = [...pending.values()]
      pending.clear()
      for (const resolve of answers) resolve(LOST)
      setConnected(false)
      retry = window.setTimeout(reconnect, retryMs)
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
    })
    return fresh
  }

  function reconnect(): void {
    clearTimeout(retry)
    retry = undefined
    socket = connect()
  }

  function send(request: SocketRequest): void {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request))
    else if (request.kind === 'call') unsent.push(request)
  }

  function receive(reply: SocketReply): void {
    if (reply.kind === 'answer') {
      pending.get(reply.id)?.(reply.answer as Answer<never>)
      pending.delete(reply.id)
    } else {
      for (const listener of [...(listeners.get(reply.channel) ?? [])]) listener(reply.payload as never)
    }
  }

  function setConnected(now: boolean): void {
    if (connected === now) return
    connected = now
    for (const listener of [...connectionListeners]) listener(now)
  }

  return {
    call: (channel, ...args) =>
      new Promise((resolve) => {
        const id = nextId++
        pending.set(id, resolve)
        if (retry !== undefined) reconnect()
        send({ kind: 'call', id, channel, args })
      }),
    on: (channel, listener) => {
      const existing = listeners.get(channel)
      const all = existing ?? new Set<Listener>()
      if (existing === undefined) {
        listeners.set(channel, all)
        send({ kind: 'subscribe', channel })
      }
      const entry: Listener = (payload) => {
        listener(payload)
      }
      all.add(entry)
      return () => {
        if (!all.delete(entry) || all.size > 0) return
        listeners.delete(channel)
        send({ kind: 'unsubscribe', channel })
      }
    },
    onConnection: (listener) => {
      connectionListeners.add(listener)
      listener(connected)
      return () => connectionListeners.delete(listener)
    }
  }
}
