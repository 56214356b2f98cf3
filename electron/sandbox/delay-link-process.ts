import { createServer, type AddressInfo } from 'node:net'
import { isMainThread, workerData } from 'node:worker_threads'
import { answerCalls } from './child-calls.ts'
import type { LinkCalls, LinkTarget } from './delay-link-calls.ts'
import { delayConnection } from './delayed-connection.ts'
import { connectParent } from './parent-link.ts'
import { PreciseTimer, runTimerThread } from './precise-timer.ts'

/** The process of a delay link: started by `startDelayLink`, asked through `LinkCalls`. */
function serve(): void {
  const timer = new PreciseTimer(new URL(import.meta.url))
  let rttUs = 0
  answerCalls<LinkCalls>(connectParent(), {
    start: ({ targets, rttMs }) => {
      rttUs = rttMs * 1000
      return Promise.all(targets.map((target) => listen(target)))
    },
    setRttMs: (rttMs) => {
      rttUs = rttMs * 1000
    }
  })

  function listen(target: LinkTarget): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
        delayConnection(client, target, rttUs, timer)
      })
      server.once('error', reject)
      server.listen({ host: '127.0.0.1', port: target.listenPort ?? 0, backlog: 4096 }, () =>
        resolve((server.address() as AddressInfo).port)
      )
    })
  }
}

if (isMainThread) serve()
else runTimerThread(workerData as SharedArrayBuffer)
