import { DEMO_PLAN } from '../../shared/demo-plan.ts'
import { planSchema } from '../../shared/plan.ts'
import type { ExitCode } from './exit.ts'
import { runAndShow, type RunCommand } from './run.ts'

/** `chattermark demo` */
export async function demo(options: RunCommand & { rtt?: number }): Promise<ExitCode> {
  const rttMs = options.rtt ?? DEMO_PLAN.emulate.rttMs
  return runAndShow(planSchema.parse({ ...DEMO_PLAN, emulate: { rttMs } }), options)
}
