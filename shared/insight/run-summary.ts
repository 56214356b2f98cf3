import type { RunSummary } from '../page/ipc.ts'
import { loadWords } from '../plan/plan-words.ts'
import type { Study } from '../plan/study.ts'
import type { RunRecord } from '../record/run-record.ts'
import { isStudy, type HistoryRecord, type StudyRecord } from '../record/study-record.ts'

/** A run or a study in a line, for lists. */
export function summarizeRun(record: HistoryRecord): RunSummary {
  const { id, name, plan, startedAt, finishedAt, state, verdict, note = '', baseline = false } = record
  const study = isStudy(record) ? record.study : null
  const passed = isStudy(record) ? 0 : record.asserts.filter(({ pass }) => pass).length
  return {
    ...{ id, name, startedAt, finishedAt, state, verdict, note, baseline },
    kind: study?.kind ?? 'compare',
    planName: plan.name,
    conditions: {
      rttsMs: study?.kind === 'distance' ? study.rttsMs : [plan.emulate.rttMs],
      sizesBytes: study?.kind === 'size' ? study.sizesBytes : [plan.message.sizeBytes],
      load: conditionOf(record, study)
    },
    checks: isStudy(record) ? { passed: 0, failed: 0 } : { passed, failed: record.asserts.length - passed },
    transports: isStudy(record) ? studyTransports(record) : runTransports(record)
  }
}

function conditionOf({ plan }: HistoryRecord, study: Study | null): string {
  return study?.kind === 'capacity' ? study.objectives.join(', ') : loadWords(plan.load)
}

function runTransports({ transports }: RunRecord): RunSummary['transports'] {
  return transports.map(({ name, protocol, response, throughput, counts }) => ({
    ...{ name, protocol, p50: response.p50, throughput, accepted: counts.accepted }
  }))
}

function studyTransports({ plan, capacity, sweep }: StudyRecord): RunSummary['transports'] {
  const protocolOf = (name: string): string =>
    plan.transports.find((transport) => transport.name === name)?.protocol ?? ''
  if (capacity !== null) {
    return capacity.transports.map(({ name, rate, steps }) => ({
      name,
      protocol: protocolOf(name),
      p50: steps.findLast((step) => step.pass && step.rate === rate)?.p50 ?? null,
      throughput: rate,
      accepted: steps.reduce((sum, { sent, rejected, failed }) => sum + sent - rejected - failed, 0)
    }))
  }
  return (sweep?.transports ?? []).map(({ name, points }) => ({
    name,
    protocol: protocolOf(name),
    p50: points.find(({ p50 }) => p50 !== null)?.p50 ?? null,
    throughput: 0,
    accepted: points.reduce((sum, { n }) => sum + n, 0)
  }))
}
