import type { Suite } from '../bench.ts'
import { coverage, decisions, runEffects } from './intervals.ts'
import { distances, limitedPeers, stragglers } from './predictions.ts'
import { searches } from './searches.ts'
import { sweeps } from './sweeps.ts'

/**
 * Whether what the tool concludes is true as often as it says, on simulated figures whose truth is known. Seeded: the
 * table is the same on every machine.
 */
export const auditSuite: Suite = {
  name: 'audit',
  *run() {
    yield* coverage()
    yield* decisions()
    yield* runEffects()
    yield* distances()
    yield* limitedPeers()
    yield* stragglers()
    yield* sweeps()
    yield* searches()
  }
}
