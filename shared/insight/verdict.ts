import { figure, integer, listed, milliseconds, partOf } from '../text/format.ts'
import type { RunRecord, TransportRecord } from '../record/run-record.ts'
import { answer, type Measured } from './answer.ts'
import { deliverySentences } from './delivery-sentence.ts'
import { loadedRttSentence } from './loaded-rtt.ts'
import { dueText, isOverloaded, meanQueueMs } from './overload.ts'
import { windowShares } from './window-words.ts'

/** From this share of messages that were not accepted on, the verdict speaks of errors first. */
const ERRORS_DOMINATE = 0.5
/** From this share on, it speaks of them at all. */
const ERRORS_MATTER = 0.01

/**
 * The answer of a run in one paragraph of plain words: which transport is faster here, by how much, how much of
 * it is round trips, what would narrow the gap, and at which distance the answer changes. What would make that answer
 * misleading stands before it: refusals, and a load that no peer could take.
 */
export function verdict(record: RunRecord): string {
  const { transports } = record
  const dominated = transports.filter((transport) => errorShare(transport) >= ERRORS_DOMINATE)
  const overloaded = transports.filter(isOverloaded)
  const ranked = transports
    .filter(isMeasured)
    .filter((transport) => !dominated.includes(transport) && !overloaded.includes(transport))
    .sort((a, b) => a.response.p50 - b.response.p50)
  const [fastest] = ranked
  const rest = transports.filter(
    (transport) => errorShare(transport) >= ERRORS_MATTER && !dominated.includes(transport)
  )
  const sentences = [
    ending(record),
    ...dominated.map(errorSentence),
    ...overloaded.map(overloadSentence),
    ...transports.map((transport) =>
      loadedRttSentence(
        transport.name,
        transport.loadedRtt,
        overloaded.includes(transport) ? { parts: transport, throughput: transport.throughput } : null
      )
    ),
    ...(fastest === undefined ? [nothing(record, overloaded)] : answer(record, ranked, fastest)),
    windowShares(ranked),
    ...rest.map((transport) =>
      transport === fastest && ranked.length > 1
        ? `But ${errorSentence(transport)}`
        : errorSentence(transport)
    ),
    ...deliverySentences(record),
    limitSentence(transports.filter((transport) => transport.generatorLimited && isMeasured(transport)))
  ]
  return sentences.filter((sentence) => sentence !== '').join(' ')
}

function isMeasured(transport: TransportRecord): transport is Measured {
  return transport.response.p50 !== null
}

function ending({ state }: RunRecord): string {
  switch (state) {
    case 'finished':
      return ''
    case 'stopped':
      return 'Stopped before its end; this is what was measured until then.'
    case 'crashed':
      return 'The run broke off; this is what was measured until then.'
  }
}

function nothing({ transports }: RunRecord, overloaded: readonly TransportRecord[]): string {
  if (transports.every(({ counts, warmup }) => counts.sent + warmup.sent === 0)) return 'Nothing was sent.'
  if (transports.every(({ counts }) => counts.sent === 0)) return 'Nothing was measured but a warm-up.'
  if (transports.every(({ counts }) => counts.accepted === 0)) {
    return 'No message was accepted, so there is nothing to compare.'
  }
  return overloaded.length > 0
    ? 'A lower rate would show what a message takes.'
    : 'Too little was accepted to compare anything.'
}

function errorShare({ counts }: TransportRecord): number {
  return counts.sent === 0 ? 0 : (counts.sent - counts.accepted - counts.aborted) / counts.sent
}

function errorSentence({ name, counts, errors, throttled }: TransportRecord): string {
  const [worst] = errors
    .filter((error) => error.class === 'rejected' || error.class === 'failed')
    .sort((a, b) => b.count - a.count)
  const reason = worst === undefined ? '' : `, mostly ${worst.class} with ${worst.code} in ${worst.phase}`
  const slowDown = throttled > 0 ? ` (${integer(throttled)} times it asked to slow down)` : ''
  const bad = counts.rejected + counts.failed
  return `${name} did not accept ${partOf(bad, counts.sent)} messages${reason}${slowDown}.`
}

/** What an open load beyond the peer's capacity shows: how much it can take, and a queue that no median describes. */
function overloadSentence(transport: TransportRecord): string {
  const { name, throughput, backlogAtEnd } = transport
  const queueMs = meanQueueMs(transport)
  const due = dueText(transport)
  const backlog =
    backlogAtEnd === null ? '' : `, with ${integer(backlogAtEnd)} messages waiting when the schedule ended`
  const waited =
    queueMs === null ? '' : `, and a message waited ${milliseconds(queueMs)} for a slot in the mean`
  return `${name} did not keep up: ${due} messages a second came due and ${figure(throughput)} were accepted, so the queue grew all the time${backlog}${waited}. Its response times say how long the load went on, not what a message takes.`
}

function limitSentence(limited: readonly TransportRecord[]): string {
  if (limited.length === 0) return ''
  const whose = limited.length === 1 ? 'its' : 'their'
  return `This machine, not the peer, was the limit for ${listed(limited.map(({ name }) => name))}: judge ${whose} figures with care.`
}
