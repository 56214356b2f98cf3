import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startSandbox } from '../../electron/sandbox/sandbox.ts'
import { block } from '../support/block.ts'
import { openSender } from '../support/sends.ts'
import { smtpClient } from '../support/smtp-sending.ts'

test.each(['none', 'starttls', 'tls'] as const)(
  'a reply that is heard before the loop tells of the write leaves the connection in use (%s)',
  async (security) => {
    const sandbox = await startSandbox()
    const client = await smtpClient({
      port: security === 'tls' ? sandbox.smtpsPort : sandbox.smtpPort,
      caPem: readFileSync(sandbox.caFile, 'utf8'),
      transport: { security, chunking: 'auto' }
    })
    try {
      const lane = openSender(client)
      await lane.send()
      for (let count = 0; count < 5; count++) {
        // From a timer, as an open load does: the write's own end comes behind the next look at the sockets.
        const sent = new Promise((resolve, reject) => {
          setTimeout(() => {
            lane.send().then(resolve, reject)
            // A server in another process answers before the loop goes on.
            block(50)
          })
        })
        expect(await sent).toMatchObject({ outcome: 'accepted', reused: true, turns: 1 })
      }
      expect(client.stats.opened).toBe(1)
    } finally {
      await client.close(500)
      await sandbox.stop()
    }
  }
)
