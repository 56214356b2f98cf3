import type { RegressionCheck } from '../insight/regression.ts'
import { inVain, vainWords } from '../insight/in-vain.ts'
import type { CapacityRecord } from '../record/capacity-record.ts'
import type { RunRecord } from '../record/run-record.ts'
import { figure, percent } from '../text/format.ts'
import type { JunitCase } from './junit.ts'

/** A run's cases: each assertion, and for each transport that something was accepted at all. */
export function runCases(record: RunRecord): JunitCase[] {
  const vain = new Map(inVain(record).map((transport) => [transport.name, vainWords(transport)]))
  return [
    ...record.transports.map(({ name }) => ({
      group: name,
      name: `${name} accepts messages`,
      failure: vain.get(name) ?? null
    })),
    ...record.asserts.map(({ text, pass, value }) => ({
      group: text.split('.')[0] ?? '',
      name: text,
      failure: pass ? null : `found ${value === null ? 'nothing measured' : figure(value)}`
    }))
  ]
}

/** A comparison's cases: each metric that was held against a limit. */
export function regressionCases(checks: readonly RegressionCheck[]): JunitCase[] {
  return checks.map(({ transport, metric, limit, verdict, old, new: fresh }) => ({
    group: transport,
    name: `${transport}.${metric} is no more than ${percent(limit)} worse`,
    failure:
      verdict === 'worse'
        ? `${old === null ? '-' : figure(old)} before, ${fresh === null ? '-' : figure(fresh)} now`
        : null
  }))
}

/** A search's cases: for each transport that a rate was kept, or the rate that was required. */
export function capacityCases(record: CapacityRecord, required: number | null): JunitCase[] {
  return record.transports.map(({ name, rate, failedObjective }) => ({
    group: name,
    name:
      required === null
        ? `${name} keeps ${record.objectives.join(', ')}`
        : `${name} keeps ${figure(required)} a second`,
    failure:
      rate > 0 && rate >= (required ?? 0)
        ? null
        : `${figure(rate)} a second were kept${failedObjective === null ? '' : `; above it ${failedObjective} fails`}`
  }))
}
