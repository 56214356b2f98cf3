import type { Handlers } from './handlers.ts'
import type { Host, Services } from './services.ts'

export function planHandlers(
  { plans }: Services,
  host: Host
): Pick<Handlers, 'plan.default' | 'plan.check' | 'plan.open'> {
  return {
    'plan.default': () => plans.defaultPlan(),
    'plan.check': (raw) => plans.check(raw),
    'plan.open': () => host.openPlan()
  }
}
