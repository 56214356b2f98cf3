import type { Comparison, RunRecord, TransportRecord } from '../record/run-record.ts'
import { figure, listed, milliseconds, percent } from '../text/format.ts'
import { findComparison } from './comparison.ts'
import { distanceSentence } from './distance-sentence.ts'
import { FEW_ROUNDS, findingOf, type Finding } from './finding.ts'
import { meanQueueMs } from './overload.ts'
import { savings } from './savings.ts'

export type Measured = TransportRecord & { response: { p50: number } }

/** A transport that was not the fastest, and what can be said of its median against that. */
interface Other {
  transport: Measured
  finding: Finding
  /** Its median over that of the fastest; null where they cannot be compared. */
  p50: Comparison | null
}

/**
 * The sentences that compare what was measured, of transports that can be compared.
 * @param ranked by their median, the fastest first
 */
export function answer(record: RunRecord, ranked: readonly Measured[], fastest: Measured): string[] {
  if (ranked.length === 1) return [alone(fastest), advice(record, fastest)]
  const others = ranked.slice(1).map((transport): Other => {
    const p50 = findComparison(record.comparison, transport.name, fastest.name, 'response.p50')
    return { transport, finding: findingOf(p50), p50 }
  })
  const slower = others.filter(({ finding }) => finding === 'different')
  const slowest = slower.at(-1)
  if (slowest === undefined) return [undecided(fastest, others)]
  const { transport: rival } =
    slower.find(({ transport }) => transport.protocol !== fastest.protocol) ?? slowest
  const against = [...new Set([slowest.transport, rival])]
  const otherWay = [otherAtP95(record, fastest, against), otherInThroughput(record, fastest, against)]
  return [
    headline(fastest, slowest),
    ...otherWay,
    besides(
      others.filter((other) => other !== slowest),
      fastest
    ),
    advice(record, rival),
    distance(
      fastest,
      rival,
      otherWay.some((sentence) => sentence !== '')
    )
  ]
}

function alone(transport: Measured): string {
  return `${transport.name} takes ${milliseconds(transport.response.p50)} a message${timeShares(transport, ', of which ', ', and of ')}.`
}

/** From this share of a response on, waiting for a slot is named. */
const QUEUE_MATTERS = 0.01
/** A mean that is further from the median than this is told. */
const SKEWED = 0.1

/** Round trips as a share of the mean response, 0 to 1; null where they are unknown. */
export function chatterShare({ chatterMs, response }: TransportRecord): number | null {
  if (chatterMs === null || response.mean === null || response.mean === 0) return null
  return Math.min(1, chatterMs / response.mean)
}

/**
 * What the mean response is made of: `, and of that 97 % is round trips`; nothing where the RTT is unknown. Where the
 * mean is not the time that was just told, it is told with it.
 */
function timeShares(transport: Measured, ofThat: string, ofMean: string): string {
  const { mean, p50 } = transport.response
  const chatter = chatterShare(transport)
  if (chatter === null || mean === null) return ''
  const queue = (meanQueueMs(transport) ?? 0) / mean
  const lead = Math.abs(mean - p50) > SKEWED * p50 ? `${ofMean}its mean of ${milliseconds(mean)} ` : ofThat
  const waiting = queue >= QUEUE_MATTERS ? `${percent(queue)} is waiting for a slot and ` : ''
  return `${lead}${waiting}${percent(chatter)} is round trips${atMost(transport)}`
}

/** How much more it would be if a proxy answered the connects from which the round trip is known. */
function atMost({ rtt, turns, response, serverMs }: Measured): string {
  if (rtt?.source !== 'connect' || rtt.leastTurnMs === null) return ''
  if (turns.perMessage === null || response.mean === null || serverMs === null) return ''
  const hiddenMs = Math.min(serverMs, turns.perMessage * (rtt.leastTurnMs - rtt.medianMs))
  const share = hiddenMs / response.mean
  return share < PROXY_MATTERS ? '' : ` (up to ${percent(share)} more, should a proxy answer the connects)`
}

/** From this share of the response on, a round trip that may be hidden behind a proxy is named. */
const PROXY_MATTERS = 0.1

function intervalText(p50: Comparison, of = ''): string {
  return `95\u202f% interval${of} ${figure(p50.low)} to ${figure(p50.high)}${fewRounds(p50)}`
}

/** That an interval rests on few repetitions, which is why it is wide; '' where it does not. */
function fewRounds({ rounds }: Comparison): string {
  return rounds > 0 && rounds < FEW_ROUNDS ? `, from ${rounds} rounds only` : ''
}

