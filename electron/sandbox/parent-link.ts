/** The child's end of the link to its parent. */
export interface ParentLink {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
}

/** What Electron gives a utility process in place of Node's channel. */
interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown
}

/**
 * Connects a child process to its parent and ties their lives: the child leaves when the parent does, or lets it go.
 * Signals are for the parent to decide on: a terminal that is interrupted or closed, a service manager and `timeout`
 * send them to the whole process group, and what the parent still waits for needs this process.
 */
export function connectParent(): ParentLink {
  process.on('SIGINT', () => undefined)
  process.on('SIGHUP', () => undefined)
  const port = (process as { parentPort?: ParentPort }).parentPort
  if (port !== undefined) {
    // Electron ends a utility process by this signal alone.
    process.on('SIGTERM', () => process.exit(0))
    return {
      post: (message) => port.postMessage(message),
      onMessage: (listener) => port.on('message', (event) => listener(event.data))
    }
  }
  process.on('SIGTERM', () => undefined)
  process.once('disconnect', () => process.exit(0))
  // It was let go before it came so far.
  if (!process.connected) process.exit(0)
  return {
    post: (message) => process.send?.(message),
    onMessage: (listener) => process.on('message', listener)
  }
}
