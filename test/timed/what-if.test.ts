import { describe, expect, test } from 'vitest'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startSweep } from '../../electron/engine/sweep.ts'
import { SANDBOX_API, SANDBOX_SUBMISSION } from '../../shared/plan/demo-plan.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import { latencyModel, p50At, throughputAt } from '../../shared/insight/what-if.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'

const [SEEN_RTT_MS, UNSEEN_RTT_MS] = [30, 150]
const CONCURRENCY = 4

const plan = sandboxPlan({
  load: { model: 'closed', concurrency: CONCURRENCY, messages: 16 },
  warmupSeconds: 0.01,
  rounds: 1,
  transports: [
    { name: 'smtp-kept', ...SANDBOX_SUBMISSION, pipelining: 'off' },
    { name: 'smtp-kept-pipelined', ...SANDBOX_SUBMISSION },
    { name: 'api-cold', ...SANDBOX_API, http: { keepAlive: false } },
    { name: 'api-kept', ...SANDBOX_API },
    { name: 'nodemailer-kept', ...SANDBOX_SUBMISSION, client: 'nodemailer' }
  ]
})

// Load elsewhere on the machine comes and goes between the two runs.
describe('what-if', { retry: 4 }, () => {
  test('predicts latency and throughput at a distance that it has not seen, within 5 %', async () => {
    const sweep = startSweep(
      { plan, rttsMs: [SEEN_RTT_MS, UNSEEN_RTT_MS], keychain: noKeychain },
      () => undefined
    )
    const [seen, unseen] = (await sweep.done).runs as [RunRecord, RunRecord]
    const misses = unseen.transports.map((transport, index) => {
      const model = latencyModel(seen.transports[index]!)!
      return {
        name: transport.name,
        p50: p50At(model, UNSEEN_RTT_MS) / transport.service.p50!,
        throughput: throughputAt(model, UNSEEN_RTT_MS, CONCURRENCY) / transport.throughput
      }
    })
    expect(misses).toHaveLength(plan.transports.length)
    expect(
      misses.filter(({ p50, throughput }) => Math.abs(p50 - 1) > 0.05 || Math.abs(throughput - 1) > 0.05)
    ).toEqual([])
  })
})
