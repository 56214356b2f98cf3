import { type Plan, type PlanInput } from '../../shared/plan/plan.ts'
import { parsePlan } from '../../shared/plan/parse-plan.ts'

const auth = { method: 'plain', user: 'sandbox', password: { secret: 'sandbox' } } as const

/** A small quick plan on the sandbox: SMTP kept and the API kept. What is given replaces its fields. */
export function sandboxPlanInput(changes: Partial<PlanInput> = {}): PlanInput {
  return {
    schema: 1,
    name: 'test',
    message: { from: 'bench@example.com', to: ['sink@example.com'], sizeBytes: 1024 },
    load: { model: 'closed', concurrency: 4, messages: 200 },
    warmupSeconds: 0,
    rounds: 2,
    timeoutSeconds: 10,
    transports: [
      { name: 'smtp', protocol: 'smtp', host: 'sandbox', port: 587, security: 'starttls', auth },
      {
        name: 'api',
        protocol: 'http',
        url: 'https://sandbox',
        domain: 'example.com',
        auth: { user: 'api', password: { secret: 'sandbox' } }
      }
    ],
    ...changes
  }
}

/** The same, validated. */
export function sandboxPlan(changes: Partial<PlanInput> = {}): Plan {
  const parsed = parsePlan(sandboxPlanInput(changes))
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults))
  return parsed.plan
}
