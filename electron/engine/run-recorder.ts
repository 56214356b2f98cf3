import { holds, measuredValue, parseAssertion } from '../../shared/assertion.ts'
import { compareAll } from '../../shared/comparison.ts'
import type { Plan } from '../../shared/plan.ts'
import type {
  AssertRecord,
  Counts,
  Environment,
  RoundRecord,
  RunRecord,
  RunState,
  TransportRecord
} from '../../shared/run-record.ts'
import { verdict } from '../../shared/verdict.ts'
import type { Observed } from '../transports/client.ts'
import type { BlockEnd } from './block.ts'
import type { Delta } from './delta.ts'
import { findGeneratorLimit, limitReason } from './limits.ts'
import { offeredSends, pieceSeconds, ratePieces } from './pacer.ts'
import { mean, SecondTally, RunTally, Tally } from './tally.ts'

/** How long the values of a second are kept for workers that report late. */
const OPEN_SECONDS = 15

/** What is known of a run before its first send. */
export interface RunStart {
  id: string
  startedAt: string
  environment: Environment
  plan: Plan
  transports: TransportStart[]
}

export interface TransportStart {
  /** Emulated RTT, or null to go by the least connect time. */
  emulatedRttMs: number | null
  /** Least TCP connect time seen before the load, µs. */
  leastConnectUs: number
  observed: Observed | null
  settings: TransportRecord['settings']
  notes: string[]
}

interface BlockFacts {
  round: number
  opened: number
  scheduleOver: boolean
}

class TransportTally {
  readonly all = new RunTally()
  readonly rounds = new Map<number, Tally>()
  readonly seconds = new Map<number, SecondTally>()
  readonly blocks: BlockFacts[] = []
  readonly warmup: Counts = { sent: 0, accepted: 0, rejected: 0, failed: 0, aborted: 0 }
  readonly connections = { opened: 0, reused: 0, maxOpen: 0, closedByPeer: 0 }
  leastConnectUs: number
  leastTurnUs = Infinity
  observed: Observed | null
  eventLoopUtilization = 0
  noSlotSeconds = 0
  lateOnFreeSlot = 0
  unstarted = 0

  constructor(start: TransportStart) {
    this.leastConnectUs = start.leastConnectUs
    this.observed = start.observed
  }
}

/** Adds a run up from what its workers report; the same whether it is live or read back from a journal. */
export class RunRecorder {
  readonly #start: RunStart
  readonly #transports: TransportTally[]
  /** Facts about the run as a whole. */
  readonly #notes = new Set<string>()

  constructor(start: RunStart) {
    this.#start = start
    this.#transports = start.transports.map((transport) => new TransportTally(transport))
  }

  addDelta(delta: Delta): void {
    const transport = this.#at(delta.transport)
    transport.all.add(delta)
    entry(transport.rounds, delta.round, () => new Tally()).add(delta)
    entry(transport.seconds, delta.second, () => new SecondTally(delta.second)).add(delta)
    transport.seconds.get(delta.second - OPEN_SECONDS)?.close()
  }

  /** Takes in the end of one worker's part of a block. */
  addBlockEnd(index: number, round: number, end: BlockEnd): void {
    const transport = this.#at(index)
    const { stats } = end
    addCounts(transport.warmup, end.warmup)
    transport.blocks.push({ round, opened: stats.opened, scheduleOver: end.scheduleOver })
    transport.connections.opened += stats.opened
    transport.connections.reused += stats.reused
    transport.connections.closedByPeer += stats.closedByPeer
    transport.connections.maxOpen = Math.max(transport.connections.maxOpen, stats.maxOpen)
    transport.leastConnectUs = Math.min(transport.leastConnectUs, stats.leastConnectUs)
    transport.leastTurnUs = Math.min(transport.leastTurnUs, stats.leastTurnUs)
    transport.observed = end.observed ?? transport.observed
    transport.eventLoopUtilization = Math.max(transport.eventLoopUtilization, end.eventLoopUtilization)
    transport.noSlotSeconds += end.noSlotSeconds
    transport.lateOnFreeSlot += end.lateOnFreeSlot
    transport.unstarted += end.unstarted
  }

  /** Adds a fact that a reader of any transport's figures must know; the same one counts once. */
  note(text: string): void {
    this.#notes.add(text)
  }

