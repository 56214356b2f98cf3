import { DEMO_PLAN } from '../../shared/plan/demo-plan.ts'
import { planSchema } from '../../shared/plan/plan.ts'
import type { ExitCode } from './exit.ts'
import { runAndShow, type RunCommand } from './run.ts'
import type { SafetyOptions } from './safety.ts'

export interface DemoCommand extends Omit<RunCommand, keyof SafetyOptions> {
  rtt?: number
}

/** `chattermark demo`: nothing of it leaves this machine. */
export async function demo(options: DemoCommand): Promise<ExitCode> {
  const rttMs = options.rtt ?? DEMO_PLAN.emulate.rttMs
  const plan = planSchema.parse({ ...DEMO_PLAN, emulate: { ...DEMO_PLAN.emulate, rttMs } })
  return runAndShow(plan, { ...options, remote: false, realRecipients: false, maxMessages: Infinity })
}
