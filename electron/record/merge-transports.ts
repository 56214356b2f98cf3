import { addErrors, errorKind } from '../../shared/record/error-sum.ts'
import { distribution, encodeHistogram, percentileMs } from '../../shared/record/histogram.ts'
import {
  placeFiguresSchema,
  type Counts,
  type ErrorRecord,
  type LoadedRtt,
  type PhaseRecord,
  type PlaceFigures,
  type RoundRecord,
  type RttRecord,
  type TcpRecord,
  type TimelineRow,
  type TransportRecord
} from '../../shared/record/run-record.ts'
import { PHASE_INDEX } from '../../shared/record/words.ts'
import { sum } from '../../shared/insight/statistics.ts'
import { ratePerSecond } from '../../shared/insight/timeline-rate.ts'
import { addCounts, noCounts } from './counts.ts'
import { mergedDeliveryNotes, mergeDeliveries } from './merge-deliveries.ts'
import { addKnown, chooseKnown, mergeTexts, weighted, type Whole } from './merged-figures.ts'

/** What one place measured of a transport. */
export interface PlacePart {
  place: string
  record: TransportRecord
}

/** What a round and a whole transport have in common. */
type Measured = Pick<RoundRecord, keyof RoundRecord & keyof TransportRecord>

/**
 * One transport over several places: counts are added, histograms merge bucket by bucket, and means are weighted by
 * accepted sends, so that chatter is the sum over places of turns x RTT. Rates of places that sent at the same time
 * add up. A second that only one place measured keeps its percentiles in the timeline; others need the values.
 * @throws {RangeError} without a part
 */
export function mergeTransports(parts: readonly PlacePart[]): TransportRecord {
  const records = parts.map(({ record }) => record)
  const [first] = records
  if (first === undefined) throw new RangeError('nothing to merge')
  const deliveries = records.flatMap(({ delivery }) => delivery ?? [])
  const sent = ({ counts }: TransportRecord): number => counts.sent
  const merged: Whole<TransportRecord> = {
    ...mergeMeasured(records),
    // All of them ran one plan: the transport and its settings are the same.
    name: first.name,
    protocol: first.protocol,
    client: first.client,
    settings: first.settings,
    offeredRate: addKnown(records.map(({ offeredRate }) => offeredRate)),
    dueRate: addKnown(records.map(({ dueRate }) => dueRate)),
    backlogAtEnd: addKnown(records.map(({ backlogAtEnd }) => backlogAtEnd)),
    startedLate: sum(records.map(({ startedLate }) => startedLate)),
    noSlotShare: weighted(records, ({ noSlotShare }) => noSlotShare, sent),
    generatorLimited: records.some(({ generatorLimited }) => generatorLimited),
    cpuWaitMs: chooseKnown(Math.max, records, ({ cpuWaitMs }) => cpuWaitMs),
    eventLoopUtilization: Math.max(...records.map(({ eventLoopUtilization }) => eventLoopUtilization)),
    limitReason: joined(parts),
    phases: mergePhases(records),
    connections: mergeConnections(records.map(({ connections }) => connections)),
    // The slowest of the whole are not those of its parts.
    tail: parts.length === 1 ? first.tail : null,
    tcp: mergeTcp(records.flatMap(({ tcp }) => tcp ?? [])),
    rtt: mergeRtts(records.flatMap(({ rtt }) => rtt ?? [])),
    loadedRtt: mergeLoadedRtts(records.flatMap(({ loadedRtt }) => loadedRtt ?? [])),
    throttled: sum(records.map(({ throttled }) => throttled)),
    warmup: sumCounts(records.map(({ warmup }) => warmup)),
    observed: records.find(({ observed }) => observed !== null)?.observed ?? null,
    notes: [...new Set([...records.flatMap(({ notes }) => notes), ...mergedDeliveryNotes(deliveries)])],
    gaps: records.some(({ gaps }) => gaps) ? records.flatMap(({ gaps }) => gaps ?? []) : undefined,
    delivery: mergeDeliveries(deliveries),
    errors: mergeErrors(records),
    timeline: mergeTimelines(records),
    rounds: mergeRounds(records),
    places: parts.map(({ place, record }) => figuresOf(place, record))
  }
  return merged
}

/** A transport's figures as one place's row beside the whole. */
function figuresOf(place: string, record: TransportRecord): PlaceFigures {
  return placeFiguresSchema.parse({ ...record, place, connectionsOpened: record.connections.opened })
}

