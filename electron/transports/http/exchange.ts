import type { SendResult } from '../send-result.ts'
import type { Phase } from '../../../shared/record/words.ts'
import type { TcpWatch } from '../connect/tcp-sight.ts'
import type { Answer } from './judge.ts'

/**
 * How one version of HTTP, spoken by one client, carries the requests of a lane, one at a time. State, deadlines,
 * phases, outcomes and the transcript are the lane's; what is its own is the connection, and the bytes on it.
 */
export interface Exchange {
  /**
   * Carries the request of the message whose number stands in the lane's result, on the open connection or on one that it opens first, and tells the lane
   * what happens (see {@link ExchangeListener}). The send never ends from inside this call.
   */
  start(): void
  /**
   * The send was ended by the lane (failure, time limit, abort): the request in flight is given up, with its stream
   * or connection, and nothing more is told of it. Books the send's bytes before it returns, as `complete` expects
   * them booked; they are the one part of the result that an exchange writes itself.
   */
  cut(): void
  /** No send is in flight, and none is to follow soon: lets a connection that is the lane's alone go politely. */
  retire(): void
}

/** What an exchange tells its lane of the send in flight; times in µs of the thread's clock. */
export interface ExchangeListener {
  /** The result of the send in flight. */
  readonly result: SendResult
  /** A send is in flight. */
  readonly isBusy: boolean
  /** A phase of connecting has begun (`dns`, `tcp`, `tls`), perhaps before the send did. */
  entered(phase: Phase, sinceUs: number): void
  /** A phase of connecting is over. */
  passed(phase: Phase, fromUs: number, untilUs: number, turns: number): void
  /**
   * The send goes over this open connection.
   * @param before messages that it had been given before this one
   * @param reused it was open before the send got its slot
   * @param tcp what TCP does for this send; null where others share the connection with it
   */
  carried(connection: number, before: number, reused: boolean, tcp: TcpWatch | null): void
  /** The first byte of the request is about to be written. */
  writing(atUs: number): void
  /** The whole request has left: from `sentUs` on the peer is waited for. @param requestUs what it took to leave */
  written(sentUs: number, requestUs?: number): void
  /** The server has done nothing about the request, which is going to be carried anew: to hear that was a turn. */
  returned(atUs: number): void
  /** Bytes have moved, either way: the time limit of the wait begins anew. */
  progressed(atUs: number): void
  /** Something of the final answer has been heard; only the first call counts. */
  answering(atUs: number): void
  /** What was heard so far was an interim answer (1xx). */
  interim(): void
  /**
   * The answer is complete. To be called last: the next send may begin within.
   * @param lastByteUs when its last byte was heard, where a library took time to hand it out
   */
  complete(doneUs: number, answer: Answer, lastByteUs?: number): void
  /** No usable answer will come. Calls `cut`, and is to be called last, too. */
  fail(code: string, message: string): void
  /** The same for a connection that has gone: says in which part of the answer. */
  lost(code: string, message: string): void
}
