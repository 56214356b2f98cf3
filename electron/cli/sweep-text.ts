import {
  findingWords,
  fittedMs,
  saturationSentence,
  turnsInterval
} from '../../shared/insight/sweep-words.ts'
import { valueWords } from '../../shared/insight/assertion.ts'
import { bytes, figure } from '../../shared/text/format.ts'
import type { RunRecord } from '../../shared/record/run-record.ts'
import type { SweepRecord, SweepTransport } from '../../shared/record/sweep-record.ts'
import { bold, paragraph, textTable } from './output.ts'

/** A sweep for reading in a terminal. */
export function sweepText(name: string, { transports }: SweepRecord): string {
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
  const rows = transports.map((transport) => [
    transport.name,
    ...transport.sizes.map(
      ({ roundsFitted, roundsModelled }) =>
        `${cell(roundsFitted, (rounds) => rounds.toFixed(2))} (${cell(roundsModelled, (rounds) => rounds.toFixed(2))})`
    )
  ])
  return [
    textTable(['round trips beyond the smallest', ...sizes.map(({ sizeBytes }) => bytes(sizeBytes))], rows),
    paragraph(
      'In brackets what TCP’s window should take. What exceeds one flight, 10 segments on a new connection, takes a round trip for each doubling: it is neither a turn nor the server’s, and PIPELINING cannot help it. A kept connection has its window open already.'
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
