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
 * Connects a child process to its parent and ties their lives: the child leaves when the parent does, and
 * leaves the terminal's Ctrl-C, which reaches the whole process group, for the parent to decide on.
 */
export function connectParent(): ParentLink {
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => process.exit(0))
  const port = (process as { parentPort?: ParentPort }).parentPort
  if (port !== undefined) {
    return {
      post: (message) => port.postMessage(message),
      onMessage: (listener) => port.on('message', (event) => listener(event.data))
    }
  }
  process.once('disconnect', () => process.exit(0))
  return {
    post: (message) => process.send?.(message),
    onMessage: (listener) => process.on('message', listener)
  }
}
