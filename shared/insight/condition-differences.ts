import { differingPaths } from '../plan/differing-paths.ts'
import { valueAt } from '../plan/plan-path.ts'
import type { RunRecord } from '../record/run-record.ts'

/** Something in which two runs were not made alike, so that their figures may differ for it. */
export interface ConditionDifference {
  /** JSON path in the record, transports by name. */
  what: string
  a: string
  b: string
}

/** What of the environment moves figures. */
const VERSIONS = [
  'chattermark',
  'node',
  'nodemailer',
  'undici',
  'openssl',
  'platform',
  'cpu',
  'cores'
] as const
/** Fields of a plan that change no figure. */
const SILENT = /^(name|assert|schema)(\.|$)/

/** What a reader must know before the figures of two runs are held against each other: plan, places, versions. */
export function conditionDifferences(a: RunRecord, b: RunRecord): ConditionDifference[] {
  const [left, right] = [conditions(a), conditions(b)]
  return differingPaths(left, right)
    .filter((path) => !SILENT.test(path))
    .map((what) => {
      const steps = what.split('.')
      return { what, a: shown(valueAt(left, steps)), b: shown(valueAt(right, steps)) }
    })
}

function conditions({ plan, environment, places }: RunRecord): Record<string, unknown> {
  const { transports, ...rest } = plan
  return {
    ...rest,
    transports: Object.fromEntries(transports.map((transport) => [transport.name, transport])),
    places: places.map(({ name }) => name).join(', '),
    environment: Object.fromEntries(VERSIONS.map((name) => [name, environment[name]]))
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'not there'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
