import { join } from 'node:path'
import { expect, test } from 'vitest'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startRun } from '../../electron/engine/run.ts'
import { temporaryFolder } from '../support/cli.ts'
import { deliveries } from '../support/deliveries.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'
import { startSinkRelay } from '../support/sink-relay.ts'

/** Seconds that Postfix says a message spent behind its acceptance, by its number. */
function queueSeconds(log: string): Map<number, number> {
  const ids = new Map<string, number>()
  for (const [, queueId, seq] of log.matchAll(/cleanup\[\d+\]: (\w+): message-id=<\w+\.(\d{10})@/g)) {
    if (queueId !== undefined) ids.set(queueId, Number(seq))
  }
  const seconds = new Map<number, number>()
  for (const [, queueId, b, c, d] of log.matchAll(
    /smtp\[\d+\]: (\w+): .*delays=[\d.]+\/([\d.]+)\/([\d.]+)\/([\d.]+),.*status=sent/g
  )) {
    const seq = ids.get(queueId ?? '')
    if (seq !== undefined) seconds.set(seq, Number(b) + Number(c) + Number(d))
  }
  return seconds
}

// Postfix writes its times when it comes to run: on a machine that is busy with something else, later.
test('the time of a delivery agrees with the log of Postfix within 20 ms', { retry: 3 }, async () => {
  const relay = await startSinkRelay()
  try {
    const plan = sandboxPlan({
      load: { model: 'closed', concurrency: 2, messages: 100 },
      rounds: 1,
      delivery: { receiver: 'sink', port: relay.sinkPort, deadlineSeconds: 60 },
      transports: [
        { name: 'relay', protocol: 'smtp', host: '127.0.0.1', port: relay.postfix.port, security: 'none' }
      ]
    })
    const folder = join(temporaryFolder(), 'run')
    const options = { force: false, collectSends: false, keychain: noKeychain, workers: 1 }
    await startRun({ plan, folder, ...options }).done
    const logged = queueSeconds(relay.postfix.log())
    const off = deliveries(folder)
      .map((row) => Math.abs(Number(row.delivery_ms) - 1000 * (logged.get(Number(row.seq)) ?? Number.NaN)))
      .sort((a, b) => a - b)
    expect(off).toHaveLength(100)
    expect(off[94]).toBeLessThan(20)
    expect(off).not.toContain(Number.NaN)
  } finally {
    await relay.postfix.stop()
  }
})
