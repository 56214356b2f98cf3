import { compareTransports } from './comparison.ts'
import type { RunComparison, RunSummary } from './ipc.ts'
import type { RunRecord } from './run-record.ts'
import { figure } from './format.ts'

/** A run in a line, for lists. */
export function summarizeRun(record: RunRecord): RunSummary {
  return {
    id: record.id,
    name: record.name,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
    state: record.state,
    verdict: record.verdict,
    transports: record.transports.map(({ name, protocol, response, throughput, counts }) => ({
      name,
      protocol,
      p50: response.p50,
      throughput,
      accepted: counts.accepted
    }))
  }
}

/** Two runs side by side: each transport of `a` against the one of the same name in `b`. */
export function compareRuns(a: RunRecord, b: RunRecord): RunComparison {
  const inB = new Map(b.transports.map((transport) => [transport.name, transport]))
  const rows = a.transports.flatMap((transport) => {
    const other = inB.get(transport.name)
    return other === undefined
      ? []
      : [{ transport: transport.name, comparisons: compareTransports(transport, other, false) }]
  })
  const inA = new Set(a.transports.map(({ name }) => name))
  return {
    a: summarizeRun(a),
    b: summarizeRun(b),
    rows,
    unmatched: [
      ...a.transports.filter(({ name }) => !inB.has(name)),
      ...b.transports.filter(({ name }) => !inA.has(name))
    ].map(({ name }) => name),
    sentence: sentence(a, b, rows)
  }
}

function sentence(a: RunRecord, b: RunRecord, rows: RunComparison['rows']): string {
  if (rows.length === 0) return `“${a.name}” and “${b.name}” have no transport of the same name.`
  const changes = rows.map(({ transport, comparisons }) => {
    const p50 = comparisons.find(({ metric }) => metric === 'response.p50')
    if (p50 === undefined)
      return `${transport} cannot be compared (a comparison needs two rounds in each run)`
    if (!p50.enough) return `${transport}: too few messages to compare`
    if (!p50.differs) return `${transport}: no difference seen`
    return `${transport} took ${figure(p50.ratio)} times (${figure(p50.low)} to ${figure(p50.high)}) as long in the first run at the median`
  })
  return `${changes.join('; ')}.`
}
