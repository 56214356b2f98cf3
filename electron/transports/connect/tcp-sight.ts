import type { Socket } from 'node:net'
import {
  FIRST_FLIGHT_BYTES,
  leavesAtUs,
  PROBE_TICKS_US,
  TcpWindow
} from '../../../shared/insight/tcp-window.ts'
import { nowUs } from '../clock.ts'
import { isEmulated, type LinkInFront } from '../link-network.ts'
import type { Phase } from '../../../shared/record/words.ts'
import type { SendResult } from '../send-result.ts'
import { heldByAcknowledgement } from '../../../shared/insight/delayed-ack.ts'
import { LinkAccountReader } from './link-account-reader.ts'
import { TcpInfo } from './tcp-info.ts'
import { noTcpSeen, type TcpSeen } from './tcp-seen.ts'

/** The share of the time that asking the kernel may take. */
const MOST_SHARE = 0.01
/** Asking that seems to take longer was interrupted, µs. */
const LONGEST_ASK_US = 100
/** Asking that a client may do ahead of its share, µs. */
const AHEAD_US = 5000
/** A kept connection is asked about this often where its sends give no reason to. */
const EVERY_US = 1_000_000
/**
 * A wait that is longer than so many round trips may have lost a segment: the kernel is asked. Within bounds, µs: less
 * would be asking all the time on a near peer, more would miss a timeout of 200 ms.
 */
const SLOW = { roundTrips: 2.5, leastUs: 20_000, mostUs: 200_000 } as const
/** A shorter wait for room in the peer's receive window may be one tick of the kernel's clock, µs. */
const LEAST_RECEIVER_US = 12_000
/** Round trips kept of a client, for their median; what comes later replaces the oldest. */
const MOST_SAMPLES = 200
/** What fits into one segment on nearly every path: the least that IPv6 carries, less its headers (RFC 8200 section 5). */
const ONE_SEGMENT_BYTES = 1200
/** Once there are so many, a handshake that was not slow is asked about this often: more tells nothing new, µs. */
const HANDSHAKE_EVERY_US = 50_000

/** Where a client's connections learn what TCP did: from the kernel, from an emulated link's account, else from the model. */
export class TcpSight {
  readonly seen: TcpSeen = noTcpSeen()
  /** Shortest wait worth asking about, µs. */
  slowUs: number = SLOW.leastUs
  #info: TcpInfo | null
  readonly #account: LinkAccountReader | null
  readonly #sinceUs = nowUs()
  #spentUs = 0
  /** What the content that the kernel was asked about last took to leave, µs. */
  #latestTransferUs = 0
  #sample = 0
  #handshakeUs = 0

