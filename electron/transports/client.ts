import type { Transport } from '../../shared/plan/plan.ts'
import type { Phase } from '../../shared/record/words.ts'
import type { Lookup } from './connect/resolver.ts'
import { noTcpSeen } from './connect/tcp-seen.ts'
import type { Content } from './content.ts'
import type { LinkInFront } from './link-network.ts'
import type { SendResult } from './send-result.ts'

/**
 * One way of sending, opened for one block of a run: the factory of lanes and the owner of what they share.
 * Wire and library clients stand behind this same interface, so that the engine treats all alike.
 */
export interface Client {
  /**
   * Connects once, learns what the peer offers, logs in, and leaves politely; nothing is sent.
   * @throws {TransportError} when the plan's demands cannot be met (no STARTTLS, AUTH refused, certificate, ...)
   */
  preflight(): Promise<Observed>
  /** Makes lane number `index` (from 0). Its connection opens with its first send. */
  openLane(index: number, onDone: (result: SendResult) => void): Lane
  readonly stats: ConnectionStats
  /** What the latest connection showed; null before the first. */
  readonly observed: Observed | null
  /** Lets kept connections go politely (QUIT, half-close), waiting `timeoutMs` at most; resolves when no socket is left. */
  close(timeoutMs: number): Promise<void>
}

/** A slot for one send at a time. */
export interface Lane {
  readonly result: SendResult
  /**
   * Starts a send; `onDone` is called with `result` exactly once, never from inside this call.
   * @param followed another send will follow on this lane at once: lets an overlapping client put the next
   *   envelope behind this content. When true, the next `send` must come, or `abort`.
   */
  send(seq: number, dueUs: number, followed: boolean): void
  /** Cuts the send in flight: it ends as `aborted`. Without one, just drops the connection. */
  abort(): void
}

export class ConnectionStats {
  opened = 0
  /** Sends that went over a connection which was open already. */
  reused = 0
  open = 0
  maxOpen = 0
  /** Kept connections that the peer closed or reset between sends. */
  closedByPeer = 0
  /** Sends that were begun anew on another connection, because the peer had ended this one before it did anything about them. */
  resent = 0
  /** Fewest messages that a connection had carried when that happened; Infinity before the first. */
  endedAfter = Infinity
  /** What was learnt of the peer that a reader should know, a sentence each. */
  hints: string[] = []
  /** Least TCP connect time seen, µs; Infinity before the first. */
  leastConnectUs = Infinity
  /** Least wait of a single command's turn, µs: no round trip can be longer. Greeting and handshakes do not count. */
  leastTurnUs = Infinity
  /** What TCP did below the connections. */
  tcp = noTcpSeen()
}

/** Hints kept of a client's peer: one that names a time or an id in each of its words always says something new. */
const MOST_HINTS = 20

/** Adds what was learnt of the peer, once. */
export function addHint({ hints }: ConnectionStats, hint: string): void {
  if (hints.length < MOST_HINTS && !hints.includes(hint)) hints.push(hint)
}

/** What the peer showed of itself. */
export interface Observed {
  /** First line of the SMTP greeting, or the HTTP `server` header. */
  banner: string | null
  /** EHLO keywords with their parameters, one per entry, as last heard (after TLS where there is TLS). */
  capabilities: string[]
  tls: { version: string; cipher: string; resumed: boolean; verified: boolean } | null
  alpn: string | null
}

/** What every client is made from. Secrets are in clear text here, and only here. */
export interface ClientOptions<T extends Transport = Transport> {
  transport: T
  /** Where to connect: the transport's own endpoint, or a delay link in front of it. */
  connectHost: string
  connectPort: number
  /** The password or token, already read from its source; null without auth. */
  password: string | null
  /** Secrets of the whole plan, in every form that goes over a wire: no text of any peer may show them. */
  secrets?: readonly string[]
  /** PEM text of `tls.caFile`; null when the plan names none. */
  caPem: string | null
  content: Content
  /** How long each wait for the peer may last, connecting included. */
  timeoutMs: number
  /** How long a whole send may last; null or left out for no limit. */
  sendTimeoutMs?: number | null
  /** Looks names up, in place of what the client does by itself. */
  lookup?: Lookup
  /** The emulated link in front of the peer; null or left out without one. */
  link?: LinkInFront | null
  /** Sends in flight at most; what HTTP/2 divides its connections by. */
  concurrency: number
  /** Hears every line and event of the conversation, for `explain` and `probe`; absent while measuring. */
  trace?: (event: TraceEvent) => void
}

/** One event of a conversation. Secrets are masked before it is emitted. */
export type TraceEvent =
  | { kind: 'sent' | 'heard'; atUs: number; phase: Phase; text: string }
  | { kind: 'waited'; atUs: number; phase: Phase; waitedUs: number; turns: number }
  | { kind: 'tls'; atUs: number; version: string; cipher: string; resumed: boolean }
  | { kind: 'connected' | 'closed'; atUs: number }

/** Why a transport cannot be used or a send failed: in words for a person, with the phase it happened in. Never holds a secret. */
export class TransportError extends Error {
  readonly phase: Phase
  /** As in `SendResult.code`. */
  readonly code: string

  constructor(phase: Phase, code: string, message: string) {
    super(message)
    this.name = 'TransportError'
    this.phase = phase
    this.code = code
  }
}
