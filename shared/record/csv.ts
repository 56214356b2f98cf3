import { visibleLines } from '../text/visible.ts'
import type { CapacityRecord } from './capacity-record.ts'
import type { PlaceFigures, RunRecord, TransportRecord, RoundRecord } from './run-record.ts'
import type { SweepRecord } from './sweep-record.ts'
import type { Outcome } from './words.ts'

/** RFC 4180: lines end in CRLF, the last one too. */
const LINE_END = '\r\n'

export const SUMMARY_HEADER =
  'run,transport,protocol,client,round,sent,accepted,rejected,failed,aborted,duration_s,throughput_per_s,response_min_ms,response_mean_ms,response_p50_ms,response_p90_ms,response_p95_ms,response_p99_ms,response_p999_ms,response_max_ms,service_p50_ms,service_p99_ms,turns_per_message,rtt_ms,chatter_ms,server_ms,client_ms,connections_opened,bytes_out,bytes_in,transfer_ms,retransmits,lookup_ms,place'
const PHASES_HEADER = 'run,transport,phase,count,mean_ms,p50_ms,p99_ms,turns'
const TIMELINE_HEADER =
  'run,transport,second,accepted,rejected,failed,response_p50_ms,response_p99_ms,measured_s'
const ERRORS_HEADER = 'run,transport,class,code,phase,count,sample'
const DELIVERIES_HEADER =
  'transport,seq,accepted_ms,arrived_ms,delivery_ms,resolution_ms,copies,folder,round,internaldate_ms'
export const SWEEP_HEADER =
  'transport,rtt_ms,n,response_p50_ms,service_p50_ms,turns_counted,turns_fitted,intercept_ms,r2,size_bytes,place'
const CAPACITY_HEADER =
  'transport,rate_per_s,seconds,achieved_per_s,response_p50_ms,response_p99_ms,rejected,failed,pass,purpose,repeat,attempt,throttled,limit,spoiled,reason,gave_out'

/** A number is written as JSON writes it, so that tables and records agree to the last digit; null is an empty cell. */
type Cell = string | number | boolean | null

/** What may begin a formula, in full width too, behind any white space or invisible character that a spreadsheet drops. */
const FORMULA = /^[\s\u00ad\ufffd]*[=+\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212]|^[\t\r\n]/

/** Text that a spreadsheet would take for a formula gets an apostrophe before it; text with separators gets quotes. */
export function textCell(raw: string): string {
  const text = visibleLines(raw)
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function line(cells: readonly Cell[]): string {
  return cells.map((cell) => (typeof cell === 'string' ? textCell(cell) : String(cell ?? ''))).join(',')
}

function table(header: string, rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows.map(line)].join(LINE_END) + LINE_END
}

/** `summary.csv`: a row for each round of a transport, one for all of its rounds, then one for each place. */
export function summaryCsv(record: RunRecord): string {
  return table(
    SUMMARY_HEADER,
    record.transports.flatMap((transport) => [
      ...transport.rounds.map((round) =>
        summaryRow(record.id, transport, round, round.round, round.connectionsOpened)
      ),
      summaryRow(record.id, transport, transport, 'all', transport.connections.opened),
      ...transport.places.map((part) =>
        summaryRow(record.id, transport, part, 'all', part.connectionsOpened, part.place)
      )
    ])
  )
}

function summaryRow(
  run: string,
  { name, protocol, client }: TransportRecord,
  measured: TransportRecord | RoundRecord | PlaceFigures,
  round: number | 'all',
  connectionsOpened: number,
  place = 'all'
): Cell[] {
  const { counts, response, service } = measured
  return [
    ...[run, name, protocol, client, round],
    ...[counts.sent, counts.accepted, counts.rejected, counts.failed, counts.aborted],
    ...[measured.durationSeconds, measured.throughput],
    ...[response.min, response.mean, response.p50, response.p90, response.p95, response.p99],
    ...[response.p999, response.max, service.p50, service.p99],
    ...[measured.turns.perMessage, measured.rttMs, measured.chatterMs, measured.serverMs, measured.clientMs],
    ...[connectionsOpened, measured.bytes.out, measured.bytes.in],
    ...[measured.transferMs, measured.retransmits, measured.lookupMs, place]
  ]
}

/** `phases.csv`: a row for each phase that a transport's sends went through. */
export function phasesCsv(record: RunRecord): string {
  return table(
    PHASES_HEADER,
    record.transports.flatMap(({ name, phases }) =>
      phases.map((phase) => [
        ...[record.id, name, phase.name, phase.count],
        ...[phase.meanMs, phase.p50, phase.p99, phase.turns]
      ])
    )
  )
}

/** `timeline.csv`: a row for each second in which a transport was measured. */
export function timelineCsv(record: RunRecord): string {
  return table(
    TIMELINE_HEADER,
    record.transports.flatMap(({ name, timeline }) =>
      timeline.map((row) => [
        ...[record.id, name, row.second, row.accepted, row.rejected, row.failed],
        ...[row.p50, row.p99, row.measuredSeconds]
      ])
    )
  )
}