  /** @param link the emulated link in front of the peer: the kernel knows nothing of what it does */
  constructor(link: LinkInFront | null) {
    this.#info = link === null ? TcpInfo.open() : null
    this.#account = link !== null && isEmulated(link) ? new LinkAccountReader(link.accountPort) : null
    if (this.#info !== null) this.seen.source = 'kernel'
    if (this.#info !== null || this.#account !== null) this.seen.retransmits = 0
    if (link !== null) this.seen.congestionControl = link.window ? link.congestionControl : null
  }

  /** Watches a connection that has just been opened. */
  watch(socket: Socket): TcpWatch {
    if (this.#account !== null) return new AccountWatch(this, this.#account, socket)
    if (this.#info !== null && this.seen.congestionControl === null) this.#prove(this.#info, socket)
    return this.#info === null ? new ModelWatch(this) : new KernelWatch(this, this.#info, socket)
  }

  /** Whether the kernel may be asked now. */
  mayAsk(now: number): boolean {
    return this.#spentUs <= MOST_SHARE * (now - this.#sinceUs) + AHEAD_US
  }

  /** Books what of a content took to leave, as the kernel tells. */
  contentAsked(result: TcpCost, us: number): void {
    this.seen.askedContents++
    this.#latestTransferUs = us
    result.transferUs += us
  }

  /** Books a content that there was no time to ask about: it is taken for the one that was asked about last. */
  contentUnasked(result: TcpCost, mostUs: number): void {
    this.seen.unaskedContents++
    result.transferUs += Math.min(mostUs, this.#latestTransferUs)
  }

  /** Books what asking the kernel took, from `fromUs` on. */
  asked(fromUs: number): void {
    this.#spentUs += Math.min(LONGEST_ASK_US, nowUs() - fromUs)
  }

  /** Whether the round trip of one more handshake would tell something. */
  wantsHandshake(now: number): boolean {
    return this.#sample < MOST_SAMPLES || now - this.#handshakeUs >= HANDSHAKE_EVERY_US
  }

  /** Takes in the round trip of a handshake. */
  handshake(rttUs: number): void {
    this.#handshakeUs = nowUs()
    this.seen.rttsUs[this.#sample++ % MOST_SAMPLES] = rttUs
    this.leastRtt(rttUs)
  }

  /**
   * Books what of a wait the peer held back until the first part of its answer was acknowledged.
   * @param gapUs from the first part to the rest
   * @param isHurried the first part was acknowledged at once
   */
  heldBack(result: TcpCost, phase: Phase, gapUs: number, isHurried: boolean): void {
    if (!heldByAcknowledgement(gapUs, this.seen.leastRttUs, isHurried)) return
    result.transferUs += gapUs
    this.seen.heldWaits++
    this.seen.heldUs += gapUs
    this.seen.heldPhase = phase
  }

  /** Books that a content waited so long for room in the peer's receive window; less than half a round trip is no wait. */
  heldByReceiver(us: number): void {
    if (us < Math.max(LEAST_RECEIVER_US, this.seen.leastRttUs / 2)) return
    this.seen.receiverWaits++
    this.seen.receiverUs += us
  }

  leastRtt(rttUs: number): void {
    if (rttUs >= this.seen.leastRttUs) return
    this.seen.leastRttUs = rttUs
    this.slowUs = Math.min(SLOW.mostUs, Math.max(SLOW.leastUs, SLOW.roundTrips * rttUs))
  }

  /** Lets go what it holds open. */
  close(): void {
    this.#account?.close()
  }

  /** A kernel that does not even tell its algorithm is not asked again: the model takes its place. */
  #prove(info: TcpInfo, socket: Socket): void {
    this.seen.congestionControl = info.congestionControl(socket)
    if (this.seen.congestionControl !== null) return
    this.#info = null
    this.seen.source = 'model'
    this.seen.retransmits = null
  }
}

/** What TCP did below one connection. What it shows before a send can be named goes to the send that is named next. */
export interface TcpWatch {
  /** The connection was opened by a wait of this length for its handshake. */
  connected(waitedUs: number): void
  /**
   * A wait for an answer is over: books what of it the content took to leave.
   * @param bytes that were said, as they cross the network
   */
  waited(result: TcpCost | null, fromUs: number, untilUs: number, bytes: number): void
  /**
   * A part of what is waited for was heard: a ticket of TLS before what the peer says next, a line of several.
   * @param hurries acknowledge it at once, for a peer that sends no more before (Nagle's algorithm, RFC 896)
   */
  partHeard(atUs: number, hurries: boolean): void
  /** A wait is over: books what of it the peer held back until the part heard before was acknowledged. */
  answered(result: TcpCost, phase: Phase, fromUs: number, untilUs: number): void
  /** The connection is about to be closed by this side. */
  closing(): void
}

/** The part of a send's result that is TCP's. */
type TcpCost = Pick<SendResult, 'transferUs' | 'retransmits'>

/** Costs that no send has been named for yet. */
class Pending implements TcpCost {
  transferUs = 0
  retransmits = 0

  moveTo(result: TcpCost): void {
    result.transferUs += this.transferUs
    result.retransmits += this.retransmits
    this.transferUs = this.retransmits = 0
  }
}

/** The first part of an answer that has not come whole. */
class HeardPart {
  #atUs = 0
  #isHurried = false

  heard(atUs: number, isHurried: boolean): void {
    if (this.#atUs === 0) this.#atUs = atUs
    this.#isHurried ||= isHurried
  }

  answered(sight: TcpSight, result: TcpCost, phase: Phase, fromUs: number, untilUs: number): void {
    if (this.#atUs === 0) return
    if (this.#atUs > fromUs) sight.heldBack(result, phase, untilUs - this.#atUs, this.#isHurried)
    this.#atUs = 0
    this.#isHurried = false
  }
}

class KernelWatch implements TcpWatch {
  readonly #sight: TcpSight
  readonly #info: TcpInfo
  readonly #socket: Socket
  readonly #pending = new Pending()
  readonly #part = new HeardPart()
  #askedUs = 0
  #retransmits = 0
  #duplicates = 0
  #receiverLimitedUs = 0
  /** More than one segment was said at once since the kernel was asked. */
  #mayHaveLost = false

  constructor(sight: TcpSight, info: TcpInfo, socket: Socket) {
    this.#sight = sight
    this.#info = info
    this.#socket = socket
  }

  connected(waitedUs: number): void {
    const now = nowUs()
    const isWanted = this.#sight.wantsHandshake(now)
    if (waitedUs < this.#sight.slowUs && !isWanted) {
      this.#askedUs = now
      return
    }
    if (!this.#ask(now)) return
    const { rttUs, leastRttUs } = this.#info
    const resent = this.#book(this.#pending)
    // Karn's rule: an answer to a SYN that was sent twice is no measure.
    if (resent === 0) {
      // Slow ones are asked about whenever they come, and would push the others out.
      if (isWanted) this.#sight.handshake(rttUs)
    } else this.#pending.transferUs += Math.max(0, waitedUs - Math.min(rttUs, leastRttUs))
  }

  waited(result: TcpCost | null, fromUs: number, untilUs: number, bytes: number): void {
    if (result !== null) this.#pending.moveTo(result)
    const isLarge = bytes > FIRST_FLIGHT_BYTES
    if (bytes > ONE_SEGMENT_BYTES) this.#mayHaveLost = true
    if (!isLarge && untilUs - fromUs < this.#sight.slowUs && untilUs - this.#askedUs < EVERY_US) return
    const now = nowUs()
    const cost = result ?? this.#pending
    const mostUs = Math.max(0, untilUs - fromUs - this.#sight.seen.leastRttUs)
    if (!this.#ask(now)) {
      if (isLarge) this.#sight.contentUnasked(cost, mostUs)
      return
    }
    const resent = this.#book(cost)
    const { duplicates, rttUs, lastDataSentMs, receiverLimitedUs } = this.#info
    // What other streams of the connection waited is in it: more than its own wait is none of this content's.
    const limitedUs = Math.min(receiverLimitedUs - this.#receiverLimitedUs, untilUs - fromUs)
    this.#receiverLimitedUs = receiverLimitedUs
    if (isLarge) this.#sight.heldByReceiver(limitedUs)
    const needless = duplicates - this.#duplicates
    this.#duplicates = duplicates
    const isProbe = resent > 0 && needless >= resent
    if (!isLarge && (resent === 0 || isProbe)) return
    // A probe for an acknowledgement that the peer only delayed is no transfer: what left last left that much before.
    const leftUs = now - lastDataSentMs * 1000 - (isProbe ? 2 * rttUs + PROBE_TICKS_US : 0)
    const us = Math.min(mostUs, Math.max(0, leftUs - fromUs))
    if (isLarge) this.#sight.contentAsked(cost, us)
    else cost.transferUs += us
  }

  partHeard(atUs: number, hurries: boolean): void {
    const isHurried = hurries && this.#sight.mayAsk(atUs)
    if (isHurried) {
      const fromUs = nowUs()
      this.#info.acknowledgeAtOnce(this.#socket)
      this.#sight.asked(fromUs)
    }
    this.#part.heard(atUs, isHurried)
  }

  answered(result: TcpCost, phase: Phase, fromUs: number, untilUs: number): void {
    this.#part.answered(this.#sight, result, phase, fromUs, untilUs)
  }

  closing(): void {
    const now = nowUs()
    // Of several segments one may be sent again within a round trip; a single one only after a timeout.
    const mayHaveLost = this.#mayHaveLost || now - this.#askedUs >= this.#sight.slowUs
    if (mayHaveLost && this.#ask(now)) this.#book(this.#pending)
  }

  #ask(now: number): boolean {
    if (!this.#sight.mayAsk(now)) return false
    const isTold = this.#info.read(this.#socket)
    this.#sight.asked(now)
    if (!isTold) return false
    this.#askedUs = now
    this.#mayHaveLost = false
    const { leastRttUs, windowSegments } = this.#info
    // The kernel's mark of "none yet".
    if (leastRttUs > 0 && leastRttUs < 0xffffffff) this.#sight.leastRtt(leastRttUs)
    this.#sight.seen.windowSegments = windowSegments
    return true
  }

  /** Takes in the segments sent again since the last time. */
  #book(cost: TcpCost | null): number {
    const { seen } = this.#sight
    const resent = this.#info.retransmits - this.#retransmits
    if (resent === 0) return 0
    this.#retransmits = this.#info.retransmits
    seen.retransmits = (seen.retransmits ?? 0) + resent
    if (cost !== null) cost.retransmits += resent
    return resent
  }
}

/** What an emulated link tells of one connection: it has always arrived before the answer that waited for it. */
class AccountWatch implements TcpWatch {
  readonly #sight: TcpSight
  readonly #account: LinkAccountReader
  readonly #port: number
  readonly #pending = new Pending()

  constructor(sight: TcpSight, account: LinkAccountReader, socket: Socket) {
    this.#sight = sight
    this.#account = account
    this.#port = socket.localPort ?? 0
    socket.once('close', () => account.forget(this.#port))
  }

  connected(): void {
    // The link shows the opening in the first answer.
  }

  waited(result: TcpCost | null, fromUs: number, untilUs: number, bytes: number): void {
    const told = this.#account.take(this.#port, bytes > FIRST_FLIGHT_BYTES)
    const cost = result ?? this.#pending
    if (told !== null) {
      const { seen } = this.#sight
      seen.retransmits = (seen.retransmits ?? 0) + told.resent
      cost.transferUs += Math.min(told.us, Math.max(0, untilUs - fromUs))
      cost.retransmits += told.resent
    }
    if (result !== null) this.#pending.moveTo(result)
  }

  partHeard(): void {
    // The link acknowledges at once, and is what the peer speaks with.
  }

  answered(): void {
    // Nothing was held back.
  }

  closing(): void {
    this.waited(null, 0, 0, 0)
  }
}

/** Where nobody tells: the window as it must have been, at the least round trip that a connect has shown. */
class ModelWatch implements TcpWatch {
  readonly #sight: TcpSight
  readonly #part = new HeardPart()
  #window: TcpWindow | null = null
  #rttUs = 0

  constructor(sight: TcpSight) {
    this.#sight = sight
  }

  connected(waitedUs: number): void {
    this.#rttUs = waitedUs
    this.#window = new TcpWindow({ rttUs: waitedUs })
  }

  waited(result: TcpCost | null, fromUs: number, untilUs: number, bytes: number): void {
    if (bytes <= FIRST_FLIGHT_BYTES || this.#window === null) return
    const us = leavesAtUs(this.#window, bytes, fromUs) - fromUs
    this.#sight.seen.windowSegments = this.#window.segments
    if (result !== null) result.transferUs += Math.min(us, Math.max(0, untilUs - fromUs - this.#rttUs))
  }

  partHeard(atUs: number): void {
    this.#part.heard(atUs, false)
  }

  answered(result: TcpCost, phase: Phase, fromUs: number, untilUs: number): void {
    this.#part.answered(this.#sight, result, phase, fromUs, untilUs)
  }

  closing(): void {
    // Nothing was counted.
  }
}
