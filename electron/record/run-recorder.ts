import { networkUnderLoad } from '../../shared/insight/loaded-rtt.ts'
import { sum } from '../../shared/insight/statistics.ts'
import type { ErrorOf, RoundSoFar, TimelineSoFar } from '../../shared/record/snapshot.ts'
import type { Plan } from '../../shared/plan/plan.ts'
import { offeredSends, pieceSeconds, ratePieces } from '../../shared/plan/rate-pieces.ts'
import { percentileMs } from '../../shared/record/histogram.ts'
import type {
  Counts,
  RoundRecord,
  RttRecord,
  RunRecord,
  RunState,
  TransportRecord
} from '../../shared/record/run-record.ts'
import { isEmulated } from '../transports/link-network.ts'
import type { BlockEnd } from './block-end.ts'
import { composeRecord } from './compose-record.ts'
import { DeliveryBook } from './delivery-book.ts'
import type { Delta } from './delta.ts'
import { chatterRttMs, laneSeconds, measured, measuredSeconds, turnMs } from './figures.ts'
import { findGeneratorLimit, limitReason } from './limits.ts'
import { loadedRttOf } from './loaded-rtt.ts'
import { roundTrip } from './round-trip.ts'
import { figureNotes } from './run-notes.ts'
import type { RunStart, TransportStart } from './run-start.ts'
import { TransportTally } from './transport-tally.ts'

/** Adds a run up from what its workers report; the same whether it is live or read back from a journal. */
export class RunRecorder {
  readonly #start: RunStart
  readonly #transports: TransportTally[]
  /** What arrived; null where the plan does not ask. */
  readonly deliveries: DeliveryBook | null
  /** Facts about the run as a whole. */
  readonly #notes = new Set<string>()

  constructor(start: RunStart) {
    this.#start = start
    this.#transports = start.transports.map((transport) => new TransportTally(transport))
    const { delivery } = start.plan
    this.deliveries = delivery === undefined ? null : new DeliveryBook(delivery, start.transports.length)
  }

  addDelta(delta: Delta): void {
    this.#at(delta.transport).addDelta(delta)
  }

  /** Takes in the end of one worker's part of a block. */
  addBlockEnd(index: number, round: number, end: BlockEnd): void {
    this.#at(index).addBlockEnd(round, end)
  }