/** `errors.csv`: a row for each kind of error, with one sample of what the peer said. */
export function errorsCsv(record: RunRecord): string {
  return table(
    ERRORS_HEADER,
    record.transports.flatMap(({ name, errors }) =>
      errors.map((error) => [
        ...[record.id, name, error.class, error.code, error.phase, error.count, error.sample]
      ])
    )
  )
}

/** What is kept of a send, in order; `sends.csv` is made from these. Times are µs since the run's first send. */
export const SEND_COLUMNS = [
  ...(['round', 'seq', 'connection', 'reused', 'intendedUs', 'startedUs', 'doneUs', 'turns'] as const),
  ...(['outcome', 'code', 'bytesOut', 'bytesIn', 'transferUs', 'retransmits'] as const)
] as const satisfies readonly ('round' | keyof SendRow)[]

/** The place of each of them in a row. */
export const SEND_AT = Object.fromEntries(SEND_COLUMNS.map((name, at) => [name, at])) as Readonly<
  Record<(typeof SEND_COLUMNS)[number], number>
>

export const SENDS_HEADER = ['transport', ...SEND_COLUMNS]
  .map((name) => name.replace(/Us$/, 'Ms').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
  .join()
  .replace('done_ms', 'done_ms,response_ms,service_ms')

/** One send as `sends.csv` shows it. Times are µs; `intendedUs` to `doneUs` count from the run's first send. */
export interface SendRow {
  seq: number
  connection: number
  reused: boolean
  intendedUs: number
  startedUs: number
  doneUs: number
  turns: number
  outcome: Outcome
  code: string
  bytesOut: number
  bytesIn: number
  /** What the content took to leave beyond its first flight. */
  transferUs: number
  retransmits: number
}

/**
 * One line of `sends.csv`, its end included; called for every send, so nothing but the code is checked.
 * @param prefix from {@link sendsPrefix}, the same for all sends of a round
 */
export function sendsLine(prefix: string, send: SendRow): string {
  return `${prefix}${send.seq},${send.connection},${send.reused},${ms(send.intendedUs)},${ms(send.startedUs)},${ms(send.doneUs)},${ms(send.doneUs - send.intendedUs)},${ms(send.doneUs - send.startedUs)},${send.turns},${send.outcome},${textCell(send.code)},${send.bytesOut},${send.bytesIn},${ms(send.transferUs)},${send.retransmits}${LINE_END}`
}

/** One accepted message as `deliveries.csv` shows it. Times are µs since the run's first send. */
export interface DeliveryRow {
  transport: string
  round: number
  seq: number
  acceptedUs: number
  /** When it was known to have arrived; null where it did not by the deadline, or not yet. */
  arrivedUs: number | null
  /** How much sooner it may have arrived. */
  resolutionUs: number
  copies: number
  folder: 'inbox' | 'junk' | null
  /** When the mailbox's server says it took it (INTERNALDATE), by its own clock; null where there is none. */
  serverDateUs: number | null
}

/** `deliveries.csv`: a row for each accepted message; one that did not arrive has no time. */
export function deliveriesCsv(rows: readonly DeliveryRow[]): string {
  return table(
    DELIVERIES_HEADER,
    rows.map((row) => [
      ...[row.transport, row.seq, ms(row.acceptedUs), row.arrivedUs === null ? null : ms(row.arrivedUs)],
      ...(row.arrivedUs === null ? [null, null] : [ms(row.arrivedUs - row.acceptedUs), ms(row.resolutionUs)]),
      ...[row.copies, row.folder, row.round, row.serverDateUs === null ? null : ms(row.serverDateUs)]
    ])
  )
}

/** First cells of each line of a transport's round. */
export function sendsPrefix(transport: string, round: number): string {
  return `${textCell(transport)},${round},`
}

/** Ms to the µs. */
function ms(us: number): number {
  return Math.round(us) / 1000
}

/** `sweep.csv`: a row for each transport and RTT; the fit is repeated on every row of its transport. */
export function sweepCsv(record: SweepRecord): string {
  return table(
    SWEEP_HEADER,
    record.transports.flatMap(({ name, turnsCounted, turnsFitted, interceptMs, r2, points }) =>
      points.map((point) => [
        ...[name, point.rttMs, point.n, point.p50, point.serviceP50],
        ...[turnsCounted, turnsFitted, interceptMs, r2, point.sizeBytes, point.place ?? null]
      ])
    )
  )
}

/** `capacity.csv`: a row for each step of the search. */
export function capacityCsv(record: CapacityRecord): string {
  return table(
    CAPACITY_HEADER,
    record.transports.flatMap(({ name, steps }) =>
      steps.map((step) => [
        ...[name, step.rate, step.seconds, step.achieved, step.p50, step.p99],
        ...[step.rejected, step.failed, step.pass],
        ...[
          step.purpose,
          step.repeat,
          step.attempt,
          step.throttled,
          step.limit,
          step.spoiled !== null,
          step.reason,
          (step.gaveOut ?? []).join(' ')
        ]
      ])
    )
  )
}
