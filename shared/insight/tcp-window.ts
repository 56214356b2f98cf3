/**
 * What TCP's window makes of a content that is larger than one flight: how long it takes to leave, and how the window
 * looks afterwards. A model with a clock that its user turns: pure, in µs of any origin, in whole segments.
 *
 * Sources: RFC 5681 (slow start, restart after an idle time), RFC 6928 (an initial window of 10 segments), RFC 6298 (the
 * retransmission timeout), RFC 7661 (a window that is not used does not grow), Cardwell, Savage and Anderson,
 * "Modeling TCP Latency" (2000); of Linux what the documents leave open: a peer that acknowledges every segment of a
 * start, an algorithm that paces (BBR), a receiver whose window begins small and grows.
 */

/** Payload of a segment on an Ethernet path, with timestamps (RFC 7323). */
export const SEGMENT_BYTES = 1448
/** RFC 6928. */
export const INITIAL_SEGMENTS = 10
/** Bytes that leave at once on a new connection. */
export const FIRST_FLIGHT_BYTES = INITIAL_SEGMENTS * SEGMENT_BYTES

/** The least that a timeout adds to the round trip, µs: Linux, where RFC 6298 has a second. */
export const LEAST_TIMEOUT_US = 200_000
/** A tail loss probe waits two round trips and two ticks, and for a lone segment a timeout instead (RFC 8985, Linux). */
export const PROBE_TICKS_US = 8000
/**
 * What a Linux receiver takes in bursts before its window has grown (64 KB, and what it grows by meanwhile), by how much
 * it grows after the first round that it has limited, and after each half of one from then on. Measured over contents of
 * 150 KB to 3 MB on new connections: the moments in which the peer's program reads make the same content take a round
 * more or less, and this is the middle.
 */
const RECEIVE_SEGMENTS = 56
const RECEIVE_FIRST_GROWTH = 1.2
const RECEIVE_GROWTH = Math.SQRT2
/** BBR, section 4.2 of the paper (Cardwell et al. 2016): the gain that doubles the rate in each round. */
const STARTUP_GAIN = 2.89
/** Rounds that BBR remembers a bandwidth for. */
const BANDWIDTH_ROUNDS = 10
/** A share of a second that a paced burst may hold, and the fewest segments of one. */
const BURST_US = 1000
const LEAST_BURST = 2
/** What a loss leaves of the window (CUBIC, RFC 9438). */
const LOSS_SHARE = 0.7

export interface TcpWindowOptions {
  rttUs: number
  /** `bbr` paces; any other name is taken for an algorithm that sends what the window allows at once. */
  congestionControl?: string
}

/** Segments on their way, to be acknowledged together. */
interface Flight {
  segments: number
  sentUs: number
  ackUs: number
  /** State of the delivery when it was sent, for the bandwidth that its acknowledgement shows. */
  delivered: number
  deliveredUs: number
  firstSentUs: number
}

/** May this many segments leave now, or when is it worth to ask again? */
export type Leave = { segments: number } | { atUs: number }

/** The sender's side of one connection. */
export class TcpWindow {
  readonly #rttUs: number
  readonly #paces: boolean
  #segments = INITIAL_SEGMENTS
  #threshold = Infinity
  #receive = RECEIVE_SEGMENTS
  #receiveOpensUs = Infinity
  #flights: Flight[] = []
  #inFlight = 0
  #lastSentUs = -Infinity
  /** Most in flight in the current round, which tells whether it is the window that limits. */
  #most = 0
  #roundEndsUs = -Infinity
  #isLimited = false
  // Of an algorithm that paces.
  #sent = 0
  #delivered = 0
  #deliveredUs = 0
  #firstSentUs = 0
  #bandwidths: { perUs: number; untilUs: number }[] = []
  #rate: number
  #paceUs = -Infinity

  constructor({ rttUs, congestionControl = 'cubic' }: TcpWindowOptions) {
    this.#rttUs = Math.max(1, rttUs)
    this.#paces = congestionControl.startsWith('bbr')
    this.#rate = (STARTUP_GAIN * INITIAL_SEGMENTS) / this.#rttUs
  }

