/** What ends a command in order: Ctrl-C, a service manager, a terminal that closes. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Hears each of them until it is told to stop. */
export function hearSignals(hear: (name: NodeJS.Signals) => void): () => void {
  for (const name of SIGNALS) process.on(name, hear)
  return () => {
    for (const name of SIGNALS) process.off(name, hear)
  }
}

/**
 * Waits for the first signal that ends a command. A Ctrl-C behind it has its usual effect, which is to leave at once; the
 * others may come twice by themselves, from the shell and from the system.
 */
export function untilSignalled(): Promise<void> {
  return new Promise((resolve) => {
    const leave = (): void => {
      process.off('SIGINT', leave)
      resolve()
    }
    hearSignals(leave)
  })
}