function mergeMeasured(parts: readonly Measured[]): Measured & { serviceHistogram: string } {
  const response = mergeTexts(parts.map(({ histogram }) => histogram))
  const service = mergeTexts(parts.flatMap(({ serviceHistogram }) => serviceHistogram ?? []))
  const accepted = ({ counts }: Measured): number => counts.accepted
  const mean = (read: (part: Measured) => number | null): number | null => weighted(parts, read, accepted)
  const turnsOf = (part: Measured): number => (part.turns.perMessage ?? 0) * accepted(part)
  const cold = (part: Measured): number => part.turns.coldCount ?? 0
  const warm = (part: Measured): number => accepted(part) - cold(part)
  const merged: Whole<Measured> & { serviceHistogram: string } = {
    counts: sumCounts(parts.map(({ counts }) => counts)),
    response: distribution(response),
    service: distribution(service),
    histogram: encodeHistogram(response),
    serviceHistogram: encodeHistogram(service),
    durationSeconds: Math.max(...parts.map(({ durationSeconds }) => durationSeconds)),
    throughput: sum(parts.map(({ throughput }) => throughput)),
    turns: {
      perMessage: mean(({ turns }) => turns.perMessage),
      cold: weighted(parts, ({ turns }) => turns.cold, cold),
      warm: weighted(parts, ({ turns }) => turns.warm, warm),
      coldCount: sum(parts.map(cold))
    },
    rttMs: weighted(parts, ({ rttMs }) => rttMs, turnsOf),
    queueMs: mean(({ queueMs }) => queueMs),
    lookupMs: mean(({ lookupMs }) => lookupMs),
    chatterMs: mean(({ chatterMs }) => chatterMs),
    transferMs: mean(({ transferMs }) => transferMs),
    serverMs: mean(({ serverMs }) => serverMs),
    clientMs: mean(({ clientMs }) => clientMs),
    residualMs: mean(({ residualMs }) => residualMs),
    retransmits: addKnown(parts.map(({ retransmits }) => retransmits)),
    bytes: { out: sum(parts.map(({ bytes }) => bytes.out)), in: sum(parts.map(({ bytes }) => bytes.in)) }
  }
  return merged
}

function mergeConnections(parts: readonly TransportRecord['connections'][]): TransportRecord['connections'] {
  return {
    opened: sum(parts.map(({ opened }) => opened)),
    reused: sum(parts.map(({ reused }) => reused)),
    maxOpen: sum(parts.map(({ maxOpen }) => maxOpen)),
    closedByPeer: sum(parts.map(({ closedByPeer }) => closedByPeer)),
    resent: sum(parts.map(({ resent }) => resent))
  }
}

/** Rounds of one number ran at one time. */
function mergeRounds(records: readonly TransportRecord[]): RoundRecord[] {
  const numbers = [...new Set(records.flatMap(({ rounds }) => rounds.map(({ round }) => round)))]
  return numbers
    .sort((a, b) => a - b)
    .map((number): Whole<RoundRecord> => {
      const rounds = records.flatMap((record) => record.rounds.filter(({ round }) => round === number))
      return {
        ...mergeMeasured(rounds),
        round: number,
        startedMs: Math.min(...rounds.map(({ startedMs }) => startedMs)),
        connectionsOpened: sum(rounds.map(({ connectionsOpened }) => connectionsOpened))
      }
    })
}

function mergePhases(records: readonly TransportRecord[]): PhaseRecord[] {
  const all = records.flatMap(({ phases }) => phases)
  return [...Map.groupBy(all, ({ name }) => name)]
    .sort(([a], [b]) => PHASE_INDEX[a] - PHASE_INDEX[b])
    .map(([name, phases]): Whole<PhaseRecord> => {
      const times = mergeTexts(phases.flatMap(({ histogram }) => histogram ?? []))
      const count = ({ count }: PhaseRecord): number => count
      return {
        name,
        count: sum(phases.map(count)),
        meanMs: weighted(phases, ({ meanMs }) => meanMs, count) ?? 0,
        p50: percentileMs(times, 50) ?? 0,
        p99: percentileMs(times, 99) ?? 0,
        turns: weighted(phases, ({ turns }) => turns, count) ?? 0,
        histogram: encodeHistogram(times)
      }
    })
}

/** Most frequent first. */
function mergeErrors(records: readonly TransportRecord[]): ErrorRecord[] {
  const merged = new Map<string, ErrorRecord>()
  for (const error of records.flatMap(({ errors }) => errors)) {
    const key = errorKind(error)
    const known = merged.get(key)
    merged.set(key, known === undefined ? error : addErrors(known, error))
  }
  return [...merged.values()].sort((a, b) => b.count - a.count)
}

