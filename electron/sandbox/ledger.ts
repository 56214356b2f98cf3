/** A message that a server took. */
export interface Arrival {
  /** When its last byte had come, ms since the epoch, with fractions. */
  atMs: number
  protocol: 'smtp' | 'http'
  /** With its angle brackets; null when it had none. */
  messageId: string | null
}

/** Counts what arrives, and on request remembers it. */
export class Ledger {
  readonly stats = {
    /** Messages taken. */
    smtpMessages: 0,
    apiMessages: 0,
    /** Bytes of those messages: SMTP content with dots unstuffed, HTTP request bodies. */
    smtpBytes: 0,
    apiBytes: 0,
    smtpConnections: 0,
    apiConnections: 0,
    /** Messages answered 451 or 500, and those told to slow down. */
    failed: 0,
    throttled: 0
  }
  readonly arrivals: Arrival[] = []
  /** Whether arrivals are remembered; costs memory with every message. */
  readonly recording: boolean

  constructor(recording: boolean) {
    this.recording = recording
  }

  took(protocol: Arrival['protocol'], bytes: number, arrivedMs: number, messageId: string | null): void {
    if (protocol === 'smtp') {
      this.stats.smtpMessages++
      this.stats.smtpBytes += bytes
    } else {
      this.stats.apiMessages++
      this.stats.apiBytes += bytes
    }
    if (this.recording) this.arrivals.push({ atMs: arrivedMs, protocol, messageId })
  }
}

/** What the built-in servers have counted since their start. */
export type SandboxStats = Ledger['stats']

/** The time for {@link Arrival.atMs}. */
export function wallClockMs(): number {
  return performance.timeOrigin + performance.now()
}

/** Finds the Message-ID in the header of a message or the beginning of one. */
export function findMessageId(header: string): string | null {
  return /^message-id:\s*(<[^>\r\n]*>)/im.exec(header)?.[1] ?? null
}
