import { SANDBOX_API, SANDBOX_SUBMISSION } from './demo-plan.ts'
import type { PlanInput } from './plan.ts'

const kept = { ...SANDBOX_SUBMISSION, messagesPerConnection: null }

/**
 * From the most turns to the fewest on the built-in sandbox: the plan of `sweep` when none is named. The load is
 * light, so that at a round trip of 0 no send waits for another, and the warm-up only opens the kept connections.
 */
export const LADDER_PLAN = {
  schema: 1,
  name: 'The ladder of turns',
  message: { from: 'bench@example.com', to: ['sink@example.com'], subject: 'Chattermark', sizeBytes: 2048 },
  load: { model: 'closed', concurrency: 2, messages: 16 },
  warmupSeconds: 0.1,
  rounds: 2,
  seed: 1,
  timeoutSeconds: 30,
  transports: [
    { name: 'smtp-587-cold', ...SANDBOX_SUBMISSION, messagesPerConnection: 1, pipelining: 'off' },
    {
      name: 'smtp-465-cold',
      ...SANDBOX_SUBMISSION,
      port: 465,
      security: 'tls',
      messagesPerConnection: 1,
      pipelining: 'off'
    },
    { name: 'smtp-kept', ...kept, pipelining: 'off' },
    { name: 'smtp-kept-pipelined', ...kept },
    { name: 'smtp-kept-chunked', ...kept, chunking: 'auto' },
    { name: 'smtp-kept-overlapped', ...kept, overlap: true },
    { name: 'api-cold', ...SANDBOX_API, http: { keepAlive: false } },
    { name: 'api-kept', ...SANDBOX_API },
    { name: 'api-http2-kept', ...SANDBOX_API, http: { version: '2' } }
  ],
  assert: []
} satisfies PlanInput
