interface Message {
  id?: number
  error?: { message: string }
  result?: unknown
  method?: string
  params?: unknown
  sessionId?: string
}
interface Pending {
  method: string
  resolve: (value: never) => void
  reject: (error: Error) => void
}

/** A minimal client of the Chrome DevTools Protocol over Node's own WebSocket. */
export class Cdp {
  readonly #socket: WebSocket
  readonly #pending = new Map<number, Pending>()
  readonly #handlers = new Map<string, Set<(params: never) => void>>()
  #lastId = 0
  #closed = false
  onclose: () => void = () => undefined

  static async connect(url: string): Promise<Cdp> {
    const socket = new WebSocket(url)
    await new Promise((resolve, reject) => {
      socket.onopen = resolve
      socket.onerror = () => reject(new Error(`cannot connect to ${url}`))
    })
    return new Cdp(socket)
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      this.#receive(JSON.parse(String(data)) as Message)
    }
    socket.onclose = () => {
      this.#closed = true
      for (const { method, reject } of this.#pending.values()) reject(new Error(`${method}: browser closed`))
      this.#pending.clear()
      this.onclose()
    }
  }

  /** Calls a method of the browser, or of one page's session. */
  send<T = unknown>(method: string, params: object = {}, sessionId?: string): Promise<T> {
    if (this.#closed) return Promise.reject(new Error(`${method}: browser closed`))
    const id = ++this.#lastId
    return new Promise<T>((resolve, reject) => {
      this.#pending.set(id, { method, resolve, reject })
      this.#socket.send(JSON.stringify({ id, method, params, sessionId }))
    })
  }

  /** Hears an event of the browser (`sessionId` '') or of one page's session. */
  on<P>(method: string, sessionId: string, handler: (params: P) => void): void {
    const key = `${sessionId}:${method}`
    const handlers = this.#handlers.get(key) ?? new Set()
    this.#handlers.set(key, handlers.add(handler))
  }

  #receive({ id, error, result, method, params, sessionId }: Message): void {
    if (id === undefined) {
      for (const handler of this.#handlers.get(`${sessionId ?? ''}:${method ?? ''}`) ?? [])
        handler(params as never)
      return
    }
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (error === undefined) pending?.resolve(result as never)
    else pending?.reject(new Error(`${pending.method}: ${error.message}`))
  }
}