  /** Congestion window, segments. */
  get segments(): number {
    return Math.floor(this.#segments)
  }

  /** Segments on their way. */
  get inFlight(): number {
    return this.#inFlight
  }

  /** How many segments may leave now, at most `wanted`, or when to ask again. */
  leave(wanted: number, nowUs: number): Leave {
    this.#hear(nowUs)
    this.#receiverReads(nowUs)
    this.#restartAfterIdle(nowUs)
    if (this.#paces && this.#sent >= INITIAL_SEGMENTS && nowUs < this.#paceUs) return { atUs: this.#paceUs }
    const limit = this.#paces ? this.segments : Math.min(this.segments, Math.floor(this.#receive))
    const free = limit - this.#inFlight
    if (free <= 0) {
      this.#isLimited = this.#inFlight >= this.segments
      if (!this.#isLimited) this.#receiveLimits(nowUs)
      return { atUs: Math.min(this.#flights[0]?.ackUs ?? nowUs, this.#receiveOpensUs) }
    }
    return { segments: Math.min(wanted, free, this.#paces ? this.#burst() : Infinity) }
  }

  /** So many segments leave now; their acknowledgement will come at `ackUs`. */
  left(segments: number, nowUs: number, ackUs = nowUs + this.#rttUs): void {
    if (this.#inFlight === 0) this.#firstSentUs = this.#deliveredUs = nowUs
    this.#flights.push({
      ...{ segments, sentUs: nowUs, ackUs, delivered: this.#delivered },
      ...{ deliveredUs: this.#deliveredUs, firstSentUs: this.#firstSentUs }
    })
    this.#inFlight += segments
    this.#sent += segments
    this.#lastSentUs = nowUs
    if (nowUs >= this.#roundEndsUs || this.#inFlight > this.#most) {
      this.#most = this.#inFlight
      this.#roundEndsUs = ackUs
      this.#isLimited = false
    }
    if (this.#paces) this.#paceUs = Math.max(this.#paceUs, nowUs) + segments / this.#rate
  }

  /** A segment was lost, and noticed within its flight. */
  lost(): void {
    if (this.#paces) return
    this.#threshold = this.#segments = Math.max(2, this.#segments * LOSS_SHARE)
  }

  /** Takes in what has been acknowledged by now. */
  #hear(nowUs: number): void {
    let heard = 0
    for (const flight of this.#flights) {
      if (flight.ackUs > nowUs) break
      heard++
      this.#inFlight -= flight.segments
      if (this.#paces) this.#grow(flight)
      else this.#growBySlowStart(flight.segments)
    }
    if (heard > 0) this.#flights.splice(0, heard)
  }

  /** RFC 5681 section 3.1; only while it is the window that limits (RFC 7661; Linux: more than half of it in use). */
  #growBySlowStart(acknowledged: number): void {
    if (!this.#isLimited && this.#segments >= 2 * this.#most) return
    const inStart = Math.max(0, Math.min(acknowledged, this.#threshold - this.#segments))
    this.#segments += inStart
    if (inStart < acknowledged) this.#segments += (acknowledged - inStart) / this.#segments
  }

  /** A pacing algorithm in its start-up: the rate follows the bandwidth that was seen, the window the rate. */
  #grow(flight: Flight): void {
    this.#delivered += flight.segments
    this.#deliveredUs = flight.ackUs
    this.#firstSentUs = flight.sentUs
    const elapsedUs = Math.max(flight.sentUs - flight.firstSentUs, flight.ackUs - flight.deliveredUs, 1)
    const perUs = (this.#delivered - flight.delivered) / elapsedUs
    const sinceUs = flight.ackUs
    this.#bandwidths = this.#bandwidths.filter((known) => known.untilUs > sinceUs && known.perUs > perUs)
    this.#bandwidths.push({ perUs, untilUs: sinceUs + BANDWIDTH_ROUNDS * this.#rttUs })
    const best = this.#bandwidths[0]?.perUs ?? perUs
    this.#rate = Math.max(this.#rate, STARTUP_GAIN * best)
    const target = STARTUP_GAIN * best * this.#rttUs + 3 * this.#burst()
    if (this.#segments < target || this.#delivered < INITIAL_SEGMENTS) this.#segments += flight.segments
  }

  #burst(): number {
    return Math.max(LEAST_BURST, Math.floor(this.#rate * BURST_US))
  }

  /** RFC 5681 section 4.1; Linux halves the window for each timeout that has passed. A pacing algorithm keeps it. */
  #restartAfterIdle(nowUs: number): void {
    if (this.#paces || this.#inFlight > 0) return
    const timeoutUs = this.#rttUs + LEAST_TIMEOUT_US
    for (
      let idleUs = nowUs - this.#lastSentUs - timeoutUs;
      idleUs > 0 && this.#segments > INITIAL_SEGMENTS;
      idleUs -= timeoutUs
    ) {
      this.#threshold = Math.max(this.#threshold === Infinity ? 0 : this.#threshold, 0.75 * this.#segments)
      this.#segments = Math.max(INITIAL_SEGMENTS, this.#segments / 2)
    }
  }

  #receiveLimits(nowUs: number): void {
    if (this.#receiveOpensUs !== Infinity) return
    this.#receiveOpensUs = nowUs + (this.#hasReceiveGrown() ? this.#rttUs / 2 : this.#rttUs)
  }

  #receiverReads(nowUs: number): void {
    if (nowUs < this.#receiveOpensUs) return
    this.#receiveOpensUs = Infinity
    this.#receive *= this.#hasReceiveGrown() ? RECEIVE_GROWTH : RECEIVE_FIRST_GROWTH
  }

  #hasReceiveGrown(): boolean {
    return this.#receive > RECEIVE_SEGMENTS
  }
}

/** Segments that so many bytes take. */
export function segmentsOf(bytes: number): number {
  return Math.ceil(bytes / SEGMENT_BYTES)
}

/**
 * Hands bytes to the window at `atUs` and lets it work until the last of them has left.
 * @returns when that was, µs
 */
export function leavesAtUs(window: TcpWindow, bytes: number, atUs: number): number {
  let nowUs = atUs
  for (let left = segmentsOf(bytes); left > 0;) {
    const leave = window.leave(left, nowUs)
    if ('atUs' in leave) {
      nowUs = Math.max(nowUs, leave.atUs)
    } else {
      window.left(leave.segments, nowUs)
      left -= leave.segments
    }
  }
  return nowUs
}

/** How a transport uses its connections, for {@link transferUs}. */
export interface ConnectionUse {
  /** Bytes of one message, as they cross the network. */
  bytes: number
  /** Round trips of one message beside its content's own, in which the window rests. */
  otherTurns: number
  /** The server's time for one message, µs. */
  serverUs?: number
}

/** Messages after which the window of a kept connection has settled. */
const SETTLED_AFTER = 12

/** How long one message's content takes to leave beyond its first flight, µs, on a new connection and on a kept one. */
export function transferUs(options: TcpWindowOptions, use: ConnectionUse): { cold: number; warm: number } {
  const window = new TcpWindow(options)
  const restUs = (1 + use.otherTurns) * options.rttUs + (use.serverUs ?? 0)
  let atUs = 0
  let cold = 0
  let warm = 0
  for (let message = 0; message < SETTLED_AFTER; message++) {
    const leftUs = leavesAtUs(window, use.bytes, atUs)
    warm = leftUs - atUs
    if (message === 0) cold = warm
    atUs = leftUs + restUs
  }
  return { cold, warm }
}

/** Round trips that so many bytes take beyond their first flight on a new connection, in slow start alone. */
export function slowStartRounds(bytes: number): number {
  return Math.max(0, Math.ceil(Math.log2(segmentsOf(bytes) / INITIAL_SEGMENTS + 1)) - 1)
}
