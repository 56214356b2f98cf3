import { holds, measuredValue, parseAssertion } from '../../shared/insight/assertion.ts'
import type { ErrorOf, RoundSoFar, TimelineSoFar } from '../../shared/page/snapshot.ts'
import { compareAll } from '../../shared/insight/comparison.ts'
import { FIRST_FLIGHT_BYTES } from '../../shared/insight/tcp-window.ts'
import type { Plan, Transport } from '../../shared/plan/plan.ts'
import type {
  AssertRecord,
  Counts,
  ErrorRecord,
  LoadedRtt,
  PhaseRecord,
  RoundRecord,
  RttRecord,
  RunRecord,
  TcpRecord,
  RunState,
  TransportRecord
} from '../../shared/record/run-record.ts'
import { distribution, encodeHistogram, percentileMs } from '../../shared/record/histogram.ts'
import { verdict } from '../../shared/insight/verdict.ts'
import type { Observed } from '../transports/client.ts'
import { shortageAdvice } from '../transports/connect/failure.ts'
import { noTcpSeen, type TcpSeen } from '../transports/connect/tcp-seen.ts'
import type { BlockEnd } from './block-end.ts'
import type { Delta } from './delta.ts'
import { addCounts, noCounts } from './counts.ts'
import { DeliveryBook } from './delivery-book.ts'
import { entryOf } from './entry-of.ts'
import type { RunStart, TransportStart } from './run-start.ts'
import { findGeneratorLimit, limitReason } from './limits.ts'
import { offeredSends, pieceSeconds, ratePieces } from '../../shared/plan/rate-pieces.ts'
import { roundTrip, roundTripNotes } from './round-trip.ts'
import { mean, SecondTally, RunTally, Tally } from './tally.ts'
import { sum } from '../../shared/insight/statistics.ts'
import { loadedRttOf, type LoadedRtts } from './loaded-rtt.ts'
import { networkUnderLoad } from '../../shared/insight/loaded-rtt.ts'
import { awaitsReceiver } from '../../shared/insight/receive-window.ts'
import { counted, milliseconds } from '../../shared/text/format.ts'

/** How long the values of a second are kept for workers that report late. */
const OPEN_SECONDS = 15

interface BlockFacts {
  round: number
  opened: number
  scheduleOver: boolean
  backlogAtEnd: number
}

