import { findComparison } from './comparison.ts'
import { figure, integer, listed, milliseconds, partOf, percent } from './format.ts'
import type { RunRecord, TransportRecord } from './run-record.ts'
import { savings } from './savings.ts'
import { crossoverRttMs, latencyModel, rttWhereRatioIs } from './what-if.ts'

/** From this share of messages that were not accepted on, the verdict speaks of errors first. */
const ERRORS_DOMINATE = 0.5
/** From this share on, it speaks of them at all. */
const ERRORS_MATTER = 0.01
/** Two latencies that differ by less than this share would hardly be noticed. */
const HARDLY_NOTICED = 0.1

type Measured = TransportRecord & { response: { p50: number } }

/**
 * The answer of a run in one paragraph of plain words: which transport is faster here, by how much, how much of
 * it is round trips, what would narrow the gap, and at which distance the answer changes.
 */
export function verdict(record: RunRecord): string {
  const measured = record.transports.filter(isMeasured).sort((a, b) => a.response.p50 - b.response.p50)
  const errors = record.transports.filter((transport) => errorShare(transport) >= ERRORS_MATTER)
  const dominated = errors.filter((transport) => errorShare(transport) >= ERRORS_DOMINATE)
  const rest = errors.filter((transport) => !dominated.includes(transport))
  const [fastest] = measured
  const sentences = [
    ending(record),
    ...dominated.map(errorSentence),
    ...(fastest === undefined ? [nothing(record)] : answer(record, measured, fastest)),
    ...rest.map(errorSentence),
    ...measured.filter(({ generatorLimited }) => generatorLimited).map(limitSentence)
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

function nothing({ transports }: RunRecord): string {
  return transports.some(({ counts }) => counts.sent > 0)
    ? 'No message was accepted, so there is nothing to compare.'
    : 'Nothing was sent.'
}

function answer(record: RunRecord, measured: readonly Measured[], fastest: Measured): string[] {
  if (measured.length === 1) return [alone(fastest), advice(record, fastest)]
  const slower = measured.filter((transport) => transport !== fastest && !isLevel(record, transport, fastest))
  const slowest = slower.at(-1)
  if (slowest === undefined) return [noDifference(record, measured, fastest)]
  const others = measured.filter((transport) => transport !== fastest && transport !== slowest)
  const rival = slower.find(({ protocol }) => protocol !== fastest.protocol) ?? slowest
  return [
    headline(record, fastest, slowest),
    others.length === 0 ? '' : besides(record, others, fastest),
    advice(record, rival),
    distance(fastest, rival)
  ]
}

/** Whether the data show no difference between two transports' medians; too few samples or rounds show nothing either way. */
function isLevel({ comparison }: RunRecord, a: Measured, b: Measured): boolean {
  const found = findComparison(comparison, a.name, b.name, 'response.p50')
  return found !== null && found.enough && !found.differs
}

function alone(transport: Measured): string {
  return `${transport.name} takes ${milliseconds(transport.response.p50)} a message${chatter(transport, ', of which ')}.`
}

/** `, and 97 % of that is round trips`; nothing where the RTT is unknown. */
function chatter({ chatterMs, service }: TransportRecord, lead: string): string {
  if (chatterMs === null || service.mean === null || service.mean === 0) return ''
  return `${lead}${percent(Math.min(1, chatterMs / service.mean))} is round trips`
}

function headline(record: RunRecord, fastest: Measured, slowest: Measured): string {
  const found = findComparison(record.comparison, slowest.name, fastest.name, 'response.p50')
  const ratio = slowest.response.p50 / fastest.response.p50
  const reach =
    found === null
      ? ' (too few rounds for an interval)'
      : !found.enough
        ? ' (too few messages to be sure)'
        : ` (95${'\u202f'}% interval ${figure(found.low)} to ${figure(found.high)})`
  return (
    `${fastest.name} takes ${milliseconds(fastest.response.p50)} a message, ` +
    `${slowest.name} ${milliseconds(slowest.response.p50)}: ${figure(ratio)} times as long${reach}` +
    `${chatter(slowest, ', and of that ')}.`
  )
}

function besides(record: RunRecord, others: readonly Measured[], fastest: Measured): string {
  const isGap = (transport: Measured): boolean => !isLevel(record, transport, fastest)
  const fromSlowest = others.toReversed()
  const firstGap = fromSlowest.find(isGap)
  const parts = fromSlowest.map((transport) => {
    if (!isGap(transport)) return `with ${transport.name} no difference is seen`
    const ratio = figure(transport.response.p50 / fastest.response.p50)
    return transport === firstGap
      ? `with ${transport.name} the gap is ${ratio} times`
      : `with ${transport.name} ${ratio} times`
  })
  const text = listed(parts)
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function noDifference(record: RunRecord, measured: readonly Measured[], fastest: Measured): string {
  const shown = ({ name, response }: Measured): string => `${name} (${milliseconds(response.p50)})`
  const allLevel = measured.every((a, index) => measured.slice(index + 1).every((b) => isLevel(record, a, b)))
  const between = allLevel
    ? listed(measured.map(shown))
    : `${shown(fastest)} and any of ${listed(measured.filter((transport) => transport !== fastest).map(shown))}`
  return `No difference seen between ${between} a message at the median.`
}

/** What would take the most round trips off a transport. */
function advice({ plan }: RunRecord, transport: Measured): string {
  const planned = plan.transports.find(({ name }) => name === transport.name)
  const { rttMs } = transport
  if (planned === undefined || rttMs === null) return ''
  const parts = savings(planned, transport)
    .slice(0, 3)
    .map(
      ({ what, turns }, index) =>
        `${what} ${index === 0 ? 'would save ' : ''}${figure(turns)} ${index === 0 ? 'of its turns ' : ''}(${milliseconds(turns * rttMs)})`
    )
  return parts.length === 0 ? '' : `For ${transport.name}, ${listed(parts)}.`
}

/** From which RTT on the answer would be another. */
function distance(fastest: Measured, rival: Measured): string {
  const [fast, slow] = [latencyModel(fastest), latencyModel(rival)]
  // In an open load, waiting for a slot can put the one ahead that serves its messages slower: distance decides nothing there.
  if (fast === null || slow === null || fast.p50Ms > slow.p50Ms) return ''
  const crossing = crossoverRttMs(fast, slow)
  if (crossing !== null) {
    const side = crossing < fast.rttMs ? 'Below' : 'Above'
    return `${side} ${milliseconds(crossing)} of RTT ${rival.name} would be the faster.`
  }
  const unseen = rttWhereRatioIs(slow, fast, 1 + HARDLY_NOTICED)
  if (unseen !== null && unseen < fast.rttMs) {
    return `Below ${milliseconds(unseen)} of RTT you would hardly notice.`
  }
  return `${fastest.name} is ahead of ${rival.name} at every distance.`
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

function limitSentence({ name }: TransportRecord): string {
  return `This machine, not the peer, was the limit for ${name}: judge its figures with care.`
}
