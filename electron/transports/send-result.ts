import type { Conversation } from './conversation.ts'
import { PHASES, type Outcome, type Phase, PHASE_INDEX } from '../../shared/record/words.ts'

/**
 * Everything measured about one send: flat, and filled in anew for every send of a lane, so that nothing is
 * allocated on the way. It is valid only until `onDone` returns; whoever wants to keep something copies it.
 * All times are µs of the thread's clock (`clock.ts`).
 */
export class SendResult {
  /** Number of the message in its run; stands in its Message-ID. */
  seq = 0
  /** The lane that carried the send, from 0. */
  readonly lane: number
  /** Number of the connection within its client, from 1; 0 when none was reached. */
  connection = 0
  /** The connection was open already when the send got its slot. */
  reused = false
  /** Messages that the connection had carried before this one. */
  carriedBefore = 0
  /** What was said and heard for it; null for what is no part of a load. */
  readonly conversation: Conversation | null
  /** When the send was due; never after `startedUs`. */
  dueUs = 0
  /** When it got its connection slot, before connecting. */
  startedUs = 0
  /** When its outcome was known. */
  doneUs = 0
  /** Sum of all waits for the peer, DNS included. */
  waitUs = 0
  /** Part of `waitUs` in which the content was leaving beyond its first flight, or was sent again: the network's. */
  transferUs = 0
  /** Segments that the system sent again, as far as it told. */
  retransmits = 0
  /** Sum of all turns (design: "Counting turns"). */
  turns = 0
  /** Application and TLS bytes that crossed the socket for this send; TLS counted as plaintext. */
  bytesOut = 0
  bytesIn = 0
  outcome: Outcome = 'failed'
  /** SMTP code with enhanced status (`450 4.2.1`), HTTP status (`429`), or the error's code (`ECONNREFUSED`, `TIMEOUT`). */
  code = ''
  /** The phase in which the send ended. */
  phase: Phase = 'tcp'
  /** The peer's last line or the error's text when the outcome is not `accepted`; secrets never stand in it. */
  sample = ''
  /** Recipients that were refused although the message was accepted for others. */
  recipientsRefused = 0
  /** A failed send whose message had left whole: the peer may have taken it all the same. */
  mayBeDelivered = false
  /** The peer asked to slow down; seconds it asked to wait, or 0 when it named none. */
  throttled = false
  retryAfterSeconds = 0
  /** Bit n is set when phase n of `PHASES` took place. */
  phaseMask = 0
  /** Time spent waiting in each phase. */
  readonly phaseUs = new Float64Array(PHASES.length)
  readonly phaseTurns = new Uint8Array(PHASES.length)

  constructor(lane: number, conversation: Conversation | null = null) {
    this.lane = lane
    this.conversation = conversation
  }

  /** Makes the result ready for the next send. */
  begin(seq: number, dueUs: number, startedUs: number): void {
    this.seq = seq
    this.dueUs = dueUs
    this.startedUs = startedUs
    this.doneUs = 0
    this.connection = 0
    this.reused = false
    this.carriedBefore = 0
    this.conversation?.begin()
    this.waitUs = 0
    this.transferUs = 0
    this.retransmits = 0
    this.turns = 0
    this.bytesOut = 0
    this.bytesIn = 0
    this.outcome = 'failed'
    this.code = ''
    this.phase = 'tcp'
    this.sample = ''
    this.recipientsRefused = 0
    this.mayBeDelivered = false
    this.throttled = false
    this.retryAfterSeconds = 0
    if (this.phaseMask !== 0) {
      this.phaseMask = 0
      this.phaseUs.fill(0)
      this.phaseTurns.fill(0)
    }
  }

  /** Adds one wait to a phase: `waitedUs` from the last byte said to the last byte heard, `turns` 0 when it is none (DNS). */
  waited(phase: Phase, waitedUs: number, turns: number): void {
    const index = PHASE_INDEX[phase]
    this.phaseMask |= 1 << index
    this.phaseUs[index]! += waitedUs
    this.phaseTurns[index]! += turns
    this.waitUs += waitedUs
    this.turns += turns
  }
}