class TransportTally {
  readonly all = new RunTally()
  readonly rounds = new Map<number, Tally>()
  readonly seconds = new Map<number, SecondTally>()
  readonly blocks: BlockFacts[] = []
  readonly gaps: NonNullable<TransportRecord['gaps']> = []
  readonly warmup = noCounts()
  readonly connections = { opened: 0, reused: 0, maxOpen: 0, closedByPeer: 0, resent: 0 }
  endedAfter = Infinity
  readonly hints = new Set<string>()
  leastConnectUs: number
  leastTurnUs = Infinity
  readonly tcp = noTcpSeen()
  /** Round trips under load, block by block. */
  readonly loadedRtts: LoadedRtts[] = []
  observed: Observed | null
  eventLoopUtilization = 0
  cpuWaitMs: number | null = null
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
    const transport = this.#at(delta.transport)
    transport.all.add(delta)
    entryOf(transport.rounds, delta.round, () => new Tally()).add(delta)
    entryOf(transport.seconds, delta.second, () => new SecondTally(delta.second)).add(delta)
    transport.seconds.get(delta.second - OPEN_SECONDS)?.close()
  }

  /** Takes in the end of one worker's part of a block. */
  addBlockEnd(index: number, round: number, end: BlockEnd): void {
    const transport = this.#at(index)
    const { stats } = end
    addCounts(transport.warmup, end.warmup)
    transport.blocks.push({
      round,
      opened: stats.opened,
      scheduleOver: end.scheduleOver,
      backlogAtEnd: end.backlogAtEnd
    })
    transport.connections.opened += stats.opened
    transport.connections.reused += stats.reused
    transport.connections.closedByPeer += stats.closedByPeer
    transport.connections.resent += stats.resent
    transport.endedAfter = Math.min(transport.endedAfter, stats.endedAfter)
    for (const hint of stats.hints) transport.hints.add(hint)
    transport.connections.maxOpen = Math.max(transport.connections.maxOpen, stats.maxOpen)
    transport.leastConnectUs = Math.min(transport.leastConnectUs, stats.leastConnectUs)
    transport.leastTurnUs = Math.min(transport.leastTurnUs, stats.leastTurnUs)
    addTcp(transport.tcp, stats.tcp)
    if (end.loadedRtts !== null) transport.loadedRtts.push(end.loadedRtts)
    transport.observed = end.observed ?? transport.observed
    transport.eventLoopUtilization = Math.max(transport.eventLoopUtilization, end.eventLoopUtilization)
    if (end.cpuWaitMs !== null) transport.cpuWaitMs = Math.max(transport.cpuWaitMs ?? 0, end.cpuWaitMs)
    transport.noSlotSeconds += end.noSlotSeconds
    transport.lateOnFreeSlot += end.lateOnFreeSlot
    transport.unstarted += end.unstarted
    end.gaps.forEach((gap, place) => {
      // The sends that were left out stand beside the first gap of their part.
      transport.gaps.push({ round, ...gap, leftOut: place === 0 ? end.leftOut : 0 })
    })
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
      rows: timelineRows(transport),
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
    const { seconds, rounds } = this.#at(index)
    const latest = [...seconds.values()].slice(-most)
    const newest = [...rounds.values()].slice(-ROUNDS_IN_TWO_SECONDS)
    return latest.map((tally) => tally.row(measuredPart(tally.second, newest)))
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
            : Math.max(0, measuredSeconds(part, isWhole ? scheduled : null) - gapSeconds(tally.gaps, round))
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
      backlogAtEnd: offeredRate === null ? null : backlogAtEnd(tally.blocks),
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
      limitReason: limitReason(facts, generatorLimit),
      cpuWaitMs: tally.cpuWaitMs,
      ...{ rtt, loadedRtt },
      phases,
      connections: tally.connections,
      warmup: tally.warmup,
      tcp: tcpRecord(tally.tcp, tally.all),
      tail: tally.all.tail(),
      settings: start.settings,
      observed: tally.observed,
      ...(tally.gaps.length === 0 ? {} : { gaps: tally.gaps }),
      ...(this.deliveries === null ? {} : { delivery: this.deliveries.record(index) }),
      notes: [
        ...start.notes,
        ...this.#notes,
        ...lateNotes(tally),
        ...gapNotes(tally),
        ...transferNotes(tally, start),
        ...flowControlNotes(transport, tally.all, phases, rttMs),
        ...delayedAckNotes(tally),
        ...receiveWindowNotes(tally),
        ...resentNotes(tally),
        ...unsureNotes(errors),
        ...tally.hints,
        ...shortageNotes(errors),
        ...roundTripNotes(rtt)
      ],
      errors,
      timeline: timelineRows(tally),
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

/** Adds what one worker's connections showed; the last to tell of the window is the one that stays. */
function addTcp(target: TcpSeen, seen: TcpSeen): void {
  target.source = seen.source
  target.leastRttUs = Math.min(target.leastRttUs, seen.leastRttUs)
  target.rttsUs.push(...seen.rttsUs)
  if (seen.retransmits !== null) target.retransmits = (target.retransmits ?? 0) + seen.retransmits
  target.congestionControl = seen.congestionControl ?? target.congestionControl
  target.windowSegments = seen.windowSegments ?? target.windowSegments
  target.heldWaits += seen.heldWaits
  target.heldUs += seen.heldUs
  target.heldPhase = seen.heldPhase ?? target.heldPhase
  target.receiverWaits += seen.receiverWaits
  target.receiverUs += seen.receiverUs
}

function tcpRecord(seen: TcpSeen, all: Tally): TcpRecord {
  const { source, leastRttUs, retransmits, congestionControl, windowSegments } = seen
  const { heldWaits, heldUs, heldPhase, receiverWaits, receiverUs } = seen
  return {
    source,
    minRttMs: leastRttUs === Infinity ? null : leastRttUs / 1000,
    retransmits,
    sendsWithRetransmit: retransmits === null ? null : all.sendsWithRetransmit,
    congestionControl,
    windowSegments,
    delayedAck:
      heldPhase === null ? null : { waits: heldWaits, meanMs: heldUs / heldWaits / 1000, phase: heldPhase },
    receiveWindow:
      receiverWaits === 0 ? null : { waits: receiverWaits, meanMs: receiverUs / receiverWaits / 1000 }
  }
}

type Measured = Omit<RoundRecord, 'round' | 'startedMs' | 'connectionsOpened'> & { serviceHistogram: string }

/** @param queueing round trips under load, where packets waited in a queue of the network that nothing else tells of */
function measured(
  tally: Tally,
  durationSeconds: number,
  rttMs: number | null,
  queueing: LoadedRtt | null
): Measured {
  const turns = tally.turnMeans()
  return {
    counts: tally.counts,
    durationSeconds,
    throughput: durationSeconds === 0 ? 0 : tally.counts.accepted / durationSeconds,
    response: distribution(tally.response),
    service: distribution(tally.service),
    turns,
    rttMs,
    ...decompose(tally, turns.perMessage, rttMs, queueing),
    retransmits: null,
    bytes: { out: tally.bytesOut, in: tally.bytesIn },
    histogram: encodeHistogram(tally.response),
    serviceHistogram: encodeHistogram(tally.service)
  }
}

type Parts = Pick<
  Measured,
  'queueMs' | 'lookupMs' | 'chatterMs' | 'transferMs' | 'serverMs' | 'clientMs' | 'residualMs'
>

/**
 * Splits the mean service time into what is known of its parts: lookup, chatter and transfer of the waiting, the
 * server's being what is left of it, and the client's own; what does not add up is the residual.
 */
function decompose(
  tally: Tally,
  turnsPerMessage: number | null,
  rttMs: number | null,
  queueing: LoadedRtt | null
): Parts {
  const { accepted } = tally.counts
  const queueMs = meanMs(tally.queueUs, accepted)
  const lookupMs = meanMs(tally.lookupUs, accepted)
  const leavingMs = meanMs(tally.transferUs, accepted)
  const serviceMs = meanMs(tally.serviceUs, accepted)
  const waitMs = meanMs(tally.waitUs, accepted)
  const known = { queueMs, lookupMs, transferMs: leavingMs }
  if (
    serviceMs === null ||
    waitMs === null ||
    lookupMs === null ||
    leavingMs === null ||
    turnsPerMessage === null ||
    rttMs === null
  ) {
    return { ...known, chatterMs: null, serverMs: null, clientMs: null, residualMs: null }
  }
  const chatterMs = turnsPerMessage * rttMs
  const restMs = Math.max(0, waitMs - lookupMs - chatterMs - leavingMs)
  const queuedMs =
    queueing === null ? 0 : Math.min(restMs, turnsPerMessage * Math.max(0, queueing.meanMs - rttMs))
  const transferMs = leavingMs + queuedMs
  const serverMs = restMs - queuedMs
  const clientMs = serviceMs - waitMs
  const residualMs = serviceMs - lookupMs - chatterMs - transferMs - serverMs - clientMs
  return { ...known, transferMs, chatterMs, serverMs, clientMs, residualMs }
}

function meanMs(sumUs: number, count: number): number | null {
  const meanUs = mean(sumUs, count)
  return meanUs === null ? null : meanUs / 1000
}

/** What a turn of these sends took in the mean, ms; null where none was accepted. */
function turnMs({ waitUs, turns }: Tally): number | null {
  return turns === 0 ? null : waitUs / turns / 1000
}

/** The round trip that chatter is counted with: the typical one, unless these turns took less, and then that. */
function chatterRttMs(rtt: RttRecord | null, tally: Tally): number | null {
  if (rtt === null || rtt.source === 'emulated') return rtt?.medianMs ?? null
  return Math.max(rtt.leastMs, Math.min(rtt.medianMs, turnMs(tally) ?? Infinity))
}

/** The most that waited for a slot at the end of a round, over all workers. */
function backlogAtEnd(blocks: readonly BlockFacts[]): number {
  const perRound = new Map<number, number>()
  for (const block of blocks) perRound.set(block.round, (perRound.get(block.round) ?? 0) + block.backlogAtEnd)
  return Math.max(0, ...perRound.values())
}

/**
 * Measured time of a closed load's round: what its lanes were busy in the mean (Denning and Buzen 1978, lanes x
 * completions / busy time). Up to the last outcome it would be as long as one straggler, while the other lanes had
 * nothing left to do.
 */
function laneSeconds({ laneUs, lanes }: Tally): number {
  return lanes === 0 ? 0 : laneUs / lanes / 1e6
}

/**
 * Measured time of an open load's round: from the first send due to the last outcome. It is measured over its schedule,
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

function offered({ plan: { load, rounds }, share = 1 }: RunStart): number | null {
  if (load.model === 'closed') return null
  const pieces = ratePieces(load, rounds)
  return (offeredSends(pieces) / pieceSeconds(pieces)) * share
}

/** Time of a round in which nothing could be sent: threads of one process stand still together. */
function gapSeconds(gaps: TransportTally['gaps'], round: number): number {
  const own = gaps.filter((gap) => gap.round === round).sort((a, b) => a.startedMs - b.startedMs)
  let [total, untilMs] = [0, -Infinity]
  for (const { startedMs, seconds } of own) {
    const endMs = startedMs + seconds * 1000
    total += Math.max(0, endMs - Math.max(startedMs, untilMs)) / 1000
    untilMs = Math.max(untilMs, endMs)
  }
  return total
}

function gapNotes({ gaps }: TransportTally): string[] {
  if (gaps.length === 0) return []
  const rounds = [...new Set(gaps.map(({ round }) => round))]
  const seconds = sum(rounds.map((round) => gapSeconds(gaps, round)))
  const leftOut = sum(gaps.map((gap) => gap.leftOut))
  return [
    `This machine stood still for ${Math.round(seconds)} s, stopped or asleep; ${leftOut} sends that reached into that are in no figure.`
  ]
}

function lateNotes(tally: TransportTally): string[] {
  if (tally.unstarted === 0) return []
  return [
    `${tally.unstarted} sends came due but never got a slot before the run's end; they are in no other figure.`
  ]
}

/** Connections that the peer ended by a limit of its own, and what to set. */
function resentNotes({ connections: { resent }, endedAfter }: TransportTally): string[] {
  if (resent === 0) return []
  const advice = Number.isFinite(endedAfter)
    ? ` It ends a connection after ${endedAfter} messages: "messagesPerConnection": ${endedAfter} spares the attempt.`
    : ''
  return [
    `${resent} sends were begun anew on another connection, because the server had ended theirs before it did anything about them; the time that took is theirs.${advice}`
  ]
}

/** Failures behind a whole message: nobody knows what became of it. */
function unsureNotes(errors: readonly ErrorRecord[]): string[] {
  const count = sum(errors.map((error) => (error.mayBeDelivered === true ? error.count : 0)))
  if (count === 0) return []
  return [
    `${count} sends failed after the whole message had left and before it was answered: these messages may have been delivered.`
  ]
}

/** What this machine was short of, and what to set. */
function shortageNotes(errors: readonly ErrorRecord[]): string[] {
  return errors
    .filter((error) => error.class === 'local')
    .map(
      ({ code, count }) =>
        `${count} sends failed of a shortage of this machine, which says nothing of the peer: ${code}: ${shortageAdvice(code) ?? ''}.`
    )
}

/** Rounds that two seconds may hold, for a row that is wanted at once; the record looks at all of them. */
const ROUNDS_IN_TWO_SECONDS = 50

/** Says who told of the transfer time, where there is any. */
function transferNotes({ tcp, all }: TransportTally, { emulatedRttMs }: TransportStart): string[] {
  if (all.transferUs <= 0) return []
  if (emulatedRttMs !== null) return ['Transfer time is what the emulated link’s model of TCP’s window took.']
  return tcp.source === 'kernel'
    ? [`Transfer time is as the kernel tells it (TCP_INFO, ${tcp.congestionControl ?? 'unknown algorithm'}).`]
    : ['Transfer time is modelled: this system does not tell what TCP did.']
}

/** From this share of a round trip on a request that is not handed over at once was held back. */
const HELD_BACK_SHARE = 0.5

/** Names the window of HTTP/2 where it, and not TCP's, is what contents waited for. */
function flowControlNotes(
  transport: Transport,
  { bytesOut, counts }: RunTally,
  phases: readonly PhaseRecord[],
  rttMs: number | null
): string[] {
  if (transport.protocol !== 'http' || transport.http.version !== '2' || rttMs === null) return []
  if (transport.client === 'undici') {
    return bytesOut <= FIRST_FLIGHT_BYTES * counts.sent
      ? []
      : [
          'undici does not tell when a content has left: what HTTP/2’s own window held back counts as the server’s time.'
        ]
  }
  const heldMs = phases.find(({ name }) => name === 'request')?.meanMs ?? 0
  if (heldMs < HELD_BACK_SHARE * rttMs || heldMs < 1) return []
  return [
    `HTTP/2’s own window, which the server opens as it reads, held a content back for ${milliseconds(heldMs)} in the mean: a round trip for each window. It is booked as transfer; a larger window at the server ends it, and a prediction for another distance leaves it as it was measured.`
  ]
}

/** From this share of sends on a wait for an acknowledgement is no accident. */
const DELAYED_ACK_SHARE = 0.1

/** Names the waits that are neither the distance's nor the server's work. */
function delayedAckNotes({
  tcp: { heldWaits, heldUs, heldPhase },
  all: { counts }
}: TransportTally): string[] {
  if (heldPhase === null || heldWaits < DELAYED_ACK_SHARE * counts.sent) return []
  return [
    `delayedAck: in ${heldPhase} the server held back what it had to say until what it had said just before was acknowledged (Nagle’s algorithm), ${milliseconds(heldUs / heldWaits / 1000)} a time in ${heldWaits} waits. That is neither the distance’s nor the server’s time and is booked as transfer; TCP_NODELAY at the server ends it.`
  ]
}

/** Names contents for which the peer's system had no room at once. */
function receiveWindowNotes({
  tcp: { receiverWaits, receiverUs },
  all: { counts }
}: TransportTally): string[] {
  if (!awaitsReceiver(receiverWaits, counts.sent)) return []
  return [
    `receiveWindow: ${counted(receiverWaits, 'content')}, warm-up included, waited for room in the server’s receive window, which opens as its program reads, for ${milliseconds(receiverUs / receiverWaits / 1000)} in the mean. That is booked as transfer; a larger receive buffer at the server, or one that reads sooner, ends it.`
  ]
}

function timelineRows(transport: TransportTally): TransportRecord['timeline'] {
  const rounds = [...transport.rounds.values()]
  return [...transport.seconds.values()]
    .sort((a, b) => a.second - b.second)
    .map((tally) => tally.row(measuredPart(tally.second, rounds)))
}

/** Part of a second that lies in rounds of the transport, s. */
function measuredPart(second: number, rounds: readonly Tally[]): number {
  const parts = rounds.map(({ firstDueUs, lastDoneUs }) =>
    Math.max(0, Math.min(second + 1, lastDoneUs / 1e6) - Math.max(second, firstDueUs / 1e6))
  )
  return Math.min(1, sum(parts))
}

/**
 * Completes a record with what follows from its figures.
 * @param comparable the transports with the rounds that may be compared; by default all
 */
export function composeRecord(
  facts: Omit<RunRecord, 'comparison' | 'verdict' | 'asserts'>,
  comparable: readonly TransportRecord[] = facts.transports
): RunRecord {
  const record: RunRecord = {
    ...facts,
    comparison: compareAll(comparable),
    verdict: '',
    asserts: facts.plan.assert.map((text) => evaluate(text, facts.transports))
  }
  return { ...record, verdict: verdict(record) }
}

function evaluate(text: string, transports: readonly TransportRecord[]): AssertRecord {
  const assertion = parseAssertion(text)
  if (!assertion.ok) return { text, pass: false, value: null }
  const { transport, field } = assertion.value
  const record = transports.find(({ name }) => name === transport)
  const value = record === undefined ? null : measuredValue(field, record)
  return { text, pass: holds(assertion.value, value), value }
}
