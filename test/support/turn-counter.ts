import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A proxy that counts turns by what passes it, knowing nothing of the protocol. */
export interface TurnCounter {
  readonly port: number
  /** Turns of each connection so far: one for its opening, and one for each time the server answered. */
  readonly turns: readonly number[]
  close(): Promise<void>
}

/**
 * Stands between a client and a server. The delay in each direction keeps apart what is said before and after
 * something is heard: what a side says in one go, in however many packets, is one.
 */
export async function startTurnCounter(
  target: { host: string; port: number },
  delayMs = 15
): Promise<TurnCounter> {
  const turns: number[] = []
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const connection = turns.push(1) - 1
    // Handshake a connection asks for a greeting; a client that speaks first asks anew.
    let isAsked = true
    const upstream = connect({ ...target, noDelay: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    pass(client, upstream, delayMs, () => {
      isAsked = true
    })
    pass(upstream, client, delayMs, () => {
      if (isAsked) turns[connection]!++
      isAsked = false
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    turns,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    }
  }
}

function pass(from: Socket, to: Socket, delayMs: number, onData: () => void): void {
  const later = (action: () => void): void => {
    setTimeout(() => {
      if (!to.destroyed) action()
    }, delayMs)
  }
  from.on('data', (chunk) => {
    onData()
    later(() => to.write(chunk))
  })
  from.on('end', () => {
    later(() => to.end())
  })
  from.on('error', () => {
    later(() => to.destroy())
  })
}
