import { createServer, type AddressInfo } from 'node:net'
import { seededRandom } from '../../shared/insight/random.ts'
import { answerCalls } from './child-calls.ts'
import type { LinkNetwork } from '../transports/link-network.ts'
import type { LinkCalls, LinkTarget } from './delay-link-calls.ts'
import { delayConnection, type LinkShared } from './delayed-connection.ts'
import { type PipeShared, Wire } from './delayed-pipe.ts'
import { LinkAccount } from './link-account.ts'
import { nowUs } from '../transports/clock.ts'
import { connectParent } from './parent-link.ts'
import { PreciseTimer } from './precise-timer.ts'

/** The process of a delay link: started by `startDelayLink`, asked through `LinkCalls`. */
function serve(): void {
  const timer = new PreciseTimer()
  let rttUs = 0
  answerCalls<LinkCalls>(connectParent(), {
    start: async ({ targets, network }) => {
      rttUs = network.rttMs * 1000
      const toServer = direction(network, timer, network.seed)
      const toClient = direction(network, timer, network.seed + 1)
      const account = new LinkAccount((done) => passEmpty(toServer, () => passEmpty(toClient, done)))
      const shared: LinkShared = {
        onTransfer: (port, us, resent) => account.tell(port, us, resent),
        ...{ toServer, toClient }
      }
      const ports = await Promise.all(targets.map((target) => listen(target, shared)))
      return { ports, accountPort: await account.listen() }
    },
    setRttMs: (rttMs) => {
      rttUs = rttMs * 1000
    }
  })

  /** A packet without content passes one direction, behind what waits there. */
  function passEmpty({ wire }: PipeShared, done: () => void): void {
    timer.schedule(wire.pass(0, nowUs()) + rttUs / 2, done)
  }

  function listen(target: LinkTarget, shared: LinkShared): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
        delayConnection(client, target, rttUs, shared)
      })
      server.once('error', reject)
      server.listen({ host: '127.0.0.1', port: target.listenPort ?? 0, backlog: 4096 }, () =>
        resolve((server.address() as AddressInfo).port)
      )
    })
  }
}

function direction(network: LinkNetwork, timer: PreciseTimer, seed: number): PipeShared {
  return { network, timer, wire: new Wire(network.mbitPerSecond), random: seededRandom(seed) }
}

serve()