  /** Counts of a transport so far. */
  counts(index: number): Counts {
    return this.#at(index).all.counts
  }

  /** Errors of all transports so far, most frequent first. */
  errors(): (ReturnType<RunTally['errors']>[number] & { transport: string })[] {
    return this.#transports
      .flatMap((transport, index) =>
        transport.all
          .errors()
          .map((error) => ({ ...error, transport: this.#start.plan.transports[index]?.name ?? '' }))
      )
      .sort((a, b) => b.count - a.count)
  }

  /** Timeline rows of every transport so far. */
  timelines(): { name: string; rows: TransportRecord['timeline'] }[] {
    return this.#transports.map((transport, index) => ({
      name: this.#start.plan.transports[index]?.name ?? '',
      rows: timelineRows(transport)
    }))
  }

  /** Whether any message was accepted, be it in a warm-up. */
  get hasAccepted(): boolean {
    return this.#transports.some(({ all, warmup }) => all.counts.accepted > 0 || warmup.accepted > 0)
  }

  record(state: RunState, finishedAt: string): RunRecord {
    const start = this.#start
    const transports = this.#transports.map((_, index) => this.transportRecord(index))
    const record: RunRecord = {
      schema: 1,
      id: start.id,
      name: start.plan.name,
      startedAt: start.startedAt,
      finishedAt,
      state,
      environment: start.environment,
      plan: start.plan,
      transports,
      comparison: compareAll(transports),
      verdict: '',
      asserts: start.plan.assert.map((text) => evaluate(text, transports))
    }
    return { ...record, verdict: verdict(record) }
  }

