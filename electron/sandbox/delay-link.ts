import { ChildCaller } from './child-calls.ts'
import type { LinkNetwork } from '../transports/link-network.ts'
import type { LinkCalls, LinkTarget } from './delay-link-calls.ts'
import { forkNode, type ForkProcess } from './fork.ts'

/** Where a delay link listens. */
export const DELAY_LINK_HOST = '127.0.0.1'

export interface DelayLinkOptions extends Partial<Omit<LinkNetwork, 'rttMs'>> {
  /** Where to; the link listens on one local port for each. */
  targets: LinkTarget[]
  /** Round trip time that the link adds, ms. */
  rttMs: number
  /** How to start the link's process; Node's fork by default. */
  fork?: ForkProcess
}

/** What a link is where nothing else is asked for. */
const UNLIMITED: Omit<LinkNetwork, 'rttMs'> = {
  window: true,
  mbitPerSecond: null,
  lossPercent: 0,
  seed: 1,
  congestionControl: 'cubic'
}

/** A running delay link: connections to its ports reach the targets as if they were `rttMs` further away. */
export interface DelayLink {
  /** The local port in front of each target, in the same order, on {@link DELAY_LINK_HOST}. */
  ports: number[]
  /** Where it tells what contents took beyond their first flight, on the same host. */
  accountPort: number
  /** Changes the round trip time of connections that open from now on. */
  setRttMs(rttMs: number): Promise<void>
  /** Ends the link's process, and with it all its connections. May be called twice. */
  stop(): Promise<void>
}

/**
 * Starts a delay link in a process of its own, so that it never disturbs the clock of who measures. Each
 * direction is delayed by half the round trip time, and the opening of a connection by one more, since
 * the TCP handshake that the client sees is with the link and takes no time: a greeting, and the first
 * reply to a client that speaks first, both arrive two round trips after the connect. A connection's
 * handshake thus shows up in its first wait and not in its connect time.
 *
 * Each connection keeps TCP's window for each direction, unless it is told not to: a content larger than one flight takes
 * further round trips.
 *
 * An unreachable target cannot refuse a connection through the link; the link resets it instead.
 * @throws {Error} when the process cannot start, or a port is taken
 */
export async function startDelayLink(options: DelayLinkOptions): Promise<DelayLink> {
  const { fork = forkNode, targets, ...network } = options
  const child = new ChildCaller<LinkCalls>(fork('delay-link-process', []), 'the delay link')
  try {
    const { ports, accountPort } = await child.call('start', {
      targets,
      network: { ...UNLIMITED, ...network }
    })
    return {
      ports,
      accountPort,
      setRttMs: (newRttMs) => child.call('setRttMs', newRttMs),
      stop: () => child.end()
    }
  } catch (error) {
    await child.end()
    throw error
  }
}
