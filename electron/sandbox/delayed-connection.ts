import { connect, type Socket } from 'node:net'
import { isLoopbackAddress, isLoopbackHost } from '../../shared/plan/loopback.ts'
import { nowUs } from '../transports/clock.ts'
import { TcpInfo } from '../transports/connect/tcp-info.ts'
import type { Endpoint } from './delay-link-calls.ts'
import { DelayedPipe, type PipeShared } from './delayed-pipe.ts'

/** How long a lost SYN is waited for before it is sent again, doubled each time (RFC 6298, section 2.1), µs. */
const SYN_TIMEOUT_US = 1_000_000

/** Asks the kernel; null where that cannot be done. */
const info = TcpInfo.open()

/** What all connections of a link share, by direction. */
export interface LinkShared {
  toServer: PipeShared
  toClient: PipeShared
  /** Hears what a connection's content took beyond its first flight, µs, and the segments the client sent again for it. */
  onTransfer(clientPort: number, us: number, resent: number): void
}

/** Carries one connection to its target and back, as if both were `rttUs` apart. */
export function delayConnection(client: Socket, target: Endpoint, rttUs: number, shared: LinkShared): void {
  const openedUs = nowUs()
  const halfUs = rttUs / 2
  const openingUs = rttUs + synRecoveryUs(shared)
  let answered = false

  // Until it has heard something, all that the client says would have waited for the handshake first.
  const toServer = new DelayedPipe(client, shared.toServer, rttUs, () => (answered ? 0 : openingUs))
  const clientPort = client.remotePort ?? 0
  toServer.onTransfer((us, resent) => shared.onTransfer(clientPort, us, resent))
  if (openingUs > rttUs) shared.onTransfer(clientPort, openingUs - rttUs, 1)
  // The server sees the connection when the last packet of a real handshake would reach it.
  toServer.at(openedUs + openingUs + halfUs, () => {
    // A client that gave up before its target was reached leaves nothing to carry.
    if (client.destroyed) return
    const server = connect({ ...target, allowHalfOpen: true, noDelay: true })
    server.once('connect', () => {
      // A name that counts as this machine must not lead elsewhere (its bytes are held back until here).
      if (isLoopbackHost(target.host) && !isLoopbackAddress(server.remoteAddress ?? '')) server.destroy()
    })
    toServer.deliverTo(server)
    // TCP's acknowledgements are the client's to delay: a server that waits for one would wait here for nothing.
    if (info !== null) server.on('data', () => info.acknowledgeAtOnce(server))
    const toClient = new DelayedPipe(server, shared.toClient, rttUs, () => 0)
    toClient.onTransfer((us) => shared.onTransfer(clientPort, us, 0))
    toClient.onDelivery(() => (answered = true))
    toClient.deliverTo(client)
  })
}

/** What lost SYNs and their answers add to the opening. */
function synRecoveryUs({ toServer, toClient }: LinkShared): number {
  const share = toServer.network.lossPercent / 100
  let lateUs = 0
  if (share === 0) return 0
  for (
    let timeoutUs = SYN_TIMEOUT_US;
    toServer.random() < share || toClient.random() < share;
    timeoutUs *= 2
  ) {
    lateUs += timeoutUs
  }
  return lateUs
}