  /** The record of one transport so far. */
  transportRecord(index: number): TransportRecord {
    const tally = this.#at(index)
    const transport = this.#start.plan.transports[index]
    const start = this.#start.transports[index]
    if (transport === undefined || start === undefined) throw new RangeError(`no transport ${index}`)
    const rttMs = roundTripMs(tally, start)
    const scheduled = scheduledSeconds(this.#start.plan)
    let dueSeconds = 0
    const rounds = [...tally.rounds.entries()]
      .sort(([a], [b]) => a - b)
      .map(([round, part]): RoundRecord => {
        const blocks = tally.blocks.filter((block) => block.round === round)
        const isWhole = blocks.length > 0 && blocks.every(({ scheduleOver }) => scheduleOver)
        const durationSeconds = measuredSeconds(part, isWhole ? scheduled : null)
        dueSeconds += isWhole && scheduled !== null ? scheduled : durationSeconds
        return {
          round,
          startedMs: part.firstDueUs / 1000,
          connectionsOpened: sum(blocks.map((block) => block.opened)),
          ...measured(part, durationSeconds, rttMs)
        }
      })
    const durationSeconds = sum(rounds.map((round) => round.durationSeconds))
    const generatorLimit = findGeneratorLimit(
      tally.eventLoopUtilization,
      tally.lateOnFreeSlot,
      tally.all.counts.sent
    )
    const all = measured(tally.all, durationSeconds, rttMs)
    const offeredRate = offered(this.#start.plan)
    const noSlotShare =
      offeredRate === null || durationSeconds === 0
        ? null
        : Math.min(1, tally.noSlotSeconds / durationSeconds)
    const facts = {
      offeredRate,
      throughput: all.throughput,
      startedLate: tally.all.startedLate,
      noSlotShare,
      generatorLimited: generatorLimit !== null,
      throttled: tally.all.throttled
    }
    return {
      name: transport.name,
      protocol: transport.protocol,
      client: transport.client,
      ...all,
      ...facts,
      eventLoopUtilization: tally.eventLoopUtilization,
      limitReason: limitReason(
        { ...facts, dueRate: dueSeconds === 0 ? 0 : (all.counts.sent + tally.unstarted) / dueSeconds },
        generatorLimit
      ),
      phases: tally.all.phases(),
      connections: tally.connections,
      warmup: tally.warmup,
      settings: start.settings,
      observed: tally.observed,
      notes: [...start.notes, ...this.#notes, ...lateNotes(tally)],
      errors: tally.all.errors(),
      timeline: timelineRows(tally),
      serviceHistogram: tally.all.serviceHistogram(),
      rounds
    }
  }

  #at(index: number): TransportTally {
    const transport = this.#transports[index]
    if (transport === undefined) throw new RangeError(`no transport ${index}`)
    return transport
  }
}

type Measured = Omit<RoundRecord, 'round' | 'startedMs' | 'connectionsOpened'>

function measured(tally: Tally, durationSeconds: number, rttMs: number | null): Measured {
  const turns = tally.turnMeans()
  return {
    counts: tally.counts,
    durationSeconds,
    throughput: durationSeconds === 0 ? 0 : tally.counts.accepted / durationSeconds,
    response: tally.responseDistribution(),
    service: tally.serviceDistribution(),
    turns,
    rttMs,
    ...decompose(tally, turns.perMessage, rttMs),
    bytes: { out: tally.bytesOut, in: tally.bytesIn },
    histogram: tally.responseHistogram()
  }
}

/** Splits the mean service time into chatter, server and client time; what does not add up is the residual. */
function decompose(
  tally: Tally,
  turnsPerMessage: number | null,
  rttMs: number | null
): Pick<Measured, 'chatterMs' | 'serverMs' | 'clientMs' | 'residualMs'> {
  const serviceUs = mean(tally.serviceUs, tally.counts.accepted)
  const waitUs = mean(tally.waitUs, tally.counts.accepted)
  if (serviceUs === null || waitUs === null || turnsPerMessage === null || rttMs === null) {
    return { chatterMs: null, serverMs: null, clientMs: null, residualMs: null }
  }
  const [serviceMs, waitMs] = [serviceUs / 1000, waitUs / 1000]
  const chatterMs = turnsPerMessage * rttMs
  const serverMs = Math.max(0, waitMs - chatterMs)
  const clientMs = serviceMs - waitMs
  return { chatterMs, serverMs, clientMs, residualMs: serviceMs - chatterMs - serverMs - clientMs }
}

/** No round trip takes longer than the least connect, nor than the least wait for one reply. */
function roundTripMs(tally: TransportTally, start: TransportStart): number | null {
  if (start.emulatedRttMs !== null) return start.emulatedRttMs
  const leastUs = Math.min(tally.leastConnectUs, tally.leastTurnUs)
  return leastUs === Infinity ? null : leastUs / 1000
}

/**
 * Measured time of a round: from the first send due to the last outcome. An open load is measured over its schedule,
 * or for as long as outcomes came where the peer fell behind: counting from the first due to the last outcome would
 * charge the rate with a latency, which is none of its business.
 * @param scheduled length of the schedule, s; null when none was run to its end
 */
function measuredSeconds({ firstDueUs, firstDoneUs, lastDoneUs }: Tally, scheduled: number | null): number {
  if (scheduled === null) return Math.max(0, lastDoneUs - firstDueUs) / 1e6
  return Math.max(scheduled, (lastDoneUs - firstDoneUs) / 1e6)
}

/** Length of an open load's schedule in one round, s; null for a closed load. */
function scheduledSeconds({ load, rounds }: Plan): number | null {
  return load.model === 'closed' ? null : pieceSeconds(ratePieces(load, rounds))
}

function offered({ load, rounds }: Plan): number | null {
  if (load.model === 'closed') return null
  const pieces = ratePieces(load, rounds)
  return offeredSends(pieces) / pieceSeconds(pieces)
}

function lateNotes(tally: TransportTally): string[] {
  if (tally.unstarted === 0) return []
  return [
    `${tally.unstarted} sends came due but never got a slot before the run's end; they are in no other figure.`
  ]
}

function timelineRows(transport: TransportTally): TransportRecord['timeline'] {
  return [...transport.seconds.values()].sort((a, b) => a.second - b.second).map((second) => second.row())
}

function evaluate(text: string, transports: readonly TransportRecord[]): AssertRecord {
  const assertion = parseAssertion(text)
  if (!assertion.ok) return { text, pass: false, value: null }
  const { transport, field } = assertion.value
  const record = transports.find(({ name }) => name === transport)
  const value = record === undefined ? null : measuredValue(field, record)
  return { text, pass: holds(assertion.value, value), value }
}

function addCounts(target: Counts, counts: Counts): void {
  target.sent += counts.sent
  target.accepted += counts.accepted
  target.rejected += counts.rejected
  target.failed += counts.failed
  target.aborted += counts.aborted
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
