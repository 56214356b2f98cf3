import { connect, type Socket } from 'node:net'
import { nowUs } from '../transports/clock.ts'
import type { Family } from '../transports/connect/resolver.ts'
import { TcpInfo } from '../transports/connect/tcp-info.ts'
import type { LinkInFront } from '../transports/link-network.ts'

/** How long one round trip may take, ms: one that takes longer is not measured. */
const PATIENCE_MS = 2000

/** What the next connection to a peer takes, without a word on it. */
export interface RoundTripProbe {
  /** One round trip, µs; null where none was measured. */
  sample(signal?: AbortSignal): Promise<number | null>
  close(): void
}

/** Opens a connection for each sample and drops it once the handshake is over. Lookups are not timed. */
export function connectProbe(host: string, port: number, family: Family): RoundTripProbe {
  const info = TcpInfo.open()
  return {
    sample: (signal) => connectTime({ host, port, family }, info, signal),
    close: () => undefined
  }
}

function connectTime(
  target: { host: string; port: number; family: Family },
  info: TcpInfo | null,
  signal: AbortSignal | undefined
): Promise<number | null> {
  return new Promise((resolve) => {
    let startedUs = nowUs()
    const socket = connect({ ...target, signal })
    socket.setTimeout(PATIENCE_MS)
    const end = (us: number | null): void => {
      socket.destroy()
      resolve(us)
    }
    socket.on('connectionAttempt', () => (startedUs = nowUs()))
    socket.on('connect', () => {
      const elapsedUs = nowUs() - startedUs
      if (info === null || !info.read(socket)) return end(elapsedUs)
      // Karn's rule: an answer to a SYN that was sent twice is no measure.
      end(info.retransmits > 0 ? null : info.rttUs)
    })
    socket.on('timeout', () => {
      end(null)
    })
    socket.on('error', () => {
      end(null)
    })
  })
}

/** Asks an emulated link what a packet takes to the peer and back through its queues: no connect shows that. */
export function linkProbe({ accountPort }: LinkInFront): RoundTripProbe {
  const socket: Socket = connect({ host: '127.0.0.1', port: accountPort, noDelay: true })
  let answer: (us: number | null) => void = () => undefined
  let askedUs = 0
  socket.on('data', () => answer(nowUs() - askedUs))
  // Without an account there is no figure, and a link that ended has told the run already.
  socket.on('error', () => undefined)
  socket.on('close', () => answer(null))
  socket.unref()
  return {
    sample: () =>
      new Promise((resolve) => {
        if (socket.destroyed) return resolve(null)
        answer = resolve
        askedUs = nowUs()
        socket.write(LINK_QUESTION)
      }),
    close: () => socket.destroy()
  }
}

/** What is said to a link's account, and its answer once a packet would be back. */
const LINK_QUESTION = '?\n'
