import type { PlanInput } from './plan.ts'
import { SANDBOX_SMTP, SANDBOX_URL } from './sandbox-target.ts'

const sandboxAuth = { method: 'plain', user: 'sandbox', password: { secret: 'sandbox' } } as const
/** Port 587 of the built-in sandbox. */
export const SANDBOX_SUBMISSION = {
  protocol: 'smtp',
  ...SANDBOX_SMTP,
  auth: sandboxAuth
} as const
/** The API of the built-in sandbox. */
export const SANDBOX_API = {
  protocol: 'http',
  provider: 'mailgun',
  url: SANDBOX_URL,
  domain: 'example.com',
  auth: { user: 'api', password: { secret: 'sandbox' } }
} as const

/** SMTP against the API on the built-in sandbox, 20 ms away: the plan of `demo` and of the app's first start. */
export const DEMO_PLAN = {
  schema: 1,
  name: 'SMTP against the API',
  message: { from: 'bench@example.com', to: ['sink@example.com'], subject: 'Chattermark', sizeBytes: 2048 },
  load: { model: 'closed', concurrency: 10, messages: 600 },
  warmupSeconds: 0.2,
  rounds: 6,
  seed: 1,
  timeoutSeconds: 30,
  transports: [
    { name: 'smtp-587-cold', ...SANDBOX_SUBMISSION, messagesPerConnection: 1, pipelining: 'off' },
    { name: 'smtp-587-kept', ...SANDBOX_SUBMISSION, pipelining: 'off' },
    { name: 'smtp-587-kept-pipelined', ...SANDBOX_SUBMISSION },
    { name: 'api-cold', ...SANDBOX_API, http: { keepAlive: false } },
    { name: 'api-kept', ...SANDBOX_API }
  ],
  emulate: { rttMs: 20 },
  assert: []
} satisfies PlanInput
