import { expect, test } from 'vitest'
import { noKeychain } from '../../electron/engine/read-secret.ts'
import { startSweep } from '../../electron/engine/sweep.ts'
import { latencyModel, p50At, throughputAt } from '../../shared/insight/what-if.ts'
import { SANDBOX_API, SANDBOX_SUBMISSION } from '../../shared/plan/demo-plan.ts'
import type { PlanInput } from '../../shared/plan/plan.ts'
import { sandboxPlan } from '../support/sandbox-plan.ts'

const [SEEN_RTT_MS, UNSEEN_RTT_MS] = [30, 150]
const CONCURRENCY = 4

const TRANSPORTS: PlanInput['transports'] = [
  { name: 'smtp-kept', ...SANDBOX_SUBMISSION, pipelining: 'off' },
  { name: 'smtp-kept-pipelined', ...SANDBOX_SUBMISSION },
  { name: 'api-cold', ...SANDBOX_API, http: { keepAlive: false } },
  { name: 'api-kept', ...SANDBOX_API },
  { name: 'nodemailer-kept', ...SANDBOX_SUBMISSION, client: 'nodemailer' }
]

// Load elsewhere on the machine comes and goes between the two runs: each transport has its own attempts.
test.for(TRANSPORTS)(
  'what-if predicts latency and throughput of $name at a distance that it has not seen, within 5 %',
  { retry: 4 },
  async (transport) => {
    const plan = sandboxPlan({
      load: { model: 'closed', concurrency: CONCURRENCY, messages: 16 },
      warmupSeconds: 0.01,
      rounds: 1,
      transports: [transport]
    })
    const sweep = startSweep(
      { plan, rttsMs: [SEEN_RTT_MS, UNSEEN_RTT_MS], keychain: noKeychain },
      () => undefined
    )
    const [seen, unseen] = (await sweep.done).runs.map(({ transports }) => transports[0]!)
    const model = latencyModel(seen!)!
    const { service, throughput } = unseen!
    const missed = {
      p50: p50At(model, UNSEEN_RTT_MS) / service.p50! - 1,
      throughput: throughputAt(model, UNSEEN_RTT_MS, CONCURRENCY) / throughput - 1
    }
    expect(Math.max(...Object.values(missed).map(Math.abs)), JSON.stringify(missed)).toBeLessThanOrEqual(0.05)
  }
)
