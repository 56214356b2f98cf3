import type { CapacityRecord, CapacityStep } from '../../shared/capacity-record.ts'
import { capacitySentence } from '../../shared/capacity-sentence.ts'
import { figure, integer, milliseconds } from '../../shared/format.ts'
import type { CapacityEvent } from '../engine/capacity.ts'
import { bold, paragraph, textTable } from './output.ts'

/** A finished search for reading in a terminal: the curve of each transport, then what it means. */
export function capacityText(name: string, record: CapacityRecord): string {
  const curves = record.transports.map((transport) => {
    const steps = [...transport.steps].sort((a, b) => a.rate - b.rate)
    const header = [transport.name, 'accepted/s', 'p50 ms', 'p99 ms', 'rejected', 'failed', 'throttled', '']
    return textTable(
      header,
      steps.map((step) => stepRow(step, transport.knee)),
      ['']
    )
  })
  return [
    bold(`${name}: ${record.objectives.join(', ')}`),
    ...curves,
    ...record.transports.map((transport) => bold(paragraph(capacitySentence(transport))))
  ].join('\n\n')
}

function stepRow(step: CapacityStep, knee: number | null): string[] {
  const verdict = step.pass ? 'kept' : step.throttled > 0 ? 'throttled' : (step.failedObjective ?? '')
  return [
    `${figure(step.rate)}/s`,
    figure(step.achieved),
    step.p50 === null ? '-' : figure(step.p50),
    step.p99 === null ? '-' : figure(step.p99),
    integer(step.rejected),
    integer(step.failed),
    integer(step.throttled),
    step.rate === knee ? `${verdict}, knee` : verdict
  ]
}

/** What a search is doing, in a line. */
export function eventText(event: CapacityEvent): string {
  switch (event.kind) {
    case 'try':
      return `${event.transport}: trying ${figure(event.rate)}/s`
    case 'again':
      return `${event.transport}: this machine fell behind at ${figure(event.rate)}/s; trying again`
    case 'wait':
      return `${event.transport}: waiting ${figure(event.seconds)} s`
    case 'step': {
      const { step } = event
      const latency = step.p99 === null ? '' : `, p99 ${milliseconds(step.p99)}`
      const outcome = step.pass
        ? 'kept'
        : step.throttled > 0
          ? 'the peer asked to slow down'
          : `missed ${step.failedObjective ?? ''}`
      return `${event.transport}: ${figure(step.rate)}/s ${outcome}${latency}`
    }
    case 'found':
      return capacitySentence(event.found)
  }
}
