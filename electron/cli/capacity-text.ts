import { estimateSearch } from '../../shared/insight/capacity-estimate.ts'
import type { SearchOptions } from '../../shared/insight/capacity-move.ts'
import type { CapacityRecord, CapacityStep, CapacityTransport } from '../../shared/record/capacity-record.ts'
import { capacitySentence } from '../../shared/insight/capacity-sentence.ts'
import { counted, duration, figure, integer, listed } from '../../shared/text/format.ts'
import type { CapacityEvent } from '../../shared/insight/capacity-event.ts'
import { bold, paragraph, textTable } from './output.ts'

/** A finished search for reading in a terminal: the steps of each transport by rate, then what they mean. */
export function capacityText(name: string, record: CapacityRecord): string {
  const curves = record.transports.map((transport) => {
    const steps = transport.steps
      .filter(({ purpose }) => purpose !== 'drain')
      .sort((a, b) => a.rate - b.rate || a.startedSeconds - b.startedSeconds)
    const header = [transport.name, 'held s', 'accepted/s', 'p50 ms', 'p99 ms', 'rejected', 'failed', '']
    return textTable(
      header,
      steps.map((step) => stepRow(step, transport.knee)),
      ['']
    )
  })
  return [
    bold(`${name}: ${record.objectives.join(', ')}`),
    ...curves,
    ...record.transports.map((transport) => bold(paragraph(capacitySentence(transport)))),
    ...record.transports.map((transport) => `${transport.name}: ${spentText(transport)}`)
  ].join('\n\n')
}

/** Which place gave out first in a failed step, in words to go behind a verdict; nothing for one machine. */
function placeText({ gaveOut = [] }: CapacityStep): string {
  return gaveOut.length === 0 ? '' : `, first at ${listed(gaveOut)}`
}

function stepRow(step: CapacityStep, knee: number | null): string[] {
  const verdict = `${outcomeText(step)}${placeText(step)}`
  return [
    `${figure(step.rate)}/s`,
    figure(step.seconds),
    figure(step.achieved),
    step.p50 === null ? '-' : figure(step.p50),
    step.p99 === null ? '-' : figure(step.p99),
    integer(step.rejected),
    integer(step.failed),
    step.rate === knee ? `${verdict}, knee` : verdict
  ]
}

function outcomeText({ pass, undecided, spoiled, limit, failedObjective }: CapacityStep): string {
  if (pass) return undecided ? 'kept, as far as can be told' : 'kept'
  if (spoiled !== null) return `spoiled: ${spoiled}`
  switch (limit) {
    case 'throttling':
      return 'the peer asked to slow down'
    case 'queue':
      return 'a queue grew'
    case 'concurrency':
      return 'no send in flight was left'
    case 'machine':
      return 'this machine fell behind'
    default:
      return `missed ${failedObjective ?? ''}`
  }
}

function spentText({ messages, seconds }: CapacityTransport): string {
  return `${counted(messages, 'message')} in ${duration(seconds)}`
}

/** What the search of some transports will take, before it starts. */
export function estimateText(options: SearchOptions, searches: number): string {
  const guesses = [10, 100].map((factor) => estimateSearch(options, factor * options.startRate))
  const of = guesses
    .filter(({ limitRate }) => limitRate <= options.ceilingRate)
    .map(
      ({ limitRate, messages, seconds }) =>
        `with a limit of ${figure(limitRate)}/s about ${counted(messages, 'message')} and ${duration(seconds)}`
    )
  const atMost = [
    ...(options.budgetMessages === Infinity ? [] : [counted(options.budgetMessages, 'message')]),
    ...(options.budgetSeconds === Infinity ? [] : [duration(options.budgetSeconds)])
  ]
  const bound = atMost.length === 0 ? '' : ` ${listed(atMost)} at most${searches > 1 ? ' in all' : ''}.`
  const each = of.length === 0 ? [estimateAtCeiling(options)] : of
  return `${searches === 1 ? 'The search takes' : `Each of ${searches} searches takes`} ${each.join(', ')}.${bound}`
}

function estimateAtCeiling(options: SearchOptions): string {
  const { messages, seconds } = estimateSearch(options, options.ceilingRate)
  return `about ${counted(messages, 'message')} and ${duration(seconds)}`
}

/** What a search is doing, in a line; null for what is too fine for a terminal. */
export function eventText(event: CapacityEvent): string | null {
  const { transport } = event
  switch (event.kind) {
    case 'step-begun':
      return `${transport}: trying ${figure(event.rate)}/s (${event.reason})`
    case 'second':
      return null
    case 'step-ended': {
      const { step } = event
      return `${transport}: ${figure(step.rate)}/s ${outcomeText(step)}${placeText(step)} (${step.reason})`
    }
    case 'recovery-begun':
      return `${transport}: a trickle of ${figure(event.trickleRate)}/s until the peer is as fast as before`
    case 'recovery-ended': {
      const { recovered, seconds } = event.recovery
      return `${transport}: ${recovered ? 'back at its base' : 'not back at its base'} after ${figure(seconds)} s`
    }
    case 'wait':
      return `${transport}: waiting ${figure(event.waitSeconds)} s (${event.reason})`
    case 'found':
      return capacitySentence(event.found)
  }
}
