import type { Transport } from '../../shared/plan.ts'
import type { Phase } from '../../shared/words.ts'
import type { Content } from './content.ts'
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

export interface ConnectionStats {
  opened: number
  /** Sends that went over a connection which was open already. */
  reused: number
  open: number
  maxOpen: number
  /** Kept connections that the peer closed or reset between sends. */
  closedByPeer: number
  /** Least TCP connect time seen, µs; Infinity before the first. */
  leastConnectUs: number
  /** Least wait of a single command's turn, µs: no round trip can be longer. Greeting and handshakes do not count. */
  leastTurnUs: number
}

export function emptyConnectionStats(): ConnectionStats {
  return {
    opened: 0,
    reused: 0,
    open: 0,
    maxOpen: 0,
    closedByPeer: 0,
    leastConnectUs: Infinity,
    leastTurnUs: Infinity
  }
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
  timeoutMs: number
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
