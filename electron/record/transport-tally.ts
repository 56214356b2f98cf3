import { sum } from '../../shared/insight/statistics.ts'
import type { TcpRecord, TransportRecord } from '../../shared/record/run-record.ts'
import type { Observed } from '../transports/client.ts'
import { noTcpSeen, type TcpSeen } from '../transports/connect/tcp-seen.ts'
import type { BlockEnd } from './block-end.ts'
import { addCounts, noCounts } from './counts.ts'
import type { Delta } from './delta.ts'
import { entryOf } from './entry-of.ts'
import type { LoadedRtts } from './loaded-rtt.ts'
import type { TransportStart } from './run-start.ts'
import { RunTally, SecondTally, Tally } from './tally.ts'

/** Rounds that two seconds may hold, for a row that is wanted at once; the record looks at all of them. */
const ROUNDS_IN_TWO_SECONDS = 50
/** How long the values of a second are kept for workers that report late. */
const OPEN_SECONDS = 15

interface BlockFacts {
  round: number
  opened: number
  scheduleOver: boolean
  backlogAtEnd: number
}

/** Everything that a run's workers have reported of one transport. */
export class TransportTally {
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

  addDelta(delta: Delta): void {
    this.all.add(delta)
    entryOf(this.rounds, delta.round, () => new Tally()).add(delta)
    entryOf(this.seconds, delta.second, () => new SecondTally(delta.second)).add(delta)
    this.seconds.get(delta.second - OPEN_SECONDS)?.close()
  }

  /** Takes in the end of one worker's part of a block. */
  addBlockEnd(round: number, end: BlockEnd): void {
    const { stats } = end
    addCounts(this.warmup, end.warmup)
    this.blocks.push({
      round,
      opened: stats.opened,
      scheduleOver: end.scheduleOver,
      backlogAtEnd: end.backlogAtEnd
    })
    this.connections.opened += stats.opened
    this.connections.reused += stats.reused
    this.connections.closedByPeer += stats.closedByPeer
    this.connections.resent += stats.resent
    this.endedAfter = Math.min(this.endedAfter, stats.endedAfter)
    for (const hint of stats.hints) this.hints.add(hint)
    this.connections.maxOpen = Math.max(this.connections.maxOpen, stats.maxOpen)
    this.leastConnectUs = Math.min(this.leastConnectUs, stats.leastConnectUs)
    this.leastTurnUs = Math.min(this.leastTurnUs, stats.leastTurnUs)
    addTcp(this.tcp, stats.tcp)
    if (end.loadedRtts !== null) this.loadedRtts.push(end.loadedRtts)
    this.observed = end.observed ?? this.observed
    this.eventLoopUtilization = Math.max(this.eventLoopUtilization, end.eventLoopUtilization)
    if (end.cpuWaitMs !== null) this.cpuWaitMs = Math.max(this.cpuWaitMs ?? 0, end.cpuWaitMs)
    this.noSlotSeconds += end.noSlotSeconds
    this.lateOnFreeSlot += end.lateOnFreeSlot
    this.unstarted += end.unstarted
    end.gaps.forEach((gap, place) => {
      // The sends that were left out stand beside the first gap of their part.
      this.gaps.push({ round, ...gap, leftOut: place === 0 ? end.leftOut : 0 })
    })
  }

  /** The most that waited for a slot at the end of a round, over all workers. */
  backlogAtEnd(): number {
    const perRound = new Map<number, number>()
    for (const block of this.blocks)
      perRound.set(block.round, (perRound.get(block.round) ?? 0) + block.backlogAtEnd)
    return Math.max(0, ...perRound.values())
  }

  /** Time of a round in which nothing could be sent, s: threads of one process stand still together. */
  gapSeconds(round: number): number {
    const own = this.gaps.filter((gap) => gap.round === round).sort((a, b) => a.startedMs - b.startedMs)
    let [total, untilMs] = [0, -Infinity]
    for (const { startedMs, seconds } of own) {
      const endMs = startedMs + seconds * 1000
      total += Math.max(0, endMs - Math.max(startedMs, untilMs)) / 1000
      untilMs = Math.max(untilMs, endMs)
    }
    return total
  }

  /** Rows of the latest seconds. */
  latestRows(most: number): TransportRecord['timeline'] {
    const { seconds, rounds } = this
    const latest = [...seconds.values()].slice(-most)
    const newest = [...rounds.values()].slice(-ROUNDS_IN_TWO_SECONDS)
    return latest.map((tally) => tally.row(measuredPart(tally.second, newest)))
  }

  timeline(): TransportRecord['timeline'] {
    const rounds = [...this.rounds.values()]
    return [...this.seconds.values()]
      .sort((a, b) => a.second - b.second)
      .map((tally) => tally.row(measuredPart(tally.second, rounds)))
  }

  /** What TCP did below the sends. */
  tcpRecord(): TcpRecord {
    const { source, leastRttUs, retransmits, congestionControl, windowSegments } = this.tcp
    const { heldWaits, heldUs, heldPhase, receiverWaits, receiverUs } = this.tcp
    return {
      source,
      minRttMs: leastRttUs === Infinity ? null : leastRttUs / 1000,
      retransmits,
      sendsWithRetransmit: retransmits === null ? null : this.all.sendsWithRetransmit,
      congestionControl,
      windowSegments,
      delayedAck:
        heldPhase === null ? null : { waits: heldWaits, meanMs: heldUs / heldWaits / 1000, phase: heldPhase },
      receiveWindow:
        receiverWaits === 0 ? null : { waits: receiverWaits, meanMs: receiverUs / receiverWaits / 1000 }
    }
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
  target.askedContents += seen.askedContents
  target.unaskedContents += seen.unaskedContents
}

/** Part of a second that lies in rounds of the transport, s. */
function measuredPart(second: number, rounds: readonly Tally[]): number {
  const parts = rounds.map(({ firstDueUs, lastDoneUs }) =>
    Math.max(0, Math.min(second + 1, lastDoneUs / 1e6) - Math.max(second, firstDueUs / 1e6))
  )
  return Math.min(1, sum(parts))
}
