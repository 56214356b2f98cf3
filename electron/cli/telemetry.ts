import type { Plan } from '../../shared/plan/plan.ts'
import { newRunId } from '../record/run-id.ts'
import { isOtlpInEnvironment } from '../telemetry/otlp-environment.ts'
import type { OtlpExport } from '../telemetry/otlp-export.ts'
import { say } from './output.ts'

/** What is measured, told to a receiver as it comes. */
export type Tell = OtlpExport['add']

/**
 * Does what is measured while a receiver of OTLP hears of it, where `url` or the environment names one, and says at the
 * end when it did not take all. Loaded only then: most runs have none.
 * @param id what the receiver knows the run by
 */
export async function withTelemetry<T>(
  { plan, url, id = newRunId() }: { plan: Plan; url: string | undefined; id?: string },
  work: (tell: Tell) => Promise<T>
): Promise<T> {
  if (url === undefined && !isOtlpInEnvironment()) return work(() => undefined)
  const { OtlpExport } = await import('../telemetry/otlp-export.ts')
  const telemetry = new OtlpExport({ plan, runId: id, url })
  try {
    return await work((...told) => {
      telemetry.add(...told)
    })
  } finally {
    const shortfall = await telemetry.end()
    if (shortfall !== null) say(shortfall)
  }
}
