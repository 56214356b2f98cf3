/**
 * Calls back in `ms`, once what has arrived by then is read: timers are served before sockets, and of a thread that
 * stood still they would call a peer silent that has long answered.
 * @returns what gives it up
 */
export function whenSilent(ms: number, isOver: () => void): () => void {
  let read: NodeJS.Immediate | undefined
  const timer = setTimeout(() => (read = setImmediate(isOver)), ms)
  return () => {
    clearTimeout(timer)
    clearImmediate(read)
  }
}