function mergeTimelines(records: readonly TransportRecord[]): TimelineRow[] {
  const rows = records.flatMap(({ timeline }) => timeline)
  return [...Map.groupBy(rows, ({ second }) => second).values()]
    .flatMap((same) => (same.length === 1 ? same : mergeSecond(same)))
    .sort((a, b) => a.second - b.second)
}

function mergeSecond(rows: readonly TimelineRow[]): Whole<TimelineRow> {
  const accepted = sum(rows.map((row) => row.accepted))
  const rate = sum(rows.map((row) => ratePerSecond(row) ?? 0))
  const longest = Math.max(...rows.map(({ measuredSeconds }) => measuredSeconds))
  return {
    second: rows[0]?.second ?? 0,
    // What was accepted, divided by it, is the sum of the places' rates.
    measuredSeconds: rate === 0 ? longest : Math.min(1, accepted / rate),
    accepted,
    rejected: sum(rows.map(({ rejected }) => rejected)),
    failed: sum(rows.map(({ failed }) => failed)),
    aborted: sum(rows.map(({ aborted }) => aborted)),
    p50: null,
    p99: null
  }
}

function mergeTcp(parts: readonly TcpRecord[]): TcpRecord | null {
  if (parts.length === 0) return null
  const algorithms = new Set(parts.flatMap(({ congestionControl }) => congestionControl ?? []))
  const windows = parts.flatMap(({ windowSegments }) => windowSegments ?? [])
  const merged: Whole<TcpRecord> = {
    source: parts.every(({ source }) => source === 'kernel') ? 'kernel' : 'model',
    minRttMs: chooseKnown(Math.min, parts, ({ minRttMs }) => minRttMs),
    retransmits: addKnown(parts.map(({ retransmits }) => retransmits)),
    sendsWithRetransmit: addKnown(parts.map(({ sendsWithRetransmit }) => sendsWithRetransmit)),
    congestionControl: algorithms.size === 0 ? null : [...algorithms].join(', '),
    // Each way has a window of its own.
    windowSegments: windows.length === 1 ? (windows[0] ?? null) : null,
    delayedAck: mergeDelayedAcks(parts.flatMap(({ delayedAck }) => delayedAck ?? [])),
    receiveWindow: mergeWaits(parts.flatMap(({ receiveWindow }) => receiveWindow ?? []))
  }
  return merged
}

/** The least of either, and the typical ones weighted by what was measured; an emulated one is the same everywhere. */
function mergeRtts(parts: readonly RttRecord[]): RttRecord | null {
  const [first] = parts
  if (first === undefined) return null
  const samples = (part: RttRecord): number => part.samples
  return {
    leastMs: Math.min(...parts.map(({ leastMs }) => leastMs)),
    medianMs: weighted(parts, ({ medianMs }) => medianMs, samples) ?? first.medianMs,
    leastTurnMs: chooseKnown(Math.min, parts, ({ leastTurnMs }) => leastTurnMs),
    samples: sum(parts.map(samples)),
    source: parts.some(({ source }) => source === 'connect') ? 'connect' : first.source
  }
}

/** Each place has its own round trip: means weighted by what was measured, and the greatest of all. */
function mergeLoadedRtts(parts: readonly LoadedRtt[]): LoadedRtt | null {
  const samples = sum(parts.map((part) => part.samples))
  const mean = (read: (part: LoadedRtt) => number): number =>
    weighted(parts, read, (part) => part.samples) ?? 0
  if (samples === 0) return null
  return {
    idleMs: mean(({ idleMs }) => idleMs),
    medianMs: mean(({ medianMs }) => medianMs),
    meanMs: mean(({ meanMs }) => meanMs),
    greatestMs: Math.max(...parts.map(({ greatestMs }) => greatestMs)),
    samples
  }
}

function mergeDelayedAcks(parts: readonly NonNullable<TcpRecord['delayedAck']>[]): TcpRecord['delayedAck'] {
  const [first] = parts
  const merged = mergeWaits(parts)
  return first === undefined || merged === null ? null : { phase: first.phase, ...merged }
}

function mergeWaits(parts: readonly NonNullable<TcpRecord['receiveWindow']>[]): TcpRecord['receiveWindow'] {
  if (parts.length === 0) return null
  const waits = sum(parts.map((part) => part.waits))
  return { waits, meanMs: sum(parts.map((part) => part.waits * part.meanMs)) / waits }
}

function joined(parts: readonly PlacePart[]): string | null {
  const reasons = parts.flatMap(({ place, record }) =>
    record.limitReason === null ? [] : [`${place}: ${record.limitReason}`]
  )
  return reasons.length === 0 ? null : reasons.join(' ')
}

function sumCounts(parts: readonly Counts[]): Counts {
  const counts = noCounts()
  for (const part of parts) addCounts(counts, part)
  return counts
}