  /** Takes in that a place fell silent in a block; a run of this machine alone has no places to lose. */
  addLoss(_place: number, _transport: number, _round: number): void {
    throw new RangeError('a run without places lost one')
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
  errors(): ErrorOf[] {
    return this.#transports
      .flatMap((transport, index) =>
        transport.all
          .errors()
          .map((error) => ({ ...error, transport: this.#start.plan.transports[index]?.name ?? '' }))
      )
      .sort((a, b) => b.count - a.count)
  }

  /** Timeline rows of every transport so far. */
  timelines(): TimelineSoFar[] {
    return this.#transports.map((transport, index) => ({
      name: this.#start.plan.transports[index]?.name ?? '',
      rows: transport.timeline(),
      rounds: [...transport.rounds].map(([round, { firstDueUs }]) => ({
        round,
        startedMs: firstDueUs / 1000
      }))
    }))
  }

  /** What a transport has measured in its latest round; null before its first. */
  roundSoFar(index: number): RoundSoFar | null {
    const [round, tally] = [...this.#at(index).rounds.entries()].at(-1) ?? []
    if (round === undefined || tally === undefined) return null
    const seconds = (tally.lastDoneUs - tally.firstDueUs) / 1e6
    return {
      round,
      startedMs: tally.firstDueUs / 1000,
      counts: { ...tally.counts },
      ratePerSecond: seconds > 0 ? tally.counts.accepted / seconds : 0,
      p50: percentileMs(tally.response, 50),
      p99: percentileMs(tally.response, 99)
    }
  }

  /** Rows of a transport's latest seconds. */
  latestRows(index: number, most: number): TransportRecord['timeline'] {
    return this.#at(index).latestRows(most)
  }

  /** Whether any message was accepted, be it in a warm-up. */
  get hasAccepted(): boolean {
    return this.#transports.some(({ all, warmup }) => all.counts.accepted > 0 || warmup.accepted > 0)
  }

  record(state: RunState, finishedAt: string): RunRecord {
    const start = this.#start
    const transports = this.#transports.map((_, index) => this.transportRecord(index))
    return composeRecord({
      schema: 1,
      id: start.id,
      name: start.plan.name,
      startedAt: start.startedAt,
      finishedAt,
      state,
      environment: start.environment,
      plan: start.plan,
      places: [],
      transports
    })
  }

  /** The record of one transport so far. */
  transportRecord(index: number): TransportRecord {
    const tally = this.#at(index)
    const transport = this.#start.plan.transports[index]
    const start = this.#start.transports[index]
    if (transport === undefined || start === undefined) throw new RangeError(`no transport ${index}`)
    const rtt = this.#roundTrip(start)
    const loadedRtt = loadedRttOf(tally.loadedRtts, start, this.#start.plan)
    const queueing = rtt?.source === 'emulated' || networkUnderLoad(loadedRtt) !== 'queued' ? null : loadedRtt
    const rttMs = chatterRttMs(rtt, tally.all)
    const scheduled = scheduledSeconds(this.#start.plan)
    const offeredRate = offered(this.#start)
    let dueSeconds = 0
    const rounds = [...tally.rounds.entries()]
      .sort(([a], [b]) => a - b)
      .map(([round, part]): RoundRecord => {
        const blocks = tally.blocks.filter((block) => block.round === round)
        const isWhole = blocks.length > 0 && blocks.every(({ scheduleOver }) => scheduleOver)
        const durationSeconds =
          offeredRate === null
            ? laneSeconds(part)
            : Math.max(0, measuredSeconds(part, isWhole ? scheduled : null) - tally.gapSeconds(round))
        dueSeconds += isWhole && scheduled !== null ? scheduled : durationSeconds
        return {
          round,
          startedMs: part.firstDueUs / 1000,
          connectionsOpened: sum(blocks.map((block) => block.opened)),
          ...measured(part, durationSeconds, rtt === null ? null : chatterRttMs(rtt, part), queueing),
          retransmits: tally.tcp.retransmits === null ? null : part.retransmits
        }
      })
    const durationSeconds = sum(rounds.map((round) => round.durationSeconds))
    const generatorLimit = findGeneratorLimit({
      eventLoopUtilization: tally.eventLoopUtilization,
      cpuWaitMs: tally.cpuWaitMs,
      turnMs: turnMs(tally.all),
      lateOnFreeSlot: tally.lateOnFreeSlot,
      sent: tally.all.counts.sent,
      accepted: tally.all.counts.accepted
    })
    const all = measured(tally.all, durationSeconds, rttMs, queueing)
    const errors = tally.all.errors()
    const phases = tally.all.phases()
    // A block's end has its worker's part of all workers' time, those of other places included.
    const workerSeconds = durationSeconds * (this.#start.share ?? 1)
    const noSlotShare =
      offeredRate === null || workerSeconds === 0 ? null : Math.min(1, tally.noSlotSeconds / workerSeconds)
    const facts = {
      offeredRate,
      dueRate:
        offeredRate === null || dueSeconds === 0 ? null : (all.counts.sent + tally.unstarted) / dueSeconds,
      backlogAtEnd: offeredRate === null ? null : tally.backlogAtEnd(),
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
      retransmits: tally.tcp.retransmits === null ? null : tally.all.retransmits,
      eventLoopUtilization: tally.eventLoopUtilization,
      limitReason: limitReason({ ...all, ...facts }, generatorLimit),
      cpuWaitMs: tally.cpuWaitMs,
      ...{ rtt, loadedRtt },
      phases,
      connections: tally.connections,
      warmup: tally.warmup,
      tcp: tally.tcpRecord(),
      tail: tally.all.tail(),
      settings: start.settings,
      observed: tally.observed,
      ...(tally.gaps.length === 0 ? {} : { gaps: tally.gaps }),
      ...(this.deliveries === null ? {} : { delivery: this.deliveries.record(index) }),
      notes: [
        ...start.notes,
        ...this.#notes,
        ...figureNotes(transport, tally, {
          ...{ errors, phases, rtt, rttMs },
          isLinked: isEmulated(this.#start.plan.emulate)
        })
      ],
      errors,
      timeline: tally.timeline(),
      rounds,
      places: []
    }
  }

  /** Round trips of the peer that a transport reaches, as all transports that reach it saw them. */
  #roundTrip(start: TransportStart): RttRecord | null {
    const siblings = this.#transports.flatMap((tally, index) => {
      const sibling = this.#start.transports[index]
      return sibling?.peer === start.peer ? [{ tally, start: sibling }] : []
    })
    return roundTrip(
      start.emulatedRttMs,
      siblings.map(({ tally, start: { connectsUs } }) => ({
        leastConnectUs: tally.leastConnectUs,
        leastTurnUs: tally.leastTurnUs,
        connectsUs,
        connects: tally.all.phaseHistogram('tcp'),
        kernelRttsUs: tally.tcp.rttsUs,
        kernelLeastUs: tally.tcp.leastRttUs
      }))
    )
  }

  #at(index: number): TransportTally {
    const transport = this.#transports[index]
    if (transport === undefined) throw new RangeError(`no transport ${index}`)
    return transport
  }
}

/** Length of an open load's schedule in one round, s; null for a closed load. */
function scheduledSeconds({ load, rounds }: Plan): number | null {
  return load.model === 'closed' ? null : pieceSeconds(ratePieces(load, rounds))
}

function offered({ plan: { load, rounds }, share = 1 }: RunStart): number | null {
  if (load.model === 'closed') return null
  const pieces = ratePieces(load, rounds)
  return (offeredSends(pieces) / pieceSeconds(pieces)) * share
}