function headline(fastest: Measured, { transport, p50 }: Other): string {
  const ratio = figure(transport.response.p50 / fastest.response.p50)
  const reach = p50 === null ? '' : ` (${intervalText(p50)})`
  return (
    `${fastest.name} takes ${milliseconds(fastest.response.p50)} a message, ` +
    `${transport.name} ${milliseconds(transport.response.p50)}: ${ratio} times as long${reach}` +
    `${timeShares(transport, ', and of that ', ', and of ')}.`
  )
}

/** Where the slowest messages tell the opposite of the median. */
function otherAtP95({ comparison }: RunRecord, fastest: Measured, against: readonly Measured[]): string {
  const ahead = against.filter((transport) => {
    const found = findComparison(comparison, transport.name, fastest.name, 'response.p95')
    return findingOf(found) === 'different' && found !== null && found.ratio < 1
  })
  if (ahead.length === 0) return ''
  const shown = ({ name, response }: Measured): string => `${name} ${milliseconds(response.p95 ?? 0)}`
  return `At p95 it is the other way round: ${shown(fastest)}, ${listed(ahead.map(shown))}.`
}

/** Where the one with the lower median gets less through; an open load has its rate from the plan. */
function otherInThroughput(
  { comparison }: RunRecord,
  fastest: Measured,
  against: readonly Measured[]
): string {
  const ahead = against.filter((transport) => {
    const found = findComparison(comparison, transport.name, fastest.name, 'throughput')
    const isOpen = transport.offeredRate !== null
    return !isOpen && findingOf(found) === 'different' && found !== null && found.ratio > 1
  })
  if (ahead.length === 0) return ''
  const shown = ({ name, throughput }: Measured): string => `${figure(throughput)} with ${name}`
  return `All the same, messages a second are ${shown(fastest)}, ${listed(ahead.map(shown))}.`
}

function besides(others: readonly Other[], fastest: Measured): string {
  const fromSlowest = others.toReversed()
  const firstGap = fromSlowest.find(({ finding }) => finding === 'different')
  const parts = fromSlowest.map((other) => {
    const { name, response } = other.transport
    switch (other.finding) {
      case 'different': {
        const ratio = figure(response.p50 / fastest.response.p50)
        return other === firstGap ? `with ${name} the gap is ${ratio} times` : `with ${name} ${ratio} times`
      }
      case 'level':
        return `with ${name} no difference is seen`
      case 'unclear':
        return `with ${name} one cannot tell`
      case 'overloaded':
        return `with ${name} nothing is compared, for a queue grew`
      case 'too-few-messages':
      case 'too-few-rounds':
        return `for ${name} there are ${missing(other.finding)}`
    }
  })
  const text = listed(parts)
  return text === '' ? '' : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

function missing(finding: 'too-few-messages' | 'too-few-rounds'): string {
  return finding === 'too-few-messages' ? 'too few messages to tell' : 'too few rounds to tell'
}

/** No transport can be told from the fastest: each kind of reason once, with the transports that it is about. */
function undecided(fastest: Measured, others: readonly Other[]): string {
  const shown = ({ name, response }: Measured): string => `${name} (${milliseconds(response.p50)})`
  const kinds = [...new Set(others.map(({ finding }) => finding))]
  return kinds
    .map((kind) => {
      const those = others.filter(({ finding }) => finding === kind)
      const names = those.map(({ transport }) => shown(transport))
      const from = `${shown(fastest)} from ${names.join(' or ')}`
      const [only] = those
      const p50 = only?.p50 ?? null
      const interval =
        p50 === null ? '' : those.length === 1 ? `, ${intervalText(p50, ' of their ratio')}` : fewRounds(p50)
      switch (kind) {
        case 'level':
          return `No difference seen between ${listed([shown(fastest), ...names])} a message at the median${interval}.`
        case 'unclear':
        case 'different':
          return `Cannot tell ${from} at the median${interval}.`
        case 'overloaded':
          return `A queue grew as long as the load went on: times do not tell ${from}.`
        case 'too-few-messages':
          return `Too few messages to tell ${from}.`
        case 'too-few-rounds':
          return `Too few rounds to tell ${from}: one or two do not show how much rounds vary.`
      }
    })
    .join(' ')
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

/** @param isContested tails or throughput say the opposite, so that the sentence is about medians alone */
function distance(fastest: Measured, rival: Measured, isContested: boolean): string {
  const sentence = distanceSentence(fastest, rival)
  return sentence === '' || !isContested ? sentence : `At the median: ${sentence}`
}
