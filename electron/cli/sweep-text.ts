import {
  findingWords,
  fittedMs,
  saturationSentence,
  turnsInterval
} from '../../shared/insight/sweep-words.ts'
import { LEAST_RTT_MS } from '../../shared/insight/size-rounds.ts'
import { valueWords } from '../../shared/insight/assertion.ts'
import { bytes, figure, milliseconds } from '../../shared/text/format.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import type { SweepRecord, SweepTransport } from '../../shared/record/sweep-record.ts'
import { bold, paragraph, textTable } from './output.ts'

/** A sweep for reading in a terminal. */
export function sweepText(name: string, record: SweepRecord): string {
  const points = record.transports[0]?.points ?? []
  const distances = new Set(points.map(({ rttMs }) => rttMs))
  const isOverSizes = points.some(({ sizeBytes }) => sizeBytes !== null)
  return isOverSizes && distances.size === 1 ? sizesText(name, record) : distancesText(name, record)
}

/** Sizes at one distance: there is no line, and nothing is said of one. */
function sizesText(name: string, { transports }: SweepRecord): string {
  const points = transports[0]?.points ?? []
  const rttMs = points[0]?.rttMs ?? 0
  const header = [
    'transport',
    'turns counted',
    'RTT ms',
    ...points.map(({ sizeBytes }) => `p50 at ${bytes(sizeBytes ?? 0)}`)
  ]
  const rows = transports.map((transport) => [
    transport.name,
    cell(transport.turnsCounted, figure),
    cell(transport.sizes[0]?.rttMs ?? null, figure),
    ...transport.points.map(({ serviceP50 }) => cell(serviceP50, figure))
  ])
  return [
    bold(`${name}: service time over size${rttMs > 0 ? `, RTT ${milliseconds(rttMs)} emulated` : ''}`),
    textTable(header, rows),
    ...overSizes(transports)
  ].join('\n\n')
}

function distancesText(name: string, { transports }: SweepRecord): string {
  const points = transports[0]?.points ?? []
  const isMean = transports.some((transport) => transport.statistic === 'mean')
  const statistic = isMean ? 'ms' : 'p50'
  const header = [
    'transport',
    'turns counted',
    'fitted',
    '95 % interval',
    '',
    'intercept ms',
    'R²',
    ...points.map(
      ({ rttMs, sizeBytes, place }) =>
        `${statistic} at ${place ?? `${rttMs} ms`}${sizeBytes === null ? '' : `, ${bytes(sizeBytes)}`}`
    )
  ]
  const rows = transports.map((transport) => [
    transport.name,
    cell(transport.turnsCounted, figure),
    cell(transport.turnsFitted, (turns) => turns.toFixed(2)),
    turnsInterval(transport) ?? '-',
    findingWords(transport.finding),
    cell(transport.interceptMs, figure),
    cell(transport.r2, (r2) => r2.toFixed(5)),
    ...transport.points.map((point) => cell(fittedMs(transport, point), figure))
  ])
  return [
    bold(`${name}: service time over round-trip time`),
    textTable(header, rows, ['95 % interval', '']),
    paragraph(
      points.some(({ place }) => place !== undefined)
        ? 'The slope of the line through the places is the turns that were measured; its height where the round trip is 0 is server plus client time. Distances are real: they know nothing of how the client counts.'
        : 'The slope of the line through the points is the turns that were measured; its height where the whole round trip is 0 is server plus client time. The emulated link and the client share one idea of how a connection opens: that their turns agree shows that none was missed, not that the idea is right. A real distance and the packets on the wire (tshark) are the witnesses that know nothing of it.'
    ),
    ...overSizes(transports),
    ...transports.flatMap((transport) => saturationSentence(transport) ?? []).map((text) => paragraph(text))
  ].join('\n\n')
}

/** Rounds of TCP's window over sizes, fitted beside modelled. */
function overSizes(transports: readonly SweepTransport[]): string[] {
  const sizes = transports[0]?.sizes ?? []
  if (sizes.length === 0) return []
  const isFitted = transports.some((transport) =>
    transport.sizes.some(({ roundsFitted }) => roundsFitted !== null)
  )
  if (!isFitted) {
    return [
      paragraph(
        `No round trip of at least ${LEAST_RTT_MS} ms was measured, in which rounds of TCP’s window could be counted; --rtt 20,60 emulates distances at which they show.`
      )
    ]
  }
  const rows = transports.map((transport) => [
    transport.name,
    ...transport.sizes.map(
      ({ roundsFitted, roundsModelled }) =>
        `${cell(roundsFitted, (rounds) => rounds.toFixed(2))} (${cell(roundsModelled, (rounds) => rounds.toFixed(2))})`
    )
  ])
  const isSlope = transports.every((transport) => transport.sizes.every(({ rttMs }) => rttMs === null))
  return [
    textTable(['round trips beyond the smallest', ...sizes.map(({ sizeBytes }) => bytes(sizeBytes))], rows),
    paragraph(
      `${isSlope ? 'The slope of the extra time over the round-trip time: what is the same at every distance is not in it, server time and the rounds on a peer’s own way, behind which those of a shorter emulated one may hide.' : 'The extra time over the round trip as measured.'} In brackets what TCP’s window should take. What exceeds one flight, 10 segments on a new connection, takes a round trip for each doubling: it is neither a turn nor the server’s, and PIPELINING cannot help it. A kept connection has its window open already.`
    )
  ]
}

/** A line for each transport and RTT whose figures need care: not all was accepted, or this machine was the limit. */
export function troubles(runs: readonly RunRecord[]): string[] {
  return runs.flatMap(({ plan, transports }) => [
    ...transports
      .filter(({ generatorLimited }) => generatorLimited)
      .map(({ name, limitReason }) => `${name} at ${plan.emulate.rttMs} ms: ${limitReason ?? ''}`),
    ...transports
      .filter(({ counts }) => counts.accepted < counts.sent)
      .map(({ name, counts, errors }) => {
        const [error] = errors
        const why = error === undefined ? '' : `, most often ${error.class} ${error.code}: ${error.sample}`
        return `${name} at ${plan.emulate.rttMs} ms: ${counts.accepted} of ${counts.sent} were accepted${why}`
      })
  ])
}

/** A line for each assertion of the plan that a run of the sweep did not keep. */
export function brokenAssertions(runs: readonly RunRecord[]): string[] {
  return runs.flatMap(({ plan, asserts }) =>
    asserts
      .filter(({ pass }) => !pass)
      .map(
        ({ text, value }) =>
          `assertion failed at ${plan.emulate.rttMs} ms and ${bytes(plan.message.sizeBytes)}: ${text} (${valueWords(value)})`
      )
  )
}

function cell(value: number | null, text: (value: number) => string): string {
  return value === null ? '-' : text(value)
}
