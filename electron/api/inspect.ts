import { parsePlan } from '../../shared/plan.ts'
import type { Handlers, Publish } from './handlers.ts'
import { ApiError, type Services } from './services.ts'

/** Looking at a peer without load: the probe of ports, and the annotated transcript. */
export function inspectHandlers(
  services: Services,
  publish: Publish
): Pick<Handlers, 'probe.start' | 'explain.start'> {
  return {
    'probe.start': (target) =>
      services.probe(target, (port) => {
        publish('probe.port', port)
      }),
    'explain.start': (raw, consent) => {
      const result = parsePlan(raw)
      if (result.ok) return services.explain(result.plan, consent)
      const faults = result.faults.map((fault) => `${fault.path || 'plan'}: ${fault.message}`)
      throw new ApiError(`The plan is not valid. ${faults.join('; ')}`, 'Mend the plan, then ask again.')
    }
  }
}
